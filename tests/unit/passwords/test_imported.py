"""Passwords that came as hashes of another system, made by libpass as those systems make them."""

from __future__ import annotations

import base64
import hashlib
import secrets
from importlib import import_module
from typing import Any

import pytest

from idp.passwords.gate import HashingGate
from idp.passwords.hasher import CHEAP_FOR_TESTS, DamagedHash, Hasher, Verified, WrongPassword
from idp.passwords.imported import LONGEST, MOST_ROUNDS, HashRefused, hash_again, read_hash
from keys.mac import Pepper

schemes = import_module("passlib.hash")

PASSWORD = "grüner Leuchtturm"
CHEAPEST = {
    "bcrypt": {"rounds": 4},
    "pbkdf2_sha1": {"rounds": 10},
    "pbkdf2_sha256": {"rounds": 10},
    "pbkdf2_sha512": {"rounds": 10},
    "django_pbkdf2_sha1": {"rounds": 10},
    "django_pbkdf2_sha256": {"rounds": 10},
    "scrypt": {"rounds": 4},
    "phpass": {"rounds": 7},
    "ldap_salted_sha1": {},
    "ldap_salted_sha256": {},
    "ldap_salted_sha512": {},
}
# RFC 7914 §11, PBKDF2-HMAC-SHA-256 of "passwd" with the salt "salt", once: its first 32 bytes.
RFC_7914 = bytes.fromhex("55ac046e56e3089fec1691c22544b605f94185216dde0465e68b9d57c20dacbc")
FROM_ELSEWHERE = [
    ("$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW", "U*U"),
    ("$2a$05$XXXXXXXXXXXXXXXXXXXXXOAcXxm9kjPGEMsLznoKqmqw7tc8WCx4a", "U*U*U"),
    ("$H$9IQRaTwmfeRo7ud9Fh4E2PdI0S3r.L0", "test12345"),
    (f"pbkdf2_sha256$1$salt${base64.b64encode(RFC_7914).decode()}", "passwd"),
    (
        "{SSHA}" + base64.b64encode(hashlib.sha1(b"passwdsalt", usedforsecurity=False).digest() + b"salt").decode(),
        "passwd",
    ),
    ("{SSHA512}" + base64.b64encode(hashlib.sha512(b"passwdsaltsalt").digest() + b"saltsalt").decode(), "passwd"),
]


def hasher() -> Hasher:
    """Make a hasher as cheap as can be."""
    return Hasher(CHEAP_FOR_TESTS, Pepper({1: b"1" * 32}), HashingGate(1), entropy=secrets.token_bytes)


def made_elsewhere(scheme: str, password: str = PASSWORD, **settings: Any) -> str:  # noqa: ANN401 - as libpass takes them
    """Hash a password as another system would."""
    made: str = getattr(schemes, scheme).using(**(CHEAPEST[scheme] | settings)).hash(password)
    return made


@pytest.mark.parametrize("scheme", CHEAPEST)
def test_the_right_password_is_verified_and_wants_a_form_of_ours(scheme: str) -> None:
    """At the next sign-in the other system's hash is gone."""
    ours = hasher()
    stored = ours.import_hash(read_hash(made_elsewhere(scheme)))
    assert Verified(needs_rehash=True) == ours.verify(stored, PASSWORD)
    assert Verified(needs_rehash=False) == ours.verify(ours.hash(PASSWORD), PASSWORD)


@pytest.mark.parametrize("scheme", CHEAPEST)
@pytest.mark.parametrize("other", [PASSWORD + " ", PASSWORD.upper(), PASSWORD[:-1], "x"])
def test_another_password_is_wrong(scheme: str, other: str) -> None:
    """As with any."""
    ours = hasher()
    stored = ours.import_hash(read_hash(made_elsewhere(scheme)))
    with pytest.raises(WrongPassword):
        ours.verify(stored, other)


@pytest.mark.parametrize(("made", "password"), FROM_ELSEWHERE)
def test_what_other_programs_have_written_is_understood(made: str, password: str) -> None:
    """Not by libpass alone: vectors of specifications, and digests made by hand."""
    ours = hasher()
    assert ours.verify(ours.import_hash(read_hash(made)), password).needs_rehash


@pytest.mark.parametrize("scheme", CHEAPEST)
def test_what_is_stored_is_no_hash_of_theirs(scheme: str) -> None:
    """Whoever steals the table has our hash to guess against, not the fast one; and it fits the column."""
    made = made_elsewhere(scheme)
    stored = hasher().import_hash(read_hash(made))
    assert made not in stored
    assert len(stored) <= 255
    checksum = getattr(schemes, scheme).from_string(made).checksum
    kept = getattr(schemes, scheme).from_string(stored.partition(" ")[2])
    assert checksum != kept.checksum
    assert len(set(kept.checksum)) <= 2


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "password",
        "$1$abcdefgh$0123456789",
        "{SSHA}",
        "{SSHA}x",
        "{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=",
        "$2b$04$",
        "$2b$04$9g7vQVyltJZCK5d9Sdc5Nu",
        "$2x$04$9g7vQVyltJZCK5d9Sdc5NubyQeBJ8u8C8k7O5bZmeF5q92BlBUfvm",
        "$2b$04$9g7vQVyltJZCK5d9Sdc5NzbyQeBJ8u8C8k7O5bZmeF5q92BlBUfvm",
        "$pbkdf2-sha256$99999999999$5DxHqJVSqhUC4Nxby/nf.w$GfCoXw3MQNlT8efmNwPV1MYw/bT5ghP58q4vm4BknzY",
        "pbkdf2_sha256$10$salt$é",
        "$H$9IQRaTwmfeRo7ud9Fh4E2PdI0S3r.L0 ",
        "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW\n",
    ],
)
def test_what_is_no_hash_of_a_known_scheme_is_refused(text: str) -> None:
    """In a few words that repeat nothing of it."""
    with pytest.raises(HashRefused) as refused:
        read_hash(text)
    assert not text or text not in str(refused.value)


@pytest.mark.parametrize(
    "text",
    [
        "$2b$15$9g7vQVyltJZCK5d9Sdc5NubyQeBJ8u8C8k7O5bZmeF5q92BlBUfvm",
        "$2b$31$9g7vQVyltJZCK5d9Sdc5NubyQeBJ8u8C8k7O5bZmeF5q92BlBUfvm",
        "$P$GIQRaTwmfeRo7ud9Fh4E2PdI0S3r.L0",
        "pbkdf2_sha256$2000001$salt$EgSmxbeyIcHfldSLe6bIFrWa1VCbjk79F6ZL+ThYXsE=",
        "$scrypt$ln=18,r=8,p=1$FSIkxFirdc5ZK6XUWovROg$14Q47KvypcTbJtZPObuMqsvINBswwEKQOUWEl9UZyBQ",
        "$scrypt$ln=17,r=16,p=1$FSIkxFirdc5ZK6XUWovROg$14Q47KvypcTbJtZPObuMqsvINBswwEKQOUWEl9UZyBQ",
        "$scrypt$ln=16,r=8,p=4$FSIkxFirdc5ZK6XUWovROg$14Q47KvypcTbJtZPObuMqsvINBswwEKQOUWEl9UZyBQ",
    ],
)
def test_what_costs_too_much_is_refused_without_being_computed(text: str) -> None:
    """One such hash would hold a core or a hundred megabytes at every guess."""
    with pytest.raises(HashRefused, match="dearer"):
        read_hash(text)


def test_what_systems_usually_have_is_affordable() -> None:
    """The costs that OWASP and Django recommend today are within the bounds."""
    assert MOST_ROUNDS["bcrypt"] >= 12
    assert MOST_ROUNDS["django_pbkdf2_sha256"] >= 1_200_000
    owasp = "$scrypt$ln=17,r=8,p=1$FSIkxFirdc5ZK6XUWovROg$14Q47KvypcTbJtZPObuMqsvINBswwEKQOUWEl9UZyBQ"
    assert read_hash(owasp).whole == owasp


def test_a_salt_without_end_is_refused() -> None:
    """What is kept must fit beside our own hash."""
    with pytest.raises(HashRefused, match=str(LONGEST)):
        read_hash(made_elsewhere("pbkdf2_sha512", salt_size=100))


@pytest.mark.parametrize("place", [72, 73, 100])
def test_bcrypt_hides_no_end_of_a_password(place: int) -> None:
    """Bcrypt sees 72 bytes; whoever types more does not get in with whatever follows (OWASP ASVS 6.2.8)."""
    ours = hasher()
    stored = ours.import_hash(read_hash(made_elsewhere("bcrypt", "a" * 72)))
    assert ours.verify(stored, "a" * 72).needs_rehash
    with pytest.raises(WrongPassword):
        ours.verify(stored, "a" * 72 + "b" * (place - 71))


def test_the_typed_form_counts_as_it_did_there() -> None:
    """The other system knew no NFKC: what was typed there is compared as it is typed."""
    ours = hasher()
    stored = ours.import_hash(read_hash(made_elsewhere("pbkdf2_sha256", "ﬁnance")))
    assert ours.verify(stored, "ﬁnance").needs_rehash
    with pytest.raises(WrongPassword):
        ours.verify(stored, "finance")


def test_nobody_does_somebodys_work_and_always_fails() -> None:
    """Whoever does not exist costs what somebody with an imported password costs, even with that very password."""
    ours = hasher()
    for like in (ours.import_hash(read_hash(made_elsewhere("phpass"))), ours.hash(PASSWORD), "damaged", None):
        with pytest.raises(WrongPassword):
            ours.verify_nobody(PASSWORD, like=like)


def test_damage_is_no_wrong_password() -> None:
    """What stands behind our own hash and is no setting of a scheme lets nobody in."""
    with pytest.raises(DamagedHash):
        hasher().verify(hasher().hash(PASSWORD) + " $2b$99$nothing", PASSWORD)


def test_nothing_is_shown_of_it() -> None:
    """A log line or a traceback may hold the object."""
    made = made_elsewhere("ldap_salted_sha1")
    assert "ImportedHash(ldap_salted_sha1)" == repr(read_hash(made))
    assert made.encode() == hash_again(read_hash(made).kept, PASSWORD)
