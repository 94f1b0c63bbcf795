"""How long sessions last."""

import secrets

import pytest

from idp.sessions.open import NewSession, prepare_session
from idp.sessions.policy import Lifetimes, ends_at, lifetimes_of, touch_due
from idp.storage.handles import digest


@pytest.mark.parametrize(
    ("kind", "idle", "absolute"),
    [("consumer", 3600, 86_400), ("business", 3600, 86_400), ("staff", 900, 43_200)],
)
def test_lifetimes_are_the_decided_ones(kind: str, idle: float, absolute: float) -> None:
    """An hour and a day; for staff 15 minutes and twelve hours."""
    assert Lifetimes(idle=idle, absolute=absolute) == lifetimes_of(kind)


@pytest.mark.parametrize(
    ("last_seen_at", "expires_at", "expected"), [(100.0, 5000.0, 3700.0), (4000.0, 5000.0, 5000.0)]
)
def test_a_session_ends_by_rest_or_by_age(last_seen_at: float, expires_at: float, expected: float) -> None:
    """Whichever comes first."""
    assert expected == ends_at(last_seen_at=last_seen_at, idle_seconds=3600.0, expires_at=expires_at)


@pytest.mark.parametrize(("now", "due"), [(159.9, False), (160.0, True), (50.0, False)])
def test_use_is_noted_once_a_minute(now: float, *, due: bool) -> None:
    """Earlier it is not worth a write, and a clock set back notes nothing."""
    assert due is touch_due(last_seen_at=100.0, now=now)


def test_a_handle_is_random_and_kept_as_a_digest() -> None:
    """The row has the digest of a 256-bit handle and nothing else of it; the handle does not print."""
    new = NewSession(account_id="a", kind="consumer", acr="urn:idp:pwd", amr=["pwd"], auth_time=1.0)
    opened = prepare_session(new, now=1.0, entropy=secrets.token_bytes)
    assert 43 == len(opened.handle)
    assert digest(opened.handle) == opened.parameters["session_id_digest"]
    assert opened.handle not in repr(opened)
    assert opened.handle not in map(str, opened.parameters.values())
    assert opened.handle != prepare_session(new, now=1.0, entropy=secrets.token_bytes).handle
