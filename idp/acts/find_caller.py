"""Find the account that a caller speaks of: the one function behind the desk's search field, whatever is typed there.

A user ID, an e-mail address that is known to belong to the account, a contract's number, or the VIN of its vehicle: of
the last two, the only holder.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from sqlalchemy import Connection

from idp.accounts.contracts import only_holder_of_vin
from idp.accounts.facts import AccountFacts
from idp.accounts.find import find_by_id, find_by_identifier
from idp.accounts.identifiers import InvalidIdentifier
from idp.accounts.vin import VinRefused, canonical_vin

Find = Callable[[Connection, str], AccountFacts | None]


def find_caller(connection: Connection, typed: str) -> AccountFacts | None:
    """Give the account that was meant, whatever its status; None when nobody is found, or more than one."""
    found = (find(connection, typed) for find in _WAYS)
    return next((account for account in found if account is not None), None)


def _by_name(connection: Connection, typed: str) -> AccountFacts | None:
    try:
        return find_by_identifier(connection, identifier=typed)
    except InvalidIdentifier:
        return None


def _by_vin(connection: Connection, typed: str) -> AccountFacts | None:
    try:
        account_id = only_holder_of_vin(connection, vin=canonical_vin(typed))
    except VinRefused:
        return None
    return None if account_id is None else find_by_id(connection, account_id=account_id)


_WAYS: Final[tuple[Find, ...]] = (_by_name, _by_vin)
