"""How many argon2id checks a second the installed binding does on one core, at the cost that production uses.

Run as a program on the app's core: it prints the number. `native_binding` builds the binding for this very processor,
which the package index cannot (docs/performance.md), into a folder that goes before the installed one.
"""

import os
import subprocess
import sys
import time
from importlib.metadata import version
from pathlib import Path

from argon2.low_level import Type, hash_secret, verify_secret

from idp.passwords.hasher import HASH_BYTES, PRODUCTION, SALT_BYTES


def checks_per_second(seconds: float) -> float:
    """Check one hash again and again; CPU time, not wall time, is what divides."""
    cost = PRODUCTION
    stored = hash_secret(
        b"x" * HASH_BYTES, os.urandom(SALT_BYTES), cost.passes, cost.memory, cost.threads, HASH_BYTES, Type.ID
    )
    begun, until, done = time.process_time(), time.perf_counter() + seconds, 0
    while time.perf_counter() < until:
        verify_secret(stored, b"x" * HASH_BYTES, Type.ID)
        done += 1
    return done / (time.process_time() - begun)


def native_binding(folder: Path) -> Path | None:
    """Give the folder with a binding built for this processor, building it once; None where that fails."""
    if not (folder / "_argon2_cffi_bindings").is_dir():
        name = "argon2-cffi-bindings"
        arguments = ["--no-cache-dir", "--no-deps", "--no-binary", name, "--target", str(folder)]
        done = subprocess.run(
            [sys.executable, "-m", "pip", "install", "--quiet", *arguments, f"{name}=={version(name)}"],
            env={**os.environ, "CFLAGS": "-O3 -march=native"},
            capture_output=True,
            check=False,
        )
        if done.returncode != 0:
            return None
    return folder


if __name__ == "__main__":
    print(checks_per_second(float(sys.argv[1])))
