"""What a journey's proofs and a session are worth together."""

from __future__ import annotations

import pytest

from idp.acts.assurance import Assurance, assurance_of
from idp.issuance.gate import Path
from idp.mfa.policy import MFA, PHISHING_RESISTANT, PWD, Way
from idp.sessions.facts import LiveSession

NOW = 10_000.0
SIGNED_IN_BEFORE = NOW - 3000


def session(acr: str = PWD, amr: tuple[str, ...] = ("pwd",), *, shared_device: bool = False) -> LiveSession:
    """Give a session that was opened fifty minutes ago."""
    return LiveSession(
        id_digest=b"d" * 32,
        sid="sid",
        account_id="ann",
        acr=acr,
        amr=amr,
        auth_time=SIGNED_IN_BEFORE,
        created_at=SIGNED_IN_BEFORE,
        last_seen_at=NOW,
        idle_seconds=3600,
        expires_at=NOW + 3600,
        user_agent_label=None,
        address=None,
        shared_device=shared_device,
    )


def test_nobody_is_nobody() -> None:
    """Without a sign-in and without a session there is nothing, whatever codes were typed."""
    assert assurance_of(set(), signed_in_at=None, session=None) is None
    assert assurance_of({Way.TOTP}, signed_in_at=None, session=None) is None


def test_a_new_sign_in_starts_from_nothing() -> None:
    """What an older session had proved is not added to a password."""
    assert Assurance(path=Path.PASSWORD, acr=PWD, amr=("pwd",), auth_time=NOW, here=True, raised=False) == assurance_of(
        {Way.PASSWORD}, signed_in_at=NOW, session=session(MFA, ("pwd", "otp", "mfa"))
    )


def test_a_passkey_is_a_sign_in_of_its_own_path() -> None:
    """Without a password the gate is asked for the path of passkeys."""
    given = assurance_of({Way.SYNCED_PASSKEY}, signed_in_at=NOW, session=None)

    assert given is not None
    assert (Path.PASSKEY, PHISHING_RESISTANT, ("swk", "user", "mfa")) == (given.path, given.acr, given.amr)


def test_a_session_vouches_for_what_it_proved() -> None:
    """Nothing was proved here: the session's own level, methods and time."""
    given = assurance_of(set(), signed_in_at=None, session=session(MFA, ("pwd", "otp", "mfa")))

    assert given is not None
    assert (MFA, ("pwd", "otp", "mfa"), SIGNED_IN_BEFORE) == (given.acr, given.amr, given.auth_time)
    assert (False, False) == (given.here, given.raised)


def test_a_factor_raises_a_session_and_not_its_time() -> None:
    """Step-up: the level is the new one; `auth_time` stays that of the oldest proof relied upon."""
    given = assurance_of({Way.TOTP}, signed_in_at=None, session=session())

    assert given is not None
    assert (MFA, ("pwd", "otp", "mfa"), SIGNED_IN_BEFORE) == (given.acr, given.amr, given.auth_time)
    assert (False, True) == (given.here, given.raised)


def test_a_weaker_factor_lowers_nothing() -> None:
    """A code typed in a session that a passkey opened leaves it at its level."""
    before = session(PHISHING_RESISTANT, ("hwk", "user", "mfa"))
    given = assurance_of({Way.TOTP}, signed_in_at=None, session=before)

    assert given is not None
    assert (PHISHING_RESISTANT, before.amr, False) == (given.acr, given.amr, given.raised)


@pytest.mark.parametrize("shared", [True, False])
def test_a_shared_device_is_told(shared: bool) -> None:  # noqa: FBT001 - a parameter
    """By the journey at a sign-in, by the session afterwards."""
    here = assurance_of({Way.PASSWORD}, signed_in_at=NOW, session=None, shared_device=shared)
    later = assurance_of(set(), signed_in_at=None, session=session(shared_device=shared))

    assert here is not None
    assert later is not None
    assert (shared, shared) == (here.shared_device, later.shared_device)
