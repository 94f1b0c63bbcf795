"""Hashing and checking passwords, with the real argon2 at a cost that tests can bear."""

import re
import secrets

import pytest

from idp.passwords.gate import HashingGate
from idp.passwords.hasher import (
    CHEAP_FOR_TESTS,
    PRODUCTION,
    DamagedHash,
    Hasher,
    Parameters,
    Verified,
    WrongPassword,
)
from idp.passwords.normal_form import UnusablePassword
from keys.mac import Pepper

PEPPER = Pepper({1: b"1" * 32})
PASSWORD = "correct horse battery staple 7"


def hasher(pepper: Pepper = PEPPER, parameters: Parameters = CHEAP_FOR_TESTS) -> Hasher:
    """Make a hasher; each has a gate of its own."""
    return Hasher(parameters, pepper, HashingGate(1), entropy=secrets.token_bytes)


def test_the_right_password_is_verified() -> None:
    """What was hashed is found right, and needs no new form."""
    assert Verified(needs_rehash=False) == hasher().verify(hasher().hash(PASSWORD), PASSWORD)


@pytest.mark.parametrize("other", [PASSWORD + " ", PASSWORD.upper(), PASSWORD[:-1], "x"])
def test_another_password_is_wrong(other: str) -> None:
    """A wrong password raises; there is no value to overlook."""
    stored = hasher().hash(PASSWORD)
    with pytest.raises(WrongPassword):
        hasher().verify(stored, other)


def test_the_stored_form_tells_pepper_and_cost() -> None:
    """Version of the pepper, then argon2's own form with the decided cost (RFC 9106)."""
    stored = hasher(parameters=PRODUCTION).hash(PASSWORD)
    assert re.fullmatch(r"p1\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}", stored)


def test_salts_differ() -> None:
    """Two people with one password can't be told from the database."""
    assert hasher().hash(PASSWORD) != hasher().hash(PASSWORD)


def test_another_pepper_opens_nothing() -> None:
    """A stolen database without the pepper can't be guessed against."""
    stored = hasher().hash(PASSWORD)
    with pytest.raises(WrongPassword):
        hasher(Pepper({1: b"2" * 32})).verify(stored, PASSWORD)


def test_an_older_pepper_still_verifies_and_asks_for_a_rehash() -> None:
    """After the pepper is rotated, everybody's hash moves on at their next sign-in."""
    stored = hasher().hash(PASSWORD)
    rotated = hasher(Pepper({1: b"1" * 32, 2: b"2" * 32}))
    assert Verified(needs_rehash=True) == rotated.verify(stored, PASSWORD)
    assert Verified(needs_rehash=False) == rotated.verify(rotated.hash(PASSWORD), PASSWORD)


def test_another_cost_asks_for_a_rehash() -> None:
    """After the cost is raised, everybody's hash moves on at their next sign-in."""
    stored = hasher().hash(PASSWORD)
    assert Verified(needs_rehash=True) == hasher(parameters=Parameters(memory=128, passes=2)).verify(stored, PASSWORD)


def test_nobody_has_no_password() -> None:
    """Whatever is typed for someone who does not exist is wrong."""
    with pytest.raises(WrongPassword):
        hasher().verify_nobody(PASSWORD)


@pytest.mark.parametrize(
    "stored",
    [
        "",
        "x",
        "p1$",
        "p1$argon2id$v=19$m=64,t=1,p=1$AAAA",
        "$argon2id$v=19$m=64,t=1,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAA",
        "p1$argon2i$v=19$m=64,t=1,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAA",
        "p1$argon2id$v=19$m=x,t=1,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAA",
    ],
)
def test_a_damaged_hash_is_no_wrong_password(stored: str) -> None:
    """What this program never wrote is reported as that, and lets nobody in."""
    with pytest.raises(DamagedHash):
        hasher().verify(stored, PASSWORD)


@pytest.mark.parametrize("password", ["", "x" * 257, "a\x00b", "\ud800"])
def test_the_unusable_is_refused_alike_for_everybody(password: str) -> None:
    """Known and unknown people get the same refusal, before any work."""
    stored = hasher().hash(PASSWORD)
    with pytest.raises(UnusablePassword):
        hasher().verify(stored, password)
    with pytest.raises(UnusablePassword):
        hasher().verify_nobody(password)
    with pytest.raises(UnusablePassword):
        hasher().hash(password)


def test_the_gate_is_free_again_after_every_outcome() -> None:
    """With one place, a hash, a right, a wrong, a damaged and a nobody's check follow one another."""
    one = hasher()
    stored = one.hash(PASSWORD)
    one.verify(stored, PASSWORD)
    for check in (lambda: one.verify(stored, "x"), lambda: one.verify_nobody("x")):
        with pytest.raises(WrongPassword):
            check()
    with pytest.raises(DamagedHash):
        one.verify("p1$argon2id$v=19$m=64,t=1,p=1$AAAA", "x")
    assert Verified(needs_rehash=False) == one.verify(stored, PASSWORD)
