"""How fast this machine hashes, and why: what `idp doctor` and the start log say.

A sign-in is mostly one argon2 hash, and the binding that the package index offers is built for every x86-64 there
is; built for the machine's own wide registers it is more than twice as fast. Which one is installed shows in its
machine code: the multiplication at argon2's heart is PMULUDQ, encoded differently for each width of register.
"""

from __future__ import annotations

import re
import statistics
from collections.abc import Callable
from contextlib import suppress
from enum import StrEnum
from importlib.util import find_spec
from pathlib import Path

from idp.passwords.hasher import Hasher, WrongPassword

REBUILD = (
    "CFLAGS='-O3 -march=native' pip install --no-cache-dir --force-reinstall --no-deps "
    "--no-binary argon2-cffi-bindings argon2-cffi-bindings"
)
"""Builds the binding for the machine it runs on; needs a C compiler and the headers of Python and libffi."""

UNROLLED = 8
"""Argon2's round is unrolled into at least so many multiplications; fewer are data that happen to look like one."""


class Registers(StrEnum):
    """The widest registers that argon2 is built for."""

    NARROW = "128 bit (SSE2)"
    WIDE = "256 bit (AVX2)"
    WIDEST = "512 bit (AVX-512)"
    UNKNOWN = "unknown"


# PMULUDQ (opcode 0F F4, prefix 66) behind its legacy, two-byte VEX, three-byte VEX and EVEX prefixes.
_LEGACY = re.compile(rb"(?=\x66[\x40-\x4f]?\x0f\xf4)", re.DOTALL)
_VEX2 = re.compile(rb"(?=\xc5(.)\xf4)", re.DOTALL)
_VEX3 = re.compile(rb"(?=\xc4(.)(.)\xf4)", re.DOTALL)
_EVEX = re.compile(rb"(?=\x62(.)(.)(.)\xf4)", re.DOTALL)
_LONG_66 = 0b101
"""Low bits of a prefix byte: with VEX the length bit and the prefix 66, with EVEX a fixed bit and the prefix 66."""


def registers_of(machine_code: bytes) -> Registers:
    """Tell from a library's machine code (x86-64) how wide its argon2 computes."""
    counted = {
        Registers.WIDEST: _evex(machine_code, length=2),
        Registers.WIDE: _vex(machine_code) + _evex(machine_code, length=1),
        Registers.NARROW: sum(1 for _ in _LEGACY.finditer(machine_code)),
    }
    return next((width for width, count in counted.items() if count >= UNROLLED), Registers.UNKNOWN)


def installed_registers() -> Registers:
    """Tell how wide the installed binding computes; UNKNOWN on processors other than x86-64."""
    binding = find_spec("_argon2_cffi_bindings")
    folders = (binding and binding.submodule_search_locations) or ()
    libraries = [library for folder in folders for library in Path(folder).glob("_ffi*.so")]
    return registers_of(libraries[0].read_bytes()) if libraries else Registers.UNKNOWN


def seconds_per_check(hasher: Hasher, stopwatch: Callable[[], float], *, rounds: int = 3) -> float:
    """Measure one password check (median); `stopwatch` counts seconds, as time.perf_counter does."""
    return statistics.median(_one_check(hasher, stopwatch) for _ in range(rounds))


def _one_check(hasher: Hasher, stopwatch: Callable[[], float]) -> float:
    started = stopwatch()
    with suppress(WrongPassword):
        hasher.verify_nobody("how long does this take")
    return stopwatch() - started


def _vex(machine_code: bytes) -> int:
    """Count VEX forms on 256 bits: L set and the prefix 66 in the last byte, opcode map 0F in the first of two."""
    short = [m for m in _VEX2.finditer(machine_code) if m[1][0] & 0b111 == _LONG_66]
    long = [m for m in _VEX3.finditer(machine_code) if m[1][0] & 0b11111 == 1 and m[2][0] & 0b111 == _LONG_66]
    return len(short) + len(long)


def _evex(machine_code: bytes, *, length: int) -> int:
    """Count EVEX forms of this vector length: 1 is 256 bits, 2 is 512."""
    found = [m for m in _EVEX.finditer(machine_code) if m[1][0] & 0b111 == 1 and m[2][0] & 0b111 == _LONG_66]
    return sum(1 for m in found if m[3][0] >> 5 & 0b11 == length)
