"""The wrapper around fido2: a real passkey of each algorithm passes, and each of its checks refuses what it is for."""

# ruff: noqa: ANN401 - the harness hands on whatever a test wants wrong.

from __future__ import annotations

import json
from typing import Any

import pytest

from idp.mfa.passkey import KnownPasskey, NewPasskey, RelyingParty, Use, risen
from idp.mfa.passkey_answer import read_assertion, read_creation
from idp.mfa.passkey_key import ALGORITHMS
from idp.mfa.verified import WrongAnswer
from tests.support.authenticator import (
    BE,
    BS,
    EDDSA,
    ES256,
    ES384,
    RS256,
    UP,
    UV,
    Authenticator,
    Said,
    cose,
    new_key,
    text,
)

ISSUER = "https://id.example.com"
HANDLE = b"h" * 32
CHALLENGE = b"c" * 72
FOREIGN_ORIGINS = (
    "https://badid.example.com",
    "https://id.example.com.evil.example",
    "https://login.id.example.com",
    "https://example.com",
    "http://id.example.com",
    "https://id.example.com:8443",
    "https://id.example.com/",
    "https://ID.example.com",
    "null",
    "",
)
FOREIGN_FRAMES: tuple[dict[str, Any], ...] = (
    {"crossOrigin": True},
    {"crossOrigin": None},
    {"crossOrigin": "false"},
    {"crossOrigin": 0},
    {"crossOrigin": False, "topOrigin": "https://evil.example"},
)


@pytest.fixture(scope="module")
def here() -> RelyingParty:
    """Give this issuer as passkeys see it."""
    return RelyingParty(ISSUER, name="Example Motor Finance")


def creation_options(here: RelyingParty, challenge: bytes = CHALLENGE) -> str:
    """Ask for a passkey."""
    return json.dumps(
        here.creation_options(
            challenge=challenge, user_handle=HANDLE, user_id="dana", shown_name="Dana Driver", present=()
        )
    )


def request_options(here: RelyingParty, challenge: bytes = CHALLENGE) -> str:
    """Ask for a signature."""
    return json.dumps(here.request_options(challenge=challenge))


def device(algorithm: int = ES256, **changes: Any) -> Authenticator:
    """Give a device with a passkey to be."""
    return Authenticator(said=Said(origin=ISSUER), algorithm=algorithm, **changes)


def made(here: RelyingParty, passkey: Authenticator, **changes: Any) -> NewPasskey:
    """Enrol it."""
    return here.verify_creation(
        read_creation(text(passkey.create(creation_options(here), **changes))), challenge=CHALLENGE
    )


def kept(new: NewPasskey) -> KnownPasskey:
    """Keep it."""
    return KnownPasskey(
        credential_id=new.credential_id,
        public_key=new.public_key,
        sign_count=new.sign_count,
        backup_eligible=new.backup_eligible,
        user_handle=HANDLE,
    )


def used(
    here: RelyingParty, passkey: Authenticator, known: KnownPasskey, *, handle_wanted: bool = True, **changes: Any
) -> Use:
    """Sign with it."""
    assertion = read_assertion(text(passkey.get(request_options(here), **changes)))
    return here.verify_assertion(assertion, known, challenge=CHALLENGE, handle_wanted=handle_wanted)


def test_what_is_asked_for_when_a_passkey_is_made(here: RelyingParty) -> None:
    """A discoverable one that verifies its person, by an algorithm of ours, without attestation, and no second time."""
    known = KnownPasskey(
        credential_id=b"\xfb\xff",
        public_key=b"",
        sign_count=0,
        backup_eligible=False,
        user_handle=HANDLE,
        transports=("internal",),
    )
    options = here.creation_options(
        challenge=b"\xff", user_handle=b"\xfe", user_id="dana", shown_name="Dana", present=[known]
    )
    assert {
        "rp": {"id": "id.example.com", "name": "Example Motor Finance"},
        "user": {"id": "_g", "name": "dana", "displayName": "Dana"},
        "challenge": "_w",
        "pubKeyCredParams": [{"type": "public-key", "alg": number} for number in (-7, -8, -257)],
        "timeout": 300_000,
        "excludeCredentials": [{"type": "public-key", "id": "-_8", "transports": ["internal"]}],
        "authenticatorSelection": {
            "residentKey": "required",
            "requireResidentKey": True,
            "userVerification": "required",
        },
        "attestation": "none",
    } == options


def test_asking_for_a_signature_names_nobody(here: RelyingParty) -> None:
    """Without an account there is nothing in it but the challenge and this issuer."""
    assert {
        "challenge": "_w",
        "timeout": 300_000,
        "rpId": "id.example.com",
        "allowCredentials": [],
        "userVerification": "required",
    } == here.request_options(challenge=b"\xff")


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_passkey_is_made_and_used(here: RelyingParty, algorithm: int) -> None:
    """Its counter is kept, goes on, and is given back; what it cannot say of its transports is left out."""
    passkey = device(algorithm, count=4)
    new = made(here, passkey)
    assert (passkey.credential_id, 4, "", ("internal",), False, False) == (
        new.credential_id,
        new.sign_count,
        new.aaguid,
        new.transports,
        new.backup_eligible,
        new.backed_up,
    )
    assert Use(sign_count=5, backed_up=False) == used(here, passkey, kept(new))


def test_a_synced_passkey_is_known_as_one(here: RelyingParty) -> None:
    """It may be copied, says whether it is, and counts nothing."""
    passkey = device(count=None)
    new = made(here, passkey, flags=UP | UV | BE)
    assert (True, False) == (new.backup_eligible, new.backed_up)
    assert Use(sign_count=0, backed_up=True) == used(here, passkey, kept(new), flags=UP | UV | BE | BS)


@pytest.mark.parametrize(
    "wrong",
    [
        *({"origin": origin} for origin in FOREIGN_ORIGINS),
        *({"client_data": members} for members in FOREIGN_FRAMES),
        {"type_": "webauthn.get"},
        {"challenge": b"d" * 72},
        {"challenge": CHALLENGE[:-1]},
        {"rp_id": "example.com"},
        {"flags": UP},
        {"flags": UV},
        {"flags": 0},
        {"flags": UP | UV | BS},
    ],
    ids=str,
)
def test_a_passkey_that_was_made_otherwise_is_refused(here: RelyingParty, wrong: dict[str, Any]) -> None:
    """Elsewhere, in a frame, for another challenge, without its person: not kept (T30)."""
    with pytest.raises(WrongAnswer):
        made(here, device(), **wrong)


@pytest.mark.parametrize(
    "wrong",
    [
        *({"origin": origin} for origin in FOREIGN_ORIGINS),
        *({"client_data": members} for members in FOREIGN_FRAMES),
        {"type_": "webauthn.create"},
        {"challenge": b"d" * 72},
        {"challenge": CHALLENGE + b"\0"},
        {"rp_id": "example.com"},
        {"flags": UP},
        {"flags": UV},
        {"flags": UP | UV | BS},
        {"flags": UP | UV | BE},
    ],
    ids=str,
)
def test_a_signature_that_was_made_otherwise_is_refused(here: RelyingParty, wrong: dict[str, Any]) -> None:
    """Elsewhere, in a frame, for another challenge, without its person, or of a key that has become copyable (T30)."""
    passkey = device()
    known = kept(made(here, passkey))
    with pytest.raises(WrongAnswer):
        used(here, passkey, known, **wrong)


def test_a_copyable_passkey_does_not_become_a_device_bound_one(here: RelyingParty) -> None:
    """What it is worth was written down when it was made."""
    passkey = device()
    known = kept(made(here, passkey, flags=UP | UV | BE))
    with pytest.raises(WrongAnswer):
        used(here, passkey, known)


@pytest.mark.parametrize(
    "public",
    [
        cose(new_key(ES384), ES384),
        cose(new_key(ES256), ES384),
        cose(new_key(EDDSA), ES256),
        cose(new_key(ES256), EDDSA),
        cose(new_key(RS256), -37),
        cose(new_key(RS256), -65535),
        cose(new_key(ES256), ES256) | {-1: 2},
        cose(new_key(ES256), ES256) | {-1: 8, 3: -47},
        cose(new_key(ES256), ES256) | {-2: bytes(32)},
        cose(new_key(ES256), ES256) | {-3: b"\1" * 31},
        cose(new_key(ES256), ES256) | {4: 1},
        cose(new_key(EDDSA), EDDSA) | {-2: b"\1" * 31},
        cose(new_key(EDDSA), EDDSA) | {-1: 7, -2: b"\1" * 57},
        cose(new_key(RS256), RS256) | {-2: b"\3"},
        cose(new_key(RS256), RS256) | {-1: b"\xff" * 128},
        cose(new_key(RS256), RS256) | {-1: b"\xff" * 1024},
        cose(new_key(RS256), RS256) | {-1: 2**63},
        {3: ES256},
        {1: 2},
        {},
    ],
)
def test_a_key_that_was_not_offered_is_refused(here: RelyingParty, public: dict[int, Any]) -> None:
    """Another algorithm, another curve, a point beside the curve, a short modulus: not kept (T30)."""
    with pytest.raises(WrongAnswer):
        made(here, device(), cose=public)


def test_a_signature_by_another_key_is_refused(here: RelyingParty) -> None:
    """Whoever knows a credential's name has not its key."""
    passkey, thief = device(), device()
    known = kept(made(here, passkey))
    thief.credential_id, thief.user_handle = passkey.credential_id, passkey.user_handle
    with pytest.raises(WrongAnswer):
        used(here, thief, known)


def test_a_counter_that_goes_back_is_refused(here: RelyingParty) -> None:
    """The copy of a passkey has stayed behind; a counter that falls silent has gone back as well."""
    passkey = device(count=6)
    known = kept(made(here, passkey))
    for count in (4, 5):
        passkey.count = count
        with pytest.raises(WrongAnswer):
            used(here, passkey, known)
    passkey.count = None
    with pytest.raises(WrongAnswer):
        used(here, passkey, known)
    passkey.count = 6
    assert 7 == used(here, passkey, known).sign_count


@pytest.mark.parametrize(
    ("before", "count", "goes_on"),
    [(0, 0, True), (0, 1, True), (1, 2, True), (1, 1, False), (2, 1, False), (1, 0, False)],
)
def test_when_a_counter_has_gone_on(before: int, count: int, *, goes_on: bool) -> None:
    """Two zeros are a passkey that does not count."""
    assert goes_on == risen(count, before)


def test_whose_passkey_it_says_it_is(here: RelyingParty) -> None:
    """Another handle is refused everywhere; none is one where the account is not known otherwise."""
    passkey = device()
    known = kept(made(here, passkey))
    passkey.user_handle = b"i" * 32
    for handle_wanted in (True, False):
        with pytest.raises(WrongAnswer):
            used(here, passkey, known, handle_wanted=handle_wanted)
    passkey.user_handle = None
    with pytest.raises(WrongAnswer):
        used(here, passkey, known)
    assert used(here, passkey, known, handle_wanted=False).sign_count == passkey.count


def test_a_local_issuer_has_its_own_origin_alone() -> None:
    """http://localhost is right where the issuer is that, and only with its port."""
    local = RelyingParty("http://localhost:8000", name="Demo")
    passkey = Authenticator(said=Said(origin="http://localhost:8000"))
    known = kept(made(local, passkey))
    assert 1 == used(local, passkey, known).sign_count
    for origin in ("http://localhost", "http://localhost:8001", "http://a.localhost:8000", "https://localhost:8000"):
        with pytest.raises(WrongAnswer):
            used(local, passkey, known, origin=origin)
