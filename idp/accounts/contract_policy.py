"""What a contract may say of itself, and what each part in it allows: pure rules.

A number is found however it is typed: case, spaces, dashes, slashes and dots between its parts make no difference.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from sqlalchemy import ColumnElement, func, literal_column

from idp.accounts.identifiers import InvalidIdentifier, canonical

SEPARATORS = " -/."
_KEY = re.compile(r"[a-z0-9]{4,40}\Z")
_SEPARATING = re.compile(r"[\s\-/.]")


class ContractKind(StrEnum):
    """What was agreed."""

    LOAN = "loan"
    LEASE = "lease"
    SUBSCRIPTION = "subscription"


class ContractStatus(StrEnum):
    """Where it stands; what is over stays visible to its parties."""

    ACTIVE = "active"
    SETTLED = "settled"
    TERMINATED = "terminated"


class PartyRole(StrEnum):
    """What somebody is in a contract, as the lender has it."""

    HOLDER = "holder"
    CO_BORROWER = "co_borrower"
    GUARANTOR = "guarantor"


class Permission(StrEnum):
    """What somebody may do with a contract."""

    VIEW = "view"
    PAY = "pay"
    MANAGE = "manage"


PERMISSIONS: Mapping[PartyRole, tuple[Permission, ...]] = MappingProxyType(
    {
        PartyRole.HOLDER: (Permission.VIEW, Permission.PAY, Permission.MANAGE),
        PartyRole.CO_BORROWER: (Permission.VIEW, Permission.PAY, Permission.MANAGE),
        # Who answers for somebody else's debt may see how it stands, and changes nothing.
        PartyRole.GUARANTOR: (Permission.VIEW,),
    }
)


class ContractRefused(ValueError):
    """What should be written about a contract is not acceptable; the message says why."""


def contract_key(number: str) -> str:
    """Fold a contract number into the key under which it is found.

    Raises:
        ContractRefused: nothing that could be a number of ours.
    """
    try:
        key = _SEPARATING.sub("", canonical(number))
    except InvalidIdentifier as error:
        raise ContractRefused(f"the contract number is {error}") from error
    if not _KEY.match(key):
        raise ContractRefused("a contract number has 4 to 40 letters and digits, with spaces, dashes, slashes or dots")
    return key


def contract_key_of(identifier: ColumnElement[str]) -> ColumnElement[str]:
    """Give the SQL of `contract_key` for what `canonical` has folded already."""
    key = identifier
    for separator in SEPARATORS:
        key = func.replace(key, literal_column(f"'{separator}'"), literal_column("''"))
    return key
