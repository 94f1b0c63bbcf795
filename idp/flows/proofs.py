"""Proofs that a step of a journey was done, made where it was verified.

Each is bound to journey, account, step and time under a MAC. The step stands inside the MAC, so that one step's proof
cannot serve for another's, nor one journey's or person's for another's; no page's effect is reached by posting forms
out of order.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

_SEAL = 32


class Proved(StrEnum):
    """The steps that can be proved.

    A password or a passkey signs somebody in; a second factor adds to that, and signs nobody in by itself.
    """

    PASSWORD = "password"
    PASSKEY = "passkey"
    SECOND_FACTOR = "second_factor"
    CONSENT = "consent"


class MacKey(Protocol):
    """A keyed hash; the service's own has the purpose "proof"."""

    def tag(self, *parts: bytes) -> bytes:
        """Give 32 bytes that depend on the key and on every part."""


class ProofBroken(Exception):
    """A proof was not made by us for this journey."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """One step done by one account at one instant (seconds).

    `detail` says by which way, where there are several, and with which factor, where it was one.
    """

    step: Proved
    account_id: str
    at: float
    detail: str = ""
    tag: str = field(repr=False)

    @property
    def way(self) -> str:
        """The way by which it was done; "" where there is one only."""
        return self.detail.partition(" ")[0]

    @property
    def factor_id(self) -> str:
        """The factor with which it was done, if it was one."""
        return self.detail.partition(" ")[2]


def by_factor(way: str, factor_id: str | None) -> str:
    """Give the detail of a proof by a factor; a recovery code is none."""
    return f"{way} {factor_id}" if factor_id else way


class Prover:
    """Makes and checks proofs."""

    def __init__(self, key: MacKey) -> None:
        self._key = key

    def prove(self, step: Proved, *, journey_id: str, account_id: str, at: float, detail: str = "") -> Proof:
        """Make a proof; only a verifying function may call this, right after it has verified."""
        tag = self._key.tag(*_parts(step, journey_id, account_id, at, detail))
        return Proof(step=step, account_id=account_id, at=at, detail=detail, tag=tag.hex())

    def check(self, proof: Proof, *, journey_id: str) -> Proof:
        """Give the proof back if it holds for this journey.

        Raises:
            ProofBroken: it does not.
        """
        expected = self._key.tag(*_parts(proof.step, journey_id, proof.account_id, proof.at, proof.detail))
        if not hmac.compare_digest(expected.hex(), proof.tag):
            raise ProofBroken(proof.step)
        return proof

    def seal(self, journey_id: str, document: bytes) -> bytes:
        """Give the 32 bytes that vouch for a stored journey."""
        return self._key.tag(b"journey", journey_id.encode(), document)

    def unseal(self, journey_id: str, stored: bytes) -> bytes:
        """Give a stored journey's document, if its seal holds.

        Raises:
            ProofBroken: it does not.
        """
        tag, document = stored[:_SEAL], stored[_SEAL:]
        if not hmac.compare_digest(self.seal(journey_id, document), tag):
            raise ProofBroken("journey")
        return document


def _parts(step: str, journey_id: str, account_id: str, at: float, detail: str) -> tuple[bytes, ...]:
    known = (b"proof", str(step).encode(), journey_id.encode(), account_id.encode(), repr(at).encode())
    return (*known, detail.encode()) if detail else known
