"""Make a checkpoint of the audit trail when it is time; a mailbox that is to have it gets it by the outbox.

In one transaction: a checkpoint that was made is on its way, and none is sent that was not kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sqlalchemy import Connection

from idp.audit.checkpoint import make_checkpoint
from idp.delivery.mail import Mail
from idp.delivery.outbox import Queued, enqueue
from idp.storage.handles import Entropy
from keys.signer import Signer

LETTER: Final = "audit_checkpoint"
WORTH_SECONDS: Final = 30 * 86_400.0
MAILBOX: Final = "mailto:"


def checkpoint_audit(
    connection: Connection,
    signer: Signer,
    *,
    issuer: str,
    places: Sequence[str],
    period: float,
    entropy: Entropy,
    now: float,
) -> str | None:
    """Make a checkpoint if one is due, and put it into the outbox for each mailbox among the places; gives the JWS."""
    others = [place for place in places if not place.startswith(MAILBOX)]
    jws = make_checkpoint(connection, signer, issuer=issuer, places=others, period=period, now=now)
    for place in places if jws is not None else ():
        if place.startswith(MAILBOX):
            enqueue(
                connection,
                kind=LETTER,
                recipient=place.removeprefix(MAILBOX),
                language="en",
                payload={"issuer": issuer, "jws": jws},
                worth_seconds=WORTH_SECONDS,
                entropy=entropy,
                now=now,
            )
    return jws


def write_checkpoint_mail(message: Queued) -> Mail:
    """Write the mail: the checkpoint alone, for a program or an auditor to keep. In English, as programs read it."""
    issuer, jws = message.payload["issuer"], message.payload["jws"]
    return Mail(
        recipient=message.recipient or "",
        subject=f"Audit checkpoint of {issuer}",
        text=f"Keep this. It shows what the audit trail of {issuer} said at this moment:\n\n{jws}\n",
        html=f"<p>Keep this. It shows what the audit trail of {issuer} said at this moment:</p><pre>{jws}</pre>",
        language="en",
        key=message.id,
    )
