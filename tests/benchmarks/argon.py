"""How many argon2id checks a second the installed binding does on one core, at the cost that production uses.

Run as a program on the app's core: it prints the number. The same password, salt length and cost as a sign-in's.
"""

import os
import sys
import time

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


if __name__ == "__main__":
    print(checks_per_second(float(sys.argv[1])))
