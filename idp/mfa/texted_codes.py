"""Codes of six digits by text: asked for by one place, armed when they are sent, spent once.

Invariant: a code is good in the place (a journey, a session) that asked for it and for the account it was asked for,
for ten minutes from sending, once, and only the newest (ASVS 6.6.2, T07). The number is the factor's own, or the one
that is being added; nothing that is sent with a code or a question changes it (T26). Six digits could be searched for
behind a plain hash, so the tag is keyed (ASVS 6.5.2).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Row, select, update

from idp.mfa.models import TEXTED_CODES
from idp.mfa.seal import MacKey
from idp.mfa.typed_code import six_digits
from idp.mfa.verified import AnswerTooLate, AnswerUsed, WrongAnswer
from idp.storage.handles import Entropy, new_id
from idp.storage.inserts import insert_for

UNSENT_SECONDS = 600.0
"""How long a code waits for a gateway that is away: whoever asked has long gone on by another way."""

SENT_SECONDS = 600.0
"""How long a code holds, from sending."""

_DRAWN = 16
_C = TEXTED_CODES.c


@dataclass(frozen=True, slots=True, kw_only=True)
class TextedCode:
    """A code that was asked for; `factor_id` is None while its number is being added. Instants in seconds."""

    account_id: str
    place: str
    challenge_id: str
    factor_id: str | None
    phone_number: str = field(repr=False)
    created_at: float
    expires_at: float
    tag: bytes | None = field(repr=False)
    spent_at: float | None


def ask_text(
    connection: Connection,
    *,
    account_id: str,
    place: str,
    phone_number: str,
    factor_id: str | None,
    entropy: Entropy,
    now: float,
) -> str:
    """Write down that a place wants a code at a number; whatever it was sent before becomes void. Gives its id."""
    challenge_id = new_id(entropy)
    row = {
        "account_id": account_id,
        "place": place,
        "challenge_id": challenge_id,
        "factor_id": factor_id,
        "phone_number": phone_number,
        "created_at": now,
        "expires_at": now + UNSENT_SECONDS,
        "tag": None,
        "spent_at": None,
    }
    insert = insert_for(connection.dialect.name)(TEXTED_CODES).values(row)
    connection.execute(insert.on_conflict_do_update(index_elements=["account_id", "place"], set_=row))
    return challenge_id


def find_text(connection: Connection, *, account_id: str, place: str) -> TextedCode | None:
    """Give what a place has asked for last, if it has asked."""
    row = connection.execute(select(*_COLUMNS).where(_C.account_id == account_id, _C.place == place)).one_or_none()
    return None if row is None else _texted(row)


def arm_text(
    connection: Connection,
    key: MacKey,
    *,
    account_id: str,
    place: str,
    challenge_id: str,
    entropy: Entropy,
    now: float,
) -> tuple[str, TextedCode]:
    """Make the code that is about to be sent, and store its tag: its ten minutes begin. Gives it with where it goes.

    Raises:
        AnswerTooLate: a newer one was asked for meanwhile, this one was used, or its time is over.
    """
    code = new_code(entropy)
    armed = (
        update(TEXTED_CODES)
        .where(
            _C.account_id == account_id,
            _C.place == place,
            _C.challenge_id == challenge_id,
            _C.spent_at.is_(None),
            _C.expires_at > now,
        )
        .values(tag=_tag(key, account_id, place, challenge_id, code), expires_at=now + SENT_SECONDS)
        .returning(*_COLUMNS)
    )
    row = connection.execute(armed).one_or_none()
    if row is None:
        raise AnswerTooLate("nobody waits for this text")
    return code, _texted(row)


def use_text(
    connection: Connection, key: MacKey, *, account_id: str, place: str, typed: str, adding: bool, now: float
) -> TextedCode:
    """Spend the code that this place was sent, in the transaction of what it pays for.

    `adding` says that it is to add its number; a code for that is good for nothing else, and the other way round.

    Raises:
        AnswerTooLate: none was sent here, or its time is over.
        AnswerUsed: it is the right one, and was used.
        WrongAnswer: it is another one.
    """
    sent = find_text(connection, account_id=account_id, place=place)
    digits = six_digits(typed)
    if sent is None or sent.tag is None or adding != (sent.factor_id is None) or sent.expires_at <= now:
        raise AnswerTooLate("no code was sent here, or its time is over")
    tag = _tag(key, account_id, place, sent.challenge_id, digits)
    spent = (
        update(TEXTED_CODES)
        .where(
            _C.account_id == account_id,
            _C.place == place,
            _C.challenge_id == sent.challenge_id,
            _C.tag == tag,
            _C.spent_at.is_(None),
        )
        .values(spent_at=now)
    )
    if connection.execute(spent).rowcount == 1:
        return sent
    raise AnswerUsed("the code was used") if sent.tag == tag else WrongAnswer("not the code that was sent last")


def forget_texts(connection: Connection, *, account_id: str) -> None:
    """Make every code void that was sent to an account's numbers."""
    connection.execute(
        update(TEXTED_CODES).where(_C.account_id == account_id).values(tag=None, expires_at=_C.created_at)
    )


def new_code(entropy: Entropy) -> str:
    """Make six digits; drawn from far more bits than they have, each is as likely as any other."""
    return f"{int.from_bytes(entropy(_DRAWN), 'big') % 1_000_000:06}"


_COLUMNS = [_C[name] for name in TextedCode.__dataclass_fields__]


def _texted(row: Row[Any]) -> TextedCode:
    return TextedCode(**row._mapping)  # noqa: SLF001 - a public name


def _tag(key: MacKey, account_id: str, place: str, challenge_id: str, code: str) -> bytes:
    parts = (account_id, place, challenge_id, code)
    return key.tag(b"texted code", *(part.encode() for part in parts))
