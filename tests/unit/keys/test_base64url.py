"""One spelling for each octet string."""

import pytest
from hypothesis import given
from hypothesis.strategies import binary

from keys.base64url import decode, encode


@given(binary(max_size=100))
def test_round_trip(octets: bytes) -> None:
    """What is encoded decodes."""
    assert octets == decode(encode(octets))


@given(binary(max_size=20))
def test_whatever_decodes_is_the_one_spelling(text: bytes) -> None:
    """Of arbitrary text, only what the encoder would write is read."""
    try:
        octets = decode(text)
    except ValueError:
        return
    assert encode(octets) == text


@pytest.mark.parametrize("text", [b"A", b"AB", b"AA==", b"A A", b"+/+/", b"AA\n", b"AAAAA", b"\xff\xff", b"AAB", b"="])
def test_other_spellings_are_refused(text: bytes) -> None:
    """Padding, spare bits, spaces, the other alphabet and impossible lengths."""
    with pytest.raises(ValueError, match=r".+"):
        decode(text)
