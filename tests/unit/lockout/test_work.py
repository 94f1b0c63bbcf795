"""The work of a busy place: found by searching, signed for one journey and network, over after ten minutes."""

import secrets

import pytest

from idp.lockout.work import (
    LIFETIME,
    SEARCHES,
    WAIT_SECONDS,
    ZERO_BITS,
    Asker,
    WorkNotDone,
    WorkRefused,
    check_answer,
    find_answer,
    is_answer,
    new_challenge,
)
from keys.mac import MacKey

KEY = MacKey({1: b"1" * 32}, "lookup")
TOM = Asker(journey_id="a journey", address="192.0.2.7")
NOW = 1_800_000_000.0
OLD_PHONE = 100_000
"""Hashes in a second, of a script without native help."""


def challenge(asker: Asker = TOM) -> str:
    """Make a challenge at NOW."""
    return new_challenge(KEY, asker, now=NOW, entropy=secrets.token_bytes)


def test_an_old_phone_is_done_in_two_seconds() -> None:
    """Also when it is three standard deviations less lucky than most."""
    mean, deviation = SEARCHES * 2**ZERO_BITS, SEARCHES**0.5 * 2**ZERO_BITS
    assert 2.0 > (mean + 3 * deviation) / OLD_PHONE


def test_the_work_is_an_answer_at_once() -> None:
    """Whoever has worked need not wait."""
    asked = challenge()
    assert check_answer(KEY, TOM, challenge=asked, answer=find_answer(asked), now=NOW + 1)


def test_waiting_is_an_answer_too() -> None:
    """Without script a person waits half a minute; the time of an early try counts."""
    asked = challenge()
    with pytest.raises(WorkNotDone) as early:
        check_answer(KEY, TOM, challenge=asked, answer="", now=NOW + 10)
    assert WAIT_SECONDS - 10 == early.value.wait_seconds
    assert not check_answer(KEY, TOM, challenge=asked, answer="", now=NOW + WAIT_SECONDS)


@pytest.mark.parametrize("answer", ["", "1", "1.2.3.4.5.6.7", "x.2.3.4.5.6.7.8", "-1.2.3.4.5.6.7.8", "1" * 4000])
def test_anything_else_is_none(answer: str) -> None:
    """Too few numbers, no numbers, or very long ones."""
    assert not is_answer(challenge(), answer)


def test_each_search_needs_its_own_number() -> None:
    """One lucky number does not stand for all."""
    asked = challenge()
    first = find_answer(asked).partition(".")[0]
    assert not is_answer(asked, ".".join([first] * SEARCHES))


@pytest.mark.parametrize(
    "thief", [Asker(journey_id="another", address="192.0.2.7"), Asker(journey_id="a journey", address="192.0.2.8")]
)
def test_a_challenge_is_for_one_journey_and_network(thief: Asker) -> None:
    """Its answer is worth nothing elsewhere."""
    asked = challenge()
    with pytest.raises(WorkRefused):
        check_answer(KEY, thief, challenge=asked, answer=find_answer(asked), now=NOW + 60)


@pytest.mark.parametrize("forged", ["", "1.2.3", "\N{ARABIC-INDIC DIGIT ONE}" * 10, "0" * 5000])
def test_a_challenge_is_ours(forged: str) -> None:
    """Nobody sets the work for themselves."""
    with pytest.raises(WorkRefused):
        check_answer(KEY, TOM, challenge=forged, answer="", now=NOW + 60)


def test_a_challenge_made_earlier_by_hand_is_refused() -> None:
    """The moment from which the wait counts is signed, too."""
    at, _, rest = challenge().partition(".")
    with pytest.raises(WorkRefused):
        check_answer(KEY, TOM, challenge=f"{int(at) - 60}.{rest}", answer="", now=NOW)


@pytest.mark.parametrize("late", [LIFETIME, -LIFETIME])
def test_a_challenge_ends(late: float) -> None:
    """Nobody stores them up."""
    with pytest.raises(WorkRefused):
        check_answer(KEY, TOM, challenge=challenge(), answer="", now=NOW + late)
