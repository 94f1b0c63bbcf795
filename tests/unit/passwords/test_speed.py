"""What `idp doctor` says about the speed of hashing."""

import secrets

import pytest

from idp.passwords.gate import HashingGate
from idp.passwords.hasher import CHEAP_FOR_TESTS, Hasher
from idp.passwords.speed import Registers, installed_registers, registers_of, seconds_per_check
from keys.mac import Pepper

# One PMULUDQ of each width, as compilers write it; the first three have the two prefix lengths there are.
NARROW = b"\x66\x0f\xf4\xe0\x66\x44\x0f\xf4\xe2"
WIDE = b"\xc5\xfd\xf4\xe0\xc4\xc1\x3d\xf4\xe1"
WIDE_OF_AVX512 = b"\x62\xf1\xc5\x28\xf4\xe3" * 2
WIDEST = b"\x62\xf1\xc5\x48\xf4\xe3" * 2


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (NARROW * 8, Registers.NARROW),
        (WIDE * 8, Registers.WIDE),
        (WIDE_OF_AVX512 * 8, Registers.WIDE),
        (WIDEST * 8, Registers.WIDEST),
        (NARROW * 20 + WIDE * 8, Registers.WIDE),
        (NARROW * 20 + WIDE, Registers.NARROW),
        (b"\xc5\xf9\xf4\xe0" * 20, Registers.UNKNOWN),
        (bytes(range(256)) * 100, Registers.UNKNOWN),
        (b"", Registers.UNKNOWN),
    ],
)
def test_the_width_shows_in_the_machine_code(code: bytes, expected: Registers) -> None:
    """The widest form that occurs as often as argon2 needs it; a few are chance, and AVX on 128 bits is no gain."""
    assert expected == registers_of(code)


def test_the_installed_binding_is_recognised() -> None:
    """The wheel for this machine is read, whatever it turns out to be."""
    assert installed_registers() in set(Registers)


def test_a_check_is_timed() -> None:
    """The time is the median of what the stopwatch says about real checks."""
    seconds = iter([0.0, 0.5, 10.0, 10.1, 20.0, 29.0])
    hasher = Hasher(CHEAP_FOR_TESTS, Pepper({1: b"1" * 32}), HashingGate(1), entropy=secrets.token_bytes)
    assert 0.5 == seconds_per_check(hasher, lambda: next(seconds))
