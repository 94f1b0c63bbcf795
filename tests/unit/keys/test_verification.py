"""Verifying our own tokens: what must be refused (T70 to T76)."""

import hmac
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis.strategies import integers, sampled_from, text
from joserfc.jwk import ECKey

from keys import base64url
from keys.algorithms import ALGORITHMS
from keys.compact import MAX_TOKEN, TokenExpired, check_times, encode, verify
from keys.errors import InvalidToken
from keys.kek import FileKek
from keys.records import KeyRecord
from keys.ring import KeyRing
from keys.states import KeyState
from tests.unit.keys.conftest import NOW

CLAIMS = {"sub": "somebody", "exp": int(NOW) + 300}


def segment(value: object) -> str:
    """JSON in base64url."""
    return base64url.encode(json.dumps(value).encode()).decode()


def signed(ring: KeyRing, header: object, claims: object = CLAIMS, *, algorithm: str = "ES256") -> str:
    """A token with any header, really signed by our key."""
    raw = header if isinstance(header, str) else segment(header)
    text = f"{raw}.{segment(claims)}"
    return f"{text}.{base64url.encode(ring.signer(algorithm, NOW).sign(text.encode())).decode()}"


def good_header(ring: KeyRing, algorithm: str = "ES256") -> dict[str, Any]:
    """The header that we write."""
    return {"alg": algorithm, "kid": ring.signer(algorithm, NOW).kid, "typ": "at+jwt"}


def refused(ring: KeyRing, token: str) -> str:
    """The private reason for which a token is refused."""
    with pytest.raises(InvalidToken) as caught:
        verify(ring, token, typ="at+jwt", now=NOW)
    return str(caught.value)


def test_a_good_token_passes(ring: KeyRing) -> None:
    """The way these tests make tokens is a way that passes."""
    assert CLAIMS == verify(ring, signed(ring, good_header(ring)), typ="at+jwt", now=NOW)


@pytest.mark.parametrize("alg", ["none", "None", "NONE", "nOnE", ""])
@pytest.mark.parametrize("keep_signature", [True, False])
def test_no_algorithm_is_no_token(ring: KeyRing, alg: str, *, keep_signature: bool) -> None:
    """T70: an unsigned token, or one that says it is."""
    token = signed(ring, good_header(ring) | {"alg": alg})

    assert "algorithm" in refused(ring, token if keep_signature else token.rpartition(".")[0] + ".")


def public_key_spellings(ring: KeyRing, record: KeyRecord) -> list[bytes]:
    """Every form in which a public key may be mistaken for a shared secret."""
    key = ECKey.import_key(dict(record.public_jwk)).public_key
    return [
        key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
        key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
        key.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH),
        key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint),
        json.dumps(record.public_jwk).encode(),
        ring.jwks(NOW).body,
        b"",
    ]


def test_a_public_key_is_no_shared_secret(ring: KeyRing, active_keys: dict[str, KeyRecord]) -> None:
    """T71: HS256 with the public key as its secret."""
    text = f"{segment(good_header(ring) | {'alg': 'HS256'})}.{segment(CLAIMS)}"
    for secret in public_key_spellings(ring, active_keys["ES256"]):
        forged = base64url.encode(hmac.digest(secret or b"\0", text.encode(), "sha256")).decode()
        assert "the algorithm is not that of the key" == refused(ring, f"{text}.{forged}")


@pytest.mark.parametrize(("alg", "other"), [("PS256", "RS256"), ("RS256", "PS256"), ("ES256", "Ed25519")])
def test_a_key_serves_its_own_algorithm_only(ring: KeyRing, alg: str, other: str) -> None:
    """T72: a right signature under another algorithm's name, and a right name over another key's signature."""
    renamed = signed(ring, good_header(ring, alg) | {"alg": other}, algorithm=alg)
    foreign = signed(ring, good_header(ring, alg), algorithm=other)

    assert "the algorithm is not that of the key" == refused(ring, renamed)
    assert "the signature is wrong" == refused(ring, foreign)


@pytest.mark.parametrize("member", ["jwk", "jku", "x5u", "x5c", "x5t", "crit", "b64", "cty", "zip", "enc", "exp"])
def test_a_header_has_no_say(ring: KeyRing, member: str) -> None:
    """T73 and T75: keys, addresses and extensions in the header are refused, even under our signature."""
    stranger = ECKey.generate_key("P-256")
    values: dict[str, object] = {"jwk": stranger.as_dict(private=False), "crit": ["exp"], "b64": False}

    reason = refused(ring, signed(ring, good_header(ring) | {member: values.get(member, "https://evil.example/")}))

    assert "the header has not exactly alg, kid and typ" == reason


def test_an_embedded_key_does_not_verify(ring: KeyRing) -> None:
    """T73: a token signed by a stranger who brings the key along."""
    stranger = ECKey.generate_key("P-256")
    header = {"alg": "ES256", "typ": "at+jwt", "kid": stranger.thumbprint(), "jwk": stranger.as_dict(private=False)}

    assert "exactly" in refused(ring, signed(ring, header))
    header.pop("jwk")
    assert "signed with a key that is not trusted" == refused(ring, signed(ring, header))


@pytest.mark.parametrize(
    "kid",
    [
        "../../etc/passwd",
        "/dev/null",
        "' OR 1=1 --",
        "x'; DROP TABLE keys; --",
        "A" * 10_000,
        "",
        "\0",
        "\ud800",
        "https://evil.example/jwks",
    ],
)
def test_a_strange_kid_is_looked_up_in_memory_only(ring: KeyRing, kid: str) -> None:
    """T74: paths, SQL, length and odd characters are an unknown kid, nothing else."""
    assert "signed with a key that is not trusted" == refused(ring, signed(ring, good_header(ring) | {"kid": kid}))


@pytest.mark.parametrize("value", [["kid"], {"kid": "kid"}, None, True, 1, 1.5])
@pytest.mark.parametrize("member", ["alg", "kid", "typ"])
def test_header_members_are_strings(ring: KeyRing, member: str, value: object) -> None:
    """T74: an array, an object, a number in a string's place."""
    assert "a header member is no string" == refused(ring, signed(ring, good_header(ring) | {member: value}))


@pytest.mark.parametrize("member", ["alg", "kid", "typ"])
def test_header_members_are_all_there(ring: KeyRing, member: str) -> None:
    """No kid, no type, no algorithm: no token of ours."""
    header = good_header(ring)
    header.pop(member)

    assert "the header has not exactly alg, kid and typ" == refused(ring, signed(ring, header))


@pytest.mark.parametrize("member", ["alg", "kid", "typ"])
def test_header_members_are_there_once(ring: KeyRing, member: str) -> None:
    """A repeated member is refused whichever of the two is right."""
    header = good_header(ring)
    body = json.dumps(header)[1:-1]
    for doubled in (f'{{"{member}":"x",{body}}}', f'{{{body},"{member}":"{header[member]}"}}'):
        assert "different members" in refused(ring, signed(ring, base64url.encode(doubled.encode()).decode()))


@pytest.mark.parametrize(
    "header",
    ["", "[]", '"x"', "null", "1", "{", "{}", "\xff", "[" * 9000, '{"alg":' * 1500, '{"a":NaN}', "\ufeff{}"],
)
def test_a_header_is_a_json_object(ring: KeyRing, header: str) -> None:
    """Anything else, however deep, is refused and nothing more happens."""
    assert "header" in refused(ring, signed(ring, base64url.encode(header.encode()).decode()))


@pytest.mark.parametrize("payload", ["[]", '"x"', "null", "{", "[" * 3000])
def test_a_payload_is_a_json_object(ring: KeyRing, payload: str) -> None:
    """Even what we signed must be claims."""
    text = f"{segment(good_header(ring))}.{base64url.encode(payload.encode()).decode()}"
    signature = base64url.encode(ring.signer("ES256", NOW).sign(text.encode())).decode()

    assert "payload" in refused(ring, f"{text}.{signature}")


@pytest.mark.parametrize("typ", ["JWT", "logout+jwt", "application/at+jwt", "AT+JWT", "at+jwt ", ""])
def test_a_token_of_another_type_is_refused(ring: KeyRing, typ: str) -> None:
    """T76: an ID token or a logout token is no access token."""
    assert "a token of another type" == refused(ring, signed(ring, good_header(ring) | {"typ": typ}))


def test_several_types_may_do(ring: KeyRing) -> None:
    """A caller that takes two types names both; a part of a name is none of them."""
    token = signed(ring, good_header(ring))

    assert CLAIMS == verify(ring, token, typ=("JWT", "at+jwt"), now=NOW)
    with pytest.raises(InvalidToken):
        verify(ring, token, typ="at+jwt at+jwt", now=NOW)


ALTERATIONS: dict[str, Callable[[str], str]] = {
    "padding": lambda token: token + "=",
    "double padding": lambda token: token + "==",
    "newline": lambda token: token + "\n",
    "space before": lambda token: " " + token,
    "space inside": lambda token: token[:-5] + " " + token[-5:],
    "foreign letter inside": lambda token: token[:-5] + "*" + token[-5:],
    "fourth segment": lambda token: token + ".",
    "five segments": lambda token: token + "..",
    "two segments": lambda token: token.rpartition(".")[0],
    "one segment": lambda token: token.partition(".")[0],
    "nothing": lambda _: "",
    "padded header": lambda token: token.replace(".", "=.", 1),
    "not ASCII": lambda token: token + "\u00e9",
    "surrogate": lambda token: token + "\ud800",
    "NUL": lambda token: token + "\0",
}


@pytest.mark.parametrize("alteration", ALTERATIONS)
def test_a_token_has_one_spelling(ring: KeyRing, alteration: str) -> None:
    """Nothing may be added to a token or left out of it."""
    altered = ALTERATIONS[alteration](signed(ring, good_header(ring)))

    assert "not a JWS in compact serialisation" == refused(ring, altered)


def test_empty_segments_are_refused(ring: KeyRing) -> None:
    """A token without a signature, and one of dots only."""
    assert "the signature is wrong" == refused(ring, signed(ring, good_header(ring)).rpartition(".")[0] + ".")
    assert "header" in refused(ring, "..")


def test_spare_bits_are_zero(ring: KeyRing) -> None:
    """The last letter of a signature has unused bits; no other letter stands for the same octets."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    token = signed(ring, good_header(ring))

    passed = []
    for letter in alphabet:
        try:
            verify(ring, token[:-1] + letter, typ="at+jwt", now=NOW)
        except InvalidToken:
            continue
        passed.append(letter)

    assert [token[-1]] == passed


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_every_flipped_letter_is_noticed(ring: KeyRing, algorithm: str) -> None:
    """A9.1.1: a change anywhere in header, payload or signature."""
    token = encode(ring.signer(algorithm, NOW), typ="at+jwt", claims=CLAIMS)
    for place in range(0, len(token), 7):
        letter = "A" if token[place] != "A" else "B"
        refused(ring, token[:place] + letter + token[place + 1 :])


def test_a_long_token_is_not_looked_at(ring: KeyRing) -> None:
    """T61: more than 16 KiB is refused unread; less is read."""
    claims = {"pad": "x" * 11_000}

    assert claims == verify(ring, signed(ring, good_header(ring), claims), typ="at+jwt", now=NOW)
    assert f"longer than {MAX_TOKEN} octets" == refused(ring, signed(ring, good_header(ring), {"pad": "x" * 13_000}))
    assert f"longer than {MAX_TOKEN} octets" == refused(ring, "\ud800" * (MAX_TOKEN + 1))


@given(token=text(max_size=200))
def test_any_text_is_refused_in_our_words(ring: KeyRing, token: str) -> None:
    """Whatever arrives, `InvalidToken` is what comes of it."""
    refused(ring, token)


@given(place=integers(0, 10_000), letter=sampled_from("AZaz09-_.= \0\xe9"))
def test_any_alteration_is_refused_in_our_words(ring: KeyRing, place: int, letter: str) -> None:
    """A letter put into a good token anywhere makes it a bad one."""
    token = signed(ring, good_header(ring), algorithm="ES256")
    place %= len(token)
    refused(ring, token[:place] + letter + token[place:])


def test_a_compromised_or_removed_key_vouches_for_nothing(kek: FileKek, active_keys: dict[str, KeyRecord]) -> None:
    """The same token, before and after; removed keys still serve hints, compromised ones don't."""
    es, keep = active_keys["ES256"], active_keys["Ed25519"]
    token = encode(KeyRing.open([es], kek, epoch=1).signer("ES256", NOW), typ="JWT", claims=CLAIMS)
    removed = es.moved(KeyState.RETIRING, at=NOW, epoch=2).moved(KeyState.REMOVED, at=NOW, epoch=3)
    after_removal = KeyRing.open([removed, keep], kek, epoch=3)
    after_compromise = KeyRing.open([es.moved(KeyState.COMPROMISED, at=NOW, epoch=2), keep], kek, epoch=2)

    assert CLAIMS == verify(after_removal, token, typ="JWT", now=NOW, removed=True)
    for ring, old_keys_too in ((after_removal, False), (after_compromise, False), (after_compromise, True)):
        with pytest.raises(InvalidToken, match="not trusted"):
            verify(ring, token, typ="JWT", now=NOW, removed=old_keys_too)


def test_a_token_signed_ahead_of_the_others_is_trusted(kek: FileKek, active_keys: dict[str, KeyRecord]) -> None:
    """A node that reads an activation first signs with what the others still hold as staged."""
    es = active_keys["ES256"]
    token = encode(KeyRing.open([es], kek, epoch=2).signer("ES256", NOW), typ="JWT", claims=CLAIMS)
    behind = KeyRing.open([replace(es, state=KeyState.STAGED, activated_at=None)], kek, epoch=1)

    assert CLAIMS == verify(behind, token, typ="JWT", now=NOW)


def test_a_token_in_its_time_passes() -> None:
    """Between nbf and exp, with five seconds for a clock that runs ahead."""
    check_times({"exp": NOW + 1, "iat": NOW + 5, "nbf": NOW + 5}, now=NOW)


@pytest.mark.parametrize("exp", [NOW, NOW - 1, 0, -1])
def test_a_token_past_its_time_is_expired(exp: float) -> None:
    """No grace after the end."""
    with pytest.raises(TokenExpired):
        check_times({"exp": exp}, now=NOW)


@pytest.mark.parametrize(
    "claims",
    [
        {},
        {"exp": None},
        {"exp": True},
        {"exp": str(NOW + 9)},
        {"exp": [NOW + 9]},
        {"exp": NOW + 9, "nbf": NOW + 6},
        {"exp": NOW + 9, "iat": NOW + 6},
        {"exp": NOW + 9, "iat": "now"},
        {"exp": NOW + 9, "nbf": None},
    ],
)
def test_times_that_are_none_are_refused(claims: dict[str, object]) -> None:
    """A missing end, a time of another type, a token from the future."""
    with pytest.raises(InvalidToken):
        check_times(claims, now=NOW)
