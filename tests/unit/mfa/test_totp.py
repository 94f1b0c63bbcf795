"""Authenticator apps: the codes are RFC 6238's, and what a page shows is what every app reads."""

from __future__ import annotations

import re
import secrets
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from sqlalchemy import Connection

from idp.mfa.totp import NewSeed, in_groups, new_seed, otpauth_uri, qr_code, sealed_seed, use_step
from idp.mfa.typed_code import six_digits
from idp.mfa.verified import AnswerUsed, WrongAnswer
from idp.storage.engine import open_engine
from keys.errors import SealBroken
from keys.sealing import Sealer

RFC_SEED = b"12345678901234567890"
RFC_CODES = [(1111111111.0, "050471"), (1111111109.0, "081804"), (1234567890.0, "005924"), (20000000000.0, "353130")]


def used(connection: Connection, code: str, *, now: float, factor_id: str = "one") -> str:
    """Use a code of the RFC's seed; gives how that went."""
    try:
        use_step(connection, seed=NewSeed(factor_id=factor_id, seed=RFC_SEED), typed=code, now=now)
    except (WrongAnswer, AnswerUsed) as error:
        return type(error).__name__
    return "ok"


@pytest.mark.parametrize(("now", "code"), RFC_CODES)
def test_the_vectors_of_the_rfc(sqlite_url: str, now: float, code: str) -> None:
    """Appendix B of RFC 6238, the last six digits; on to the step's last moment, and through the next."""
    engine = open_engine(sqlite_url)
    with engine.begin() as connection:
        assert "ok" == used(connection, code, now=now)
        assert "ok" == used(connection, code, now=now // 30 * 30 + 59.9, factor_id="another")
        assert "WrongAnswer" == used(connection, code, now=now // 30 * 30 + 60.0, factor_id="a third")
        assert "WrongAnswer" == used(connection, code, now=now // 30 * 30 - 0.1, factor_id="a fourth")
    engine.dispose()


@pytest.mark.parametrize(
    ("typed", "digits"), [("123456", "123456"), (" 123456", "123456"), ("123 456 ", "123456"), ("000000", "000000")]
)
def test_blanks_are_dropped(typed: str, digits: str) -> None:
    """Apps show codes in halves, and people type what they see."""
    assert digits == six_digits(typed)


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "12345",
        "1234567",
        "123-456",
        "+123456",
        "12345x",
        "123456\n",
        "123\t456",
        "\u00a0123456",
        "\uff11\uff12\uff13\uff14\uff15\uff16",
        "\u0661\u0662\u0663\u0664\u0665\u0666",
        "123456\x00",
        "1" + " " * 40 + "23456",
        "0x1234",
        "1e5000",
    ],
)
def test_nothing_else_is(typed: str) -> None:
    """T06: digits of other scripts, signs and control characters are no code."""
    with pytest.raises(WrongAnswer):
        six_digits(typed)


def test_what_the_qr_code_says() -> None:
    """The address names the account and the issuer, and leaves algorithm, digits and period at what every app knows."""
    uri = otpauth_uri(RFC_SEED, product="Example: Motor & Finance", user_id="dana@example.com")
    parts = urlsplit(uri)
    assert ("otpauth", "totp") == (parts.scheme, parts.netloc)
    assert "/Example  Motor & Finance:dana@example.com" == unquote(parts.path)
    assert {"secret": ["GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"], "issuer": ["Example  Motor & Finance"]} == parse_qs(
        parts.query
    )


def test_the_secret_in_groups() -> None:
    """For whoever types it."""
    assert "GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ" == in_groups(RFC_SEED)


def test_the_picture_needs_no_style() -> None:
    """Our policy drops inline styles and scripts: the picture is shapes and attributes, white margin and all."""
    drawn = qr_code(otpauth_uri(RFC_SEED, product="Example", user_id="dana"))
    assert drawn.startswith("<svg ")
    assert not re.search(r"style|script|href|url\(|<!|<\?", drawn)
    assert 'fill="#fff"' in drawn
    assert 'stroke="#000"' in drawn


def test_a_seed_is_160_bits_and_sealed_to_its_row() -> None:
    """A row copied to another account, or another id, opens nothing."""
    seed = new_seed(secrets.token_bytes)
    assert 20 == len(seed.seed)
    assert seed.seed.hex() not in repr(seed)
    sealer = Sealer({1: bytes(32)}, "totp seed", entropy=secrets.token_bytes)
    sealed = sealed_seed(sealer, seed, account_id="dana")
    assert seed.seed not in sealed
    for stolen in (b"totp seed of other of dana", f"totp seed of {seed.factor_id} of tom".encode()):
        with pytest.raises(SealBroken):
            sealer.open(sealed, stolen)
    assert seed.seed == sealer.open(sealed, f"totp seed of {seed.factor_id} of dana".encode())
