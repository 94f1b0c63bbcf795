"""How sure we are of who is there: what was proved in a journey, or in the session that vouches, as one value.

Invariant: whoever signs in anew starts from nothing: what an older session had proved is not added to it. A second
factor shown while a session vouches raises that session; `auth_time` stays that of the sign-in, the oldest proof that
is relied upon (OpenID Connect Core §2).
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from idp.issuance.gate import Path
from idp.mfa.policy import Way, acr_of, amr_of, reaches
from idp.sessions.facts import LiveSession


@dataclass(frozen=True, slots=True, kw_only=True)
class Assurance:
    """What an answer can rest on; `auth_time` in seconds.

    `here`: the sign-in happened in this journey; `raised`: only a further factor did, and the session vouches for the
    rest. `shared_device`: the person called the browser a public one.
    """

    path: Path
    acr: str
    amr: tuple[str, ...]
    auth_time: float
    here: bool
    raised: bool
    shared_device: bool = False


def assurance_of(
    ways: Collection[Way], *, signed_in_at: float | None, session: LiveSession | None, shared_device: bool = False
) -> Assurance | None:
    """Weigh the ways that were proved in a journey, with the session of the same account; None: nobody is signed in.

    `signed_in_at` (seconds) is when a password or passkey was proved in the journey, None when none was.
    """
    acr = acr_of(ways)
    if signed_in_at is not None and acr is not None:
        return Assurance(
            path=Path.PASSWORD if Way.PASSWORD in ways else Path.PASSKEY,
            acr=acr,
            amr=amr_of(ways),
            auth_time=signed_in_at,
            here=True,
            raised=False,
            # Whoever signs in once more has not said that the device is their own now.
            shared_device=shared_device or (session is not None and session.shared_device),
        )
    if session is None:
        return None
    return _raised(session, ways)


def _raised(session: LiveSession, ways: Collection[Way]) -> Assurance:
    together = acr_of({Way.PASSWORD, *ways})
    raised = bool(ways) and together is not None and reaches(together, session.acr)
    added = amr_of({Way.PASSWORD, *ways}) if raised else ()
    first = tuple(word for word in session.amr if word != "mfa") if raised else session.amr
    return Assurance(
        path=Path.SINGLE_SIGN_ON,
        acr=together if raised and together is not None else session.acr,
        amr=tuple(dict.fromkeys([*first, *(word for word in added if word != "pwd")])),
        auth_time=session.auth_time,
        here=False,
        raised=raised,
        shared_device=session.shared_device,
    )
