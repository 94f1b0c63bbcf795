"""/livez and /readyz: is the process alive, and may it be sent requests?

Not ready means: what it knows about revocations is too old, it cannot sign (tokens and services are tried once a
second), or its clock is too far from the database's
(`idp.storage.skew.ClockLimits`; 5 s are an alarm in metrics and log already).
"""

from __future__ import annotations

from collections.abc import Callable

from idp.oidc.issuer import Issuer
from idp.storage.watch import StaleView
from idp.wire.messages import Request, Response, text_response
from keys.errors import NoActiveKey


def livez(_request: Request) -> Response:
    """Say that the process answers."""
    return text_response(200, "alive")


def readyz(issuer: Issuer) -> Callable[[Request], Response]:
    """Say whether the process may be sent requests, and if not, why."""

    def probe(_request: Request) -> Response:
        faults = readiness_faults(issuer)
        return text_response(503 if faults else 200, "; ".join(faults) or "ready")

    return probe


def readiness_faults(issuer: Issuer) -> list[str]:
    """Say why this process may not be sent requests; nothing when it may."""
    faults = []
    try:
        issuer.ring.signer(issuer.signing_algs[0])
    except StaleView:
        faults.append("the view of the database is too old")
    except NoActiveKey:
        faults.append("no active signing key")
    if not issuer.ring.signers_answer(issuer.signing_algs):
        faults.append("the token or service that signs does not answer")
    if issuer.watch.clock_is_wrong:
        faults.append(f"this node's clock is {issuer.watch.skew_seconds:+.0f} s from the database's")
    return faults
