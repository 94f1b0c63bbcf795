"""The gateway of texts delivers twice, never, or not now, and its answers get lost (F18)."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from idp.mfa.policy import Way
from tests.support.clock import SettableClock
from tests.support.in_process import add_person, issuer_on
from tests.support.sms_gateway import SECRET, Gateway, sms_gateway
from tests.support.typed_factors import Person, outcome_of, wrong


@pytest.fixture
def gateway() -> Iterator[Gateway]:
    """Give a gateway that takes everything."""
    with sms_gateway() as running:
        yield running


@pytest.fixture
def texting(sqlite_url: str, tmp_path: Path, clock: SettableClock, gateway: Gateway) -> Iterator[Person]:
    """Give somebody whose issuer posts texts to a gateway."""
    with issuer_on(sqlite_url, tmp_path, clock=clock, signing_algs=("ES256",), **gateway.settings) as running:
        yield Person(running, add_person(running))


def in_gateway(gateway: Gateway) -> list[str]:
    """Give the codes that a gateway was handed, oldest first."""
    return [str(posted.document["text"])[:6] for posted in gateway.posted]


def test_a_gateway_that_delivers_twice(texting: Person, gateway: Gateway) -> None:
    """F18: whoever gets the same text twice types it once."""
    texting.text_new()
    texting.service.courier.deliver_due()
    (code,) = in_gateway(gateway)
    assert gateway.posted[0].signed_with(SECRET)
    texting.finish_number(code)
    assert "AnswerUsed" == outcome_of(partial(texting.finish_number, code))


def test_a_gateway_whose_answer_is_lost(texting: Person, gateway: Gateway) -> None:
    """F18: the text may have gone out, so one more follows, with another id and code; only the newest counts."""
    gateway.answers = [0, 0, 0]
    texting.text_new()
    for _ in range(4):
        texting.service.courier.deliver_due()
        texting.later(60.0)
    assert 2 == len(gateway.posted)
    first, second = in_gateway(gateway)
    assert gateway.posted[0].document["id"] != gateway.posted[1].document["id"]
    assert "WrongAnswer" == outcome_of(partial(texting.finish_number, first if first != second else wrong(second)))
    assert "ok" == outcome_of(partial(texting.finish_number, second))


def test_a_gateway_that_says_yes_and_never_delivers(texting: Person, gateway: Gateway) -> None:
    """F18: another way in is open, another text may be asked for, and the ration holds."""
    _, app = texting.enrol_app()
    texting.text_new()
    texting.service.courier.deliver_due()
    texting.finish_number(in_gateway(gateway)[-1])
    outcomes = []
    for _ in range(6):
        texting.later(31.0)
        outcomes.append(outcome_of(texting.text))
        texting.service.courier.deliver_due()
    assert ["ok"] * 4 + ["TooManyGuesses"] * 2 == outcomes
    assert 5 == len(gateway.posted)
    assert "ok" == texting.outcome(Way.TOTP, texting.code_of(app))


def test_a_gateway_that_is_away_delays_texts_and_nothing_else(texting: Person, gateway: Gateway) -> None:
    """F18: it is tried again, with a code whose ten minutes begin when it leaves, until nobody waits any more."""
    gateway.answers = [503]
    texting.text_new()
    texting.service.courier.deliver_due()
    texting.later(20.0)
    texting.service.courier.deliver_due()
    assert 2 == len(gateway.posted)
    texting.later(595.0)
    assert "ok" == outcome_of(partial(texting.finish_number, in_gateway(gateway)[-1]))
    texting.later(60.0)
    texting.text()
    texting.later(601.0)
    texting.service.courier.deliver_due()
    assert 2 == len(gateway.posted)
