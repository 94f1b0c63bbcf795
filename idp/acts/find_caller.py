"""Find the account that a caller speaks of: the one function behind the desk's search field, whatever is typed there.

Today a user ID or an e-mail address that is known to belong to the account; what else names one joins `_WAYS`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from sqlalchemy import Connection

from idp.accounts.facts import AccountFacts
from idp.accounts.find import find_by_identifier
from idp.accounts.identifiers import InvalidIdentifier

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


_WAYS: Final[tuple[Find, ...]] = (_by_name,)
