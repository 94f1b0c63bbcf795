"""Whatever is posted as a passkey's answer: it is read, or it is one kind of refusal, and never another exception."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from idp.mfa.passkey import KnownPasskey, RelyingParty
from idp.mfa.passkey_answer import MAX_ANSWER, read_assertion, read_creation
from idp.mfa.verified import WrongAnswer
from tests.support.authenticator import Authenticator, Said, cbor, cose, decoded, encoded, text

ISSUER = "https://id.example.com"
CHALLENGE = b"c" * 72
HUGE = 2**40
ODD: tuple[Any, ...] = (None, True, 0, -1, HUGE, 1.5, "", "=", "é", "\ud800", [], {}, [1], {"a": 1}, "A" * 40_000)
SEED = 20_260_101
MUTATIONS = 400


@pytest.fixture(scope="module")
def here() -> RelyingParty:
    """Give this issuer as passkeys see it."""
    return RelyingParty(ISSUER, name="Example")


@pytest.fixture(scope="module")
def passkey() -> Authenticator:
    """Give a passkey."""
    return Authenticator(said=Said(origin=ISSUER))


@pytest.fixture(scope="module")
def creation(here: RelyingParty, passkey: Authenticator) -> dict[str, Any]:
    """Give a right answer to creation options."""
    options = here.creation_options(
        challenge=CHALLENGE, user_handle=b"h" * 32, user_id="dana", shown_name="Dana", present=()
    )
    return passkey.create(json.dumps(options))


@pytest.fixture(scope="module")
def known(here: RelyingParty, creation: dict[str, Any]) -> KnownPasskey:
    """Give the passkey as it is kept."""
    new = here.verify_creation(read_creation(text(creation)), challenge=CHALLENGE)
    return KnownPasskey(
        credential_id=new.credential_id,
        public_key=new.public_key,
        sign_count=0,
        backup_eligible=False,
        user_handle=b"h" * 32,
    )


@pytest.fixture(scope="module")
def assertion(here: RelyingParty, passkey: Authenticator, known: KnownPasskey) -> dict[str, Any]:
    """Give a right answer to request options."""
    return passkey.get(json.dumps(here.request_options(challenge=CHALLENGE, allowed=[known])))


def verdicts(judge: Callable[[str], object], answers: Iterator[str]) -> set[str]:
    """Give the kinds of what came of the answers; whatever else is raised fails the test."""
    seen = set()
    for answer in answers:
        try:
            judge(answer)
        except WrongAnswer:
            seen.add("refused")
        else:
            seen.add("accepted")
    return seen


def test_right_answers_are_read(creation: dict[str, Any], assertion: dict[str, Any]) -> None:
    """Their bytes come back as they were sent."""
    made, signed = read_creation(text(creation)), read_assertion(text(assertion))
    assert decoded(creation["rawId"]) == made.credential_id == signed.credential_id
    assert CHALLENGE == made.client_data.challenge == signed.client_data.challenge
    assert (b"h" * 32, decoded(assertion["response"]["signature"])) == (signed.user_handle, signed.signature)


@pytest.mark.parametrize("read", [read_creation, read_assertion])
@pytest.mark.parametrize(
    "answer",
    [
        "",
        "{",
        "null",
        "[]",
        "0",
        '"text"',
        "{}",
        '{"type":"public-key"}',
        "[" * 20_000,
        "\ud800",
        "a" * (MAX_ANSWER + 1),
    ],
    ids=lambda answer: answer[:20].encode("unicode_escape").decode(),
)
def test_what_is_no_answer_is_refused(read: Callable[[str], object], answer: str) -> None:
    """Nothing, half of something, too much."""
    with pytest.raises(WrongAnswer):
        read(answer)


def odd_members(answer: dict[str, Any]) -> Iterator[str]:
    """Put something odd in the place of each member, and leave each out."""
    for place, members in (("", answer), ("response", answer["response"])):
        for name in members:
            rest = {key: value for key, value in members.items() if key != name}
            for changed in (*({**rest, name: odd} for odd in ODD), rest):
                yield json.dumps(changed if not place else answer | {place: changed})


def test_odd_members_are_refused_or_make_no_difference(
    here: RelyingParty, creation: dict[str, Any], assertion: dict[str, Any], known: KnownPasskey
) -> None:
    """A number where bytes belong is not taken for so many bytes; members that nothing rests on may be anything."""

    def verify_creation(answer: str) -> None:
        here.verify_creation(read_creation(answer), challenge=CHALLENGE)

    def verify_assertion(answer: str) -> None:
        here.verify_assertion(read_assertion(answer), known, challenge=CHALLENGE, handle_wanted=True)

    assert {"refused", "accepted"} == verdicts(verify_creation, odd_members(creation))
    assert {"refused", "accepted"} == verdicts(verify_assertion, odd_members(assertion))


@pytest.mark.parametrize("name", ["clientDataJSON", "attestationObject"])
def test_what_creation_rests_on_must_be_there(creation: dict[str, Any], name: str) -> None:
    """None of it may be missing, or something else."""
    for odd in ODD:
        with pytest.raises(WrongAnswer):
            read_creation(text(creation | {"response": creation["response"] | {name: odd}}))


@pytest.mark.parametrize(
    "attestation",
    [
        {"fmt": "none", "attStmt": {}, "authData": HUGE},
        {"fmt": "none", "attStmt": {}, "authData": "text"},
        {"fmt": "none", "attStmt": {}, "authData": b""},
        {"fmt": "none", "attStmt": {}},
        {"authData": bytes(37)},
        {"fmt": "none", "attStmt": {}, "authData": bytes(36)},
        {"fmt": "none", "attStmt": {}, "authData": bytes(32) + b"\x45" + bytes(4)},
        {"fmt": "none", "attStmt": {}, "authData": bytes(32) + b"\x45" + bytes(20) + b"\xff\xff"},
        {},
        HUGE,
        b"bytes",
    ],
    ids=lambda attestation: str(attestation)[:60],
)
def test_odd_attestation_is_refused(creation: dict[str, Any], attestation: Any) -> None:  # noqa: ANN401 - anything
    """A map with a number for its data would otherwise become that many zero bytes."""
    changed = creation | {"response": creation["response"] | {"attestationObject": encoded(cbor(attestation))}}
    with pytest.raises(WrongAnswer):
        read_creation(text(changed))


@pytest.mark.parametrize("nested", [b"\x81" * 12_000, b"\xa1\x01" * 6_000, b"\x9b" + b"\xff" * 8, b"\xbf" * 100])
def test_deep_and_endless_cbor_is_refused(creation: dict[str, Any], nested: bytes) -> None:
    """Neither the stack nor the memory is its sender's to use."""
    changed = creation | {"response": creation["response"] | {"attestationObject": encoded(nested)}}
    with pytest.raises(WrongAnswer):
        read_creation(text(changed))


def mutated(answer: dict[str, Any], names: tuple[str, ...]) -> Iterator[str]:
    """Flip, cut, repeat and insert bytes in the binary members, each time elsewhere."""
    dice = random.Random(SEED)
    for _ in range(MUTATIONS):
        name = dice.choice(names)
        octets = bytearray(decoded(answer["response"][name]))
        at = dice.randrange(len(octets))
        match dice.randrange(4):
            case 0:
                octets[at] ^= 1 << dice.randrange(8)
            case 1:
                del octets[at:]
            case 2:
                octets[at:at] = octets[: dice.randrange(1, 40)]
            case _:
                octets[at:at] = dice.randbytes(dice.randrange(1, 9))
        if octets != decoded(answer["response"][name]):
            yield text(answer | {"response": answer["response"] | {name: encoded(bytes(octets))}})


def test_mutated_assertions_prove_nothing(here: RelyingParty, assertion: dict[str, Any], known: KnownPasskey) -> None:
    """Each byte of what is signed, and of the signature, counts; each change is the same kind of refusal."""

    def verify(answer: str) -> None:
        here.verify_assertion(read_assertion(answer), known, challenge=CHALLENGE, handle_wanted=True)

    names = ("clientDataJSON", "authenticatorData", "signature", "userHandle")
    assert {"refused"} == verdicts(verify, mutated(assertion, names))


def test_mutated_creations_raise_nothing_else(here: RelyingParty, creation: dict[str, Any]) -> None:
    """Nothing signs a creation without attestation: what passes was parsed whole, and the rest is one refusal."""

    def verify(answer: str) -> None:
        new = here.verify_creation(read_creation(answer), challenge=CHALLENGE)
        assert decoded(creation["rawId"]) == new.credential_id

    assert "refused" in verdicts(verify, mutated(creation, ("clientDataJSON", "attestationObject")))


def test_the_key_may_not_hide_behind_another_name(here: RelyingParty, passkey: Authenticator) -> None:
    """The name in the signed data is the one that is kept, and must be the one outside."""
    options = here.creation_options(
        challenge=CHALLENGE, user_handle=b"h" * 32, user_id="dana", shown_name="Dana", present=()
    )
    answer = passkey.create(json.dumps(options), cose=cose(passkey.key, passkey.algorithm))
    other = encoded(b"another name")
    with pytest.raises(WrongAnswer):
        here.verify_creation(read_creation(text(answer | {"id": other, "rawId": other})), challenge=CHALLENGE)
    with pytest.raises(WrongAnswer):
        read_creation(text(answer | {"id": other}))
