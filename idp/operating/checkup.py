"""The check-up of a service before or while it runs: each finding in one line, with what to do about it.

Changes nothing, and asks every part itself: the database for its schema and its time, Redis for an answer, the keys for
a signature each, the processor for one password hash.
"""

from __future__ import annotations

import resource
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from idp.passwords.gate import HashingGate
from idp.passwords.hasher import PRODUCTION, Hasher
from idp.passwords.speed import REBUILD, Registers, installed_registers, seconds_per_check
from idp.settings import LOOPBACK, Mode, Settings
from idp.storage.handles import Entropy
from idp.wire.bind import Bind

SLOW_HASH = 0.25
FEW_FILES = 1024
REDIS_SECONDS = 1.0


class Status(StrEnum):
    """How a finding is to be taken."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at; `remedy` says what to do about it, as a command where there is one."""

    check: str
    status: Status
    text: str
    remedy: str = ""


def look_at_settings(settings: Settings) -> Iterator[Finding]:
    """Look at what the settings choose."""
    if settings.mode is Mode.PRODUCTION:
        yield Finding("mode", Status.OK, f"production, {settings.issuer}")
    else:
        yield Finding(
            "mode",
            Status.WARN,
            f"{settings.mode}, {settings.issuer}: not for people's real accounts",
            "IDP_MODE=production, with an https issuer, before anyone signs in",
        )
    yield _proxies(settings)
    host = Bind.parse(settings.management_bind).host
    if host in LOOPBACK:
        yield Finding("management", Status.OK, f"/metrics on {settings.management_bind}")
    else:
        text = f"/metrics on {settings.management_bind} can be read from other machines"
        yield Finding("management", Status.WARN, text, "let only your monitoring reach it, or bind it to 127.0.0.1")


def _proxies(settings: Settings) -> Finding:
    if settings.trusted_proxies:
        return Finding("proxies", Status.OK, f"Forwarded is believed from {', '.join(settings.trusted_proxies)}")
    if not settings.secure:
        return Finding("proxies", Status.OK, "none, people reach the service itself")
    return Finding(
        "proxies",
        Status.WARN,
        "no proxy is trusted, though the issuer is https: all people seem to come from one address",
        "set trusted_proxies to the address of what ends TLS, and have it set Forwarded (docs/for-operators.md)",
    )


def look_at_redis(settings: Settings) -> Finding:
    """Ask Redis or Valkey for an answer."""
    if settings.redis_url is None:
        return Finding("redis", Status.OK, "none: sign-ins in progress stand in the database")
    client = Redis.from_url(
        settings.redis_url.get_secret_value(),
        socket_timeout=REDIS_SECONDS,
        socket_connect_timeout=REDIS_SECONDS,
        retry=Retry(NoBackoff(), 0),
    )
    try:
        with client:
            client.ping()
    except RedisError as error:
        remedy = "start it, or mend redis_url; the database carries new sign-ins meanwhile"
        return Finding("redis", Status.WARN, f"does not answer ({type(error).__name__})", remedy)
    return Finding("redis", Status.OK, "answers")


def look_at_hashing(entropy: Entropy, stopwatch: Callable[[], float]) -> Finding:
    """Time one password check, and see how wide the binding computes."""
    hasher = Hasher(PRODUCTION, _Plain(), HashingGate(1), entropy=entropy)
    seconds = seconds_per_check(hasher, stopwatch)
    registers = installed_registers()
    text = f"one argon2 check takes {seconds * 1000:.0f} ms; the binding computes with {registers}"
    if registers is Registers.NARROW:
        return Finding("hashing", Status.WARN, f"{text}, less than half of this processor's speed", REBUILD)
    if seconds > SLOW_HASH:
        return Finding("hashing", Status.WARN, text, "look for what else keeps this machine busy")
    return Finding("hashing", Status.OK, text)


class _Plain:
    """No pepper: timing needs no key."""

    def apply(self, password: bytes, _version: int | None = None, /) -> tuple[int, bytes]:
        """Give the password as it is."""
        return 1, password


def look_at_limits() -> Finding:
    """See how many files, and so connections, a process may have open."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < FEW_FILES:
        text = f"a process may open {hard} files; each connection is one"
        return Finding("files", Status.WARN, text, "LimitNOFILE=65536 in the service's unit, or ulimit -n")
    return Finding("files", Status.OK, "enough open files are allowed")
