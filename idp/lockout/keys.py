"""Under which key guesses are counted.

An account is counted by its id, so that its user ID and its addresses share one budget; a browser that it is known in
by that row's id. A name that nobody has is counted by a keyed hash (people type passwords there), an address by a
keyed hash of its network.
"""

from __future__ import annotations

from base64 import urlsafe_b64encode
from typing import Protocol

from sqlalchemy import ColumnElement, String, literal_column

from idp.lockout.places import network_of
from idp.lockout.policy import GuessKind

_ACCOUNT = "account:"
_DEVICE = "device:"
_EXACT = b"guesses by address"


class MacKey(Protocol):
    """A keyed hash; the service's own has the purpose "lookup"."""

    def tag(self, *parts: bytes) -> bytes:
        """Give 32 bytes that depend on the key and on every part."""


def identifier_key(key: MacKey, *, identifier: str) -> str:
    """Give the key for a canonical identifier that turns out to be nobody's."""
    return "typed:" + text_of(key.tag(b"guesses by identifier", identifier.encode()))


def address_key(key: MacKey, *, address: str) -> str:
    """Give the key for the network that a client address is in."""
    return "address:" + text_of(key.tag(_EXACT, network_of(address).encode()))


def unplaced_key(key: MacKey, *, identifier: str) -> str:
    """Give the key for a guess whose network nobody knows (a proxy does not say): one for each typed name.

    All the people behind such a proxy would otherwise share one budget, and a single guesser could shut them all out.
    """
    return "address:" + text_of(key.tag(b"guesses from nowhere", identifier.encode()))


def mailbox_key(key: MacKey, *, identifier: str) -> str:
    """Give the key for a canonical e-mail address that mail is asked for, whoever has it."""
    return "mailbox:" + text_of(key.tag(b"mails to an address", identifier.encode()))


def number_key(key: MacKey, *, number: str) -> str:
    """Give the key for a telephone number (E.164) that texts are sent to, whichever accounts have it."""
    return "number:" + text_of(key.tag(b"texts to a number", number.encode()))


def link_key(recovery_id: str) -> str:
    """Give the key for the codes that the holder of a mailed link types beside it."""
    return "link:" + recovery_id


def work_key(key: MacKey, *, journey_id: str, address: str) -> str:
    """Give the key for the guesses that work has paid for, in one journey and from one network alone."""
    return "work:" + text_of(key.tag(b"work", journey_id.encode(), network_of(address).encode()))


def for_recovery(key: str, kind: GuessKind) -> str:
    """Give the key under which a budget of its own (`take`) counts what sign-in counts under `key`."""
    return f"{kind.value}:{key}"


def account_key(account_id: str) -> str:
    """Give the key for an account, whichever of its names was typed."""
    return _ACCOUNT + account_id


def device_key(device_id: str) -> str:
    """Give the key for a browser that an account is known in, by that row's id."""
    return _DEVICE + device_id


def account_key_in_sql(account_id: ColumnElement[str]) -> ColumnElement[str]:
    """Give the SQL for the key of an account, null for null."""
    return literal_column(f"'{_ACCOUNT}'", String) + account_id


def device_key_in_sql(device_id: ColumnElement[str]) -> ColumnElement[str]:
    """Give the SQL for the key of a browser that an account is known in, null for null."""
    return literal_column(f"'{_DEVICE}'", String) + device_id


def text_of(tag: bytes) -> str:
    """Write a tag down as text."""
    return urlsafe_b64encode(tag).rstrip(b"=").decode()
