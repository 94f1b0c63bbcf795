"""Checkpoints: signed statements of the chain's end, for places that the operator cannot rewrite.

A checkpoint is a JWS (typ audit-checkpoint+jwt) by a key that signs nothing else, over issuer, number, hash and time.
It is written with the places that it still has to reach; each is struck out when it has it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, insert, select, update

from idp.audit.models import CHECKPOINTS, HEAD
from idp.audit.verify_export import CHECKPOINT_TYPE
from keys.compact import encode
from keys.signer import Signer


@dataclass(frozen=True, slots=True)
class Pending:
    """A checkpoint that has not reached all of its places."""

    seq: int
    jws: str
    places: tuple[str, ...]


def make_checkpoint(
    connection: Connection, signer: Signer, *, issuer: str, places: Sequence[str], period: float, now: float
) -> str | None:
    """Sign the chain's end and keep it, if `period` seconds have passed since the last one and something has happened.

    None when it is not time yet, nothing was sealed since, or another process is at it.
    """
    held = select(HEAD).where(HEAD.c.seq > 0).with_for_update(skip_locked=True)
    head = connection.execute(held).one_or_none()
    if head is None:
        return None
    latest = select(CHECKPOINTS.c.seq, CHECKPOINTS.c.at).order_by(CHECKPOINTS.c.seq.desc()).limit(1)
    last = connection.execute(latest).one_or_none()
    if last is not None and (last.seq >= head.seq or now - last.at < period):
        return None
    claims = {"iss": issuer, "seq": head.seq, "hash": head.hash.hex(), "iat": int(now)}
    jws = encode(signer, typ=CHECKPOINT_TYPE, claims=claims)
    row = {"seq": head.seq, "at": now, "hash": head.hash, "jws": jws, "pending": list(places)}
    connection.execute(insert(CHECKPOINTS), row)
    return jws


def pending_checkpoints(connection: Connection, *, at_most: int = 50) -> list[Pending]:
    """Give the checkpoints that have places still to reach, the oldest first."""
    columns = (CHECKPOINTS.c.seq, CHECKPOINTS.c.jws, CHECKPOINTS.c.pending)
    rows = connection.execute(select(*columns).order_by(CHECKPOINTS.c.seq.desc()).limit(10 * at_most)).all()
    found = [Pending(row.seq, row.jws, tuple(row.pending)) for row in reversed(rows) if row.pending]
    return found[:at_most]


def has_reached(connection: Connection, pending: Pending, place: str) -> None:
    """Strike out a place that has the checkpoint; the others stay."""
    held = select(CHECKPOINTS.c.pending).where(CHECKPOINTS.c.seq == pending.seq).with_for_update()
    still = [other for other in connection.execute(held).scalar_one() if other != place]
    connection.execute(update(CHECKPOINTS).where(CHECKPOINTS.c.seq == pending.seq).values(pending=still))


def all_checkpoints(connection: Connection) -> list[str]:
    """Give every checkpoint that is kept here, the oldest first."""
    return list(connection.execute(select(CHECKPOINTS.c.jws).order_by(CHECKPOINTS.c.seq)).scalars())
