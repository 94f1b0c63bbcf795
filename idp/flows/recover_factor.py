"""/recover/factor: an account's second factor, or a recovery code, beside the address that was proved.

Invariant: what is shown here is noted beside the pass, in the transaction that verified it, and only for the browser
that holds the pass; no page of a recovery can be reached or skipped by the order of its posts (T21, T22, T23). Nobody
learns that an account has a second factor before its address was proved. There is no way round: whoever has nothing
left is told what support does.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import flask
from sqlalchemy import Connection

from idp.acts.recovery_factor import note_shown, open_ways, owed_factors
from idp.flows.answers import see_other
from idp.flows.parts import Parts
from idp.flows.recovery_visit import (
    FACTOR_PATH,
    PASSWORD_PATH,
    fail_recovery,
    held_handle,
    passed_here,
    recovery_page,
    recovery_token,
    require_own_recovery_form,
    waiting_journey,
)
from idp.flows.visit import language_of, sent_fields, visitor_of
from idp.lockout.policy import BUDGETS, GuessKind
from idp.lockout.reservation import TooManyGuesses
from idp.mfa.factors import FactorFacts
from idp.mfa.passkey_challenge import Purpose as Asked
from idp.mfa.phone_numbers import masked_number
from idp.mfa.policy import Way
from idp.mfa.texted_codes import TextedCode, find_text
from idp.mfa.verified import FactorRefused, NoSuchFactor, Verified
from idp.passwords.recoveries import OpenRecovery, Purpose, RecoveryUnknown
from idp.storage.handles import digest
from idp.web.factor_words import (
    DIGITS_MISSING,
    RECOVERY_CODE_MISSING,
    REFUSED,
    WAY_MISSING,
    factor_codes_paused_until,
    texts_paused_until,
)
from idp.web.problems import Problem
from idp.wording import Language

PAGE = "recover_factor"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Stage:
    """A proved recovery that owes a factor: its handle, the factors, the ways to show one, the way that is open now."""

    recovery: OpenRecovery
    handle: str
    factors: Sequence[FactorFacts]
    ways: Sequence[Way]
    way: Way

    @property
    def account_id(self) -> str:
        return self.recovery.account_id or ""

    @property
    def place(self) -> str:
        """Where a code by text, or a passkey's challenge, belongs to; good nowhere else (T07)."""
        return f"recovery:{self.recovery.id}"


def recover_factor_pages(parts: Parts) -> flask.Blueprint:
    """Give the page at /recover/factor."""
    pages = flask.Blueprint("recover_factor", __name__)

    @pages.get(FACTOR_PATH)
    def factor() -> flask.Response:
        recovery = passed_here(parts, Purpose.PASSWORD)
        stage = _stage(parts, recovery, flask.request.args.get("way", ""))
        return _to_password(recovery) if stage is None else _page(parts, stage)

    @pages.post(FACTOR_PATH)
    def factor_sent() -> flask.Response:
        recovery = passed_here(parts, Purpose.PASSWORD)
        require_own_recovery_form(parts, PAGE, held_handle(parts, recovery.id))
        stage = _stage(parts, recovery, sent_fields().get("way", ""))
        if stage is None:
            return _to_password(recovery)
        if stage.way.value != sent_fields().get("way"):
            return _page(parts, stage, problems=[WAY_MISSING])
        return _acts(parts, stage)

    return pages


def _acts(parts: Parts, stage: _Stage) -> flask.Response:
    if sent_fields().get("action") == "send":
        return _text(parts, stage)
    return _by_passkey(parts, stage) if stage.way is Way.PASSKEY else _by_code(parts, stage)


def _stage(parts: Parts, recovery: OpenRecovery, wanted: str) -> _Stage | None:
    """Give what the page is about, None when this recovery owes no factor (any more)."""
    with parts.issuer.database.reading() as connection:
        factors = owed_factors(connection, recovery)
        if not factors:
            return None
        ways = open_ways(connection, factors, texts=parts.text_desk.policy.enabled)
    way = next((way for way in ways if way.value == wanted), ways[0])
    handle = held_handle(parts, recovery.id) or ""
    return _Stage(recovery=recovery, handle=handle, factors=factors, ways=ways, way=way)


def _by_code(parts: Parts, stage: _Stage) -> flask.Response:
    typed = sent_fields().get("code", "").strip()
    if not typed:
        missing = RECOVERY_CODE_MISSING if stage.way is Way.RECOVERY_CODE else DIGITS_MISSING
        return _page(parts, stage, problems=[missing])
    try:
        parts.factors.verify(
            account_id=stage.account_id,
            way=stage.way,
            answer=typed,
            place=stage.place,
            visitor=visitor_of(),
            then=_noted(parts, stage),
        )
    except FactorRefused:
        return _page(parts, stage, problems=[REFUSED[stage.way]])
    except TooManyGuesses as error:
        paused = factor_codes_paused_until(parts.wording.translator(_language(parts, stage)), error.ends_at)
        return _page(parts, stage, problems=[paused], status=429)
    except RecoveryUnknown as error:
        fail_recovery(parts, error)
    return _to_password(stage.recovery)


def _by_passkey(parts: Parts, stage: _Stage) -> flask.Response:
    common: dict[str, Any] = {"account_id": stage.account_id, "client_id": None, "visitor": visitor_of()}
    try:
        check = parts.passkeys.check_second_factor(sent_fields().get("passkey", ""), place=stage.place, **common)
    except FactorRefused:
        return _page(parts, stage, problems=[REFUSED[Way.PASSKEY]])
    try:
        with parts.issuer.database.writing() as connection:
            verified = parts.passkeys.record(connection, check, client_id=None, visitor=visitor_of())
            _noted(parts, stage)(connection, verified)
    except FactorRefused as error:
        parts.passkeys.note_refused(error, purpose=Asked.SECOND_FACTOR, **common)
        return _page(parts, stage, problems=[REFUSED[Way.PASSKEY]])
    except RecoveryUnknown as error:
        fail_recovery(parts, error)
    return _to_password(stage.recovery)


def _noted(parts: Parts, stage: _Stage) -> Callable[[Connection, Verified], None]:
    def note(connection: Connection, verified: Verified) -> None:
        note_shown(
            connection,
            stage.recovery,
            verified,
            pass_digest=digest(stage.handle),
            visitor=visitor_of(),
            entropy=parts.issuer.entropy,
            now=parts.issuer.clock(),
        )

    return note


def _text(parts: Parts, stage: _Stage) -> flask.Response:
    language = _language(parts, stage)
    try:
        parts.text_desk.text_owner(
            account_id=stage.account_id, place=stage.place, language=language, visitor=visitor_of()
        )
    except NoSuchFactor:
        return _page(parts, stage, problems=[WAY_MISSING])
    except TooManyGuesses as error:
        paused = texts_paused_until(parts.wording.translator(language), error.ends_at, now=parts.issuer.clock())
        return _page(parts, stage, problems=[paused], status=429)
    return see_other(_address(stage, Way.SMS))


def _to_password(recovery: OpenRecovery) -> flask.Response:
    return see_other(f"{PASSWORD_PATH}?recovery={recovery.id}")


def _address(stage: _Stage, way: Way) -> str:
    return f"{FACTOR_PATH}?recovery={stage.recovery.id}&way={way.value}"


def _language(parts: Parts, stage: _Stage) -> Language:
    journey = waiting_journey(parts, stage.recovery.journey_id)
    return language_of(journey.request if journey else None)


def _page(parts: Parts, stage: _Stage, *, problems: Sequence[Problem] = (), status: int = 200) -> flask.Response:
    now = parts.issuer.clock()
    with parts.issuer.database.reading() as connection:
        options = _passkey_options(parts, connection, stage)
        sent = find_text(connection, account_id=stage.account_id, place=stage.place) if stage.way is Way.SMS else None
    texted = sent is not None and sent.spent_at is None and sent.expires_at > now
    return recovery_page(
        parts,
        PAGE,
        journey_id=stage.recovery.journey_id,
        status=status,
        action=f"{FACTOR_PATH}?recovery={stage.recovery.id}",
        form_token=recovery_token(parts, PAGE, stage.handle),
        way=stage.way.value,
        passkey_options=options,
        phone=_number(stage, sent),
        texted=texted,
        again_in=_again_in(sent, now) if texted else 0,
        other_ways=[(way.value, _address(stage, way)) for way in stage.ways if way is not stage.way],
        problems=problems,
    )


def _passkey_options(parts: Parts, connection: Connection, stage: _Stage) -> str:
    if stage.way is not Way.PASSKEY:
        return ""
    return parts.passkeys.second_factor_options(connection, account_id=stage.account_id, place=stage.place)


def _number(stage: _Stage, sent: TextedCode | None) -> str:
    numbers = [factor for factor in stage.factors if factor.phone_number]
    latest = max(numbers, key=lambda factor: factor.last_used_at or factor.created_at, default=None)
    number = sent.phone_number if sent else latest.phone_number if latest else None
    return masked_number(number) if number else ""


def _again_in(sent: TextedCode | None, now: float) -> int:
    waits = BUDGETS[GuessKind.SEND_AGAIN].seconds
    return max(0, round((sent.created_at if sent else now) + waits - now))
