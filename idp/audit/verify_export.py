"""Verify an export of the audit trail: a program of one file that needs nothing of the issuer.

    python verify_export.py EXPORT.jsonl [--key KEY.json] [--checkpoint FILE ...]

Each event has a place in a chain: its hash is SHA-256 over the hash before it, its number and the event itself, so an
event that was edited, removed, inserted or moved breaks the chain at that place. Checkpoints are signed statements of
the chain's end (JWS, Ed25519), sent to where the operator cannot write: whoever rewrites the whole chain, or cuts its
end off, contradicts one of them. KEY.json is the public key as it was obtained before; FILE holds checkpoints as they
were received, one a line. Ends with 0 when everything holds, with 1 and the first fault when not.

Only Python's standard library is used, and `cryptography` for signatures.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

GENESIS = bytes(32)
"""What stands for the hash before the first event."""

CHECKPOINT_TYPE = "audit-checkpoint+jwt"
_JWS = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")


class Broken(Exception):
    """The trail does not hold: at which number of the chain, about which event, and what is wrong there."""

    def __init__(self, seq: int, event_id: int | None, what: str) -> None:
        about = "" if event_id is None else f", event {event_id}"
        super().__init__(f"number {seq}{about}: {what}")
        self.seq = seq
        self.event_id = event_id
        self.what = what


class NotACheckpoint(ValueError):
    """A text is no checkpoint, or none of the keys that were given has signed it."""


@dataclass(frozen=True)
class Checkpoint:
    """What a checkpoint says: that the chain had this hash at this number."""

    seq: int
    hash: str
    issued_at: float
    issuer: str


def canonical(event: Mapping[str, Any]) -> bytes:
    """Write an event in the one way that is hashed: JSON with sorted names, no blanks, ASCII alone."""
    return json.dumps(event, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False).encode()


def link(previous: bytes, seq: int, event: Mapping[str, Any]) -> bytes:
    """Give the hash of the event with this number, after the one whose hash is `previous`."""
    return hashlib.sha256(b"idp audit 1\n%b%d\n%b" % (previous, seq, canonical(event))).digest()


class Chain:
    """Follows a chain from its beginning. Every checkpoint has to agree: none, of whatever time, stands for another."""

    def __init__(self, checkpoints: Iterable[Checkpoint] = ()) -> None:
        self.seq = 0
        self.hash = GENESIS
        self._witnessed: dict[int, set[str]] = {}
        for one in checkpoints:
            self._witnessed.setdefault(one.seq, set()).add(one.hash)

    def take(self, seq: int, sealed: str, event: Mapping[str, Any] | None, *, event_id: int | None = None) -> None:
        """Take the next seal with its event; None is an event that is gone.

        Raises:
            Broken: it does not follow.
        """
        number = event_id if event is None else int(event["id"])
        if seq != self.seq + 1:
            raise Broken(self.seq + 1, None, "its seal is missing")
        if event is None:
            raise Broken(seq, number, "the event was deleted")
        self.hash = link(self.hash, seq, event)
        if self.hash.hex() != sealed:
            raise Broken(seq, number, "the event, or its seal, was altered")
        self.seq = seq
        if self._witnessed.get(seq, set()) - {sealed}:
            raise Broken(seq, number, "the chain up to here is not the one that a checkpoint has witnessed")

    def end(self) -> None:
        """Say that nothing follows.

        Raises:
            Broken: a checkpoint has witnessed more.
        """
        last = max(self._witnessed, default=0)
        if last > self.seq:
            raise Broken(self.seq + 1, None, f"the end is missing: a checkpoint has witnessed {last} events")

    @property
    def witnessed(self) -> int:
        """How many of the checkpoints stand at places that were followed."""
        return sum(0 < seq <= self.seq for seq in self._witnessed)


def read_checkpoint(jws: str, keys: Sequence[Mapping[str, str]]) -> Checkpoint:
    """Read a checkpoint that one of these keys (JWK, Ed25519) has signed.

    Raises:
        NotACheckpoint: it is none of theirs.
    """
    header, payload, signature = (_decoded(part) for part in jws.strip().split("."))
    names = json.loads(header)
    if names.get("typ") != CHECKPOINT_TYPE or names.get("alg") not in {"Ed25519", "EdDSA"}:
        raise NotACheckpoint("not a checkpoint")
    key = next((key for key in keys if key.get("kid", names.get("kid")) == names.get("kid")), None)
    if key is None:
        raise NotACheckpoint(f"a checkpoint was signed by key {names.get('kid')}, which was not given")
    try:
        signed = jws.strip().rpartition(".")[0].encode()
        Ed25519PublicKey.from_public_bytes(_decoded(key["x"])).verify(signature, signed)
    except InvalidSignature as error:
        raise NotACheckpoint("the signature of a checkpoint is wrong") from error
    claims = json.loads(payload)
    return Checkpoint(int(claims["seq"]), str(claims["hash"]), float(claims["iat"]), str(claims["iss"]))


def jws_in(text: str) -> list[str]:
    """Find checkpoints in a file or a mail as it was received."""
    return _JWS.findall(text)


def _decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8") as file:
        for line in file:
            yield json.loads(line)


def verify_export(path: Path, keys: Sequence[Mapping[str, str]], received: Sequence[str]) -> str:
    """Verify a whole export, and say in a sentence what holds.

    Raises:
        Broken: the first fault.
        ValueError: it is no export, or a checkpoint is none.
    """
    first = next(_lines(path), {})
    if first.get("kind") != "chain" or first.get("version") != 1:
        raise ValueError("this is no sealed export of an audit trail")
    trusted = list(keys) or first["keys"]
    own = [line["jws"] for line in _lines(path) if line["kind"] == "checkpoint"]
    checkpoints = [read_checkpoint(jws, trusted) for jws in (*own, *received)]
    chain = Chain(checkpoints)
    for line in _lines(path):
        if line["kind"] == "sealed":
            chain.take(line["seq"], line["hash"], line["event"])
    chain.end()
    whose = "the key that was given" if keys else "the export's OWN key, which proves nothing against whoever made it"
    return f"{chain.seq} events hold, {chain.witnessed} checkpoints agree, by {whose}."


def main() -> int:
    """Verify what the arguments name."""
    parser = argparse.ArgumentParser(description="Verify an export of the audit trail.")
    parser.add_argument("export", type=Path)
    parser.add_argument("--key", type=Path, action="append", default=[], help="a public key, as a JWK or a JWK set")
    parser.add_argument(
        "--checkpoint", type=Path, action="append", default=[], help="checkpoints as they were received"
    )
    given = parser.parse_args()
    try:
        documents = [json.loads(path.read_text(encoding="utf-8")) for path in given.key]
        keys = [key for document in documents for key in document.get("keys", [document])]
        received = [jws for path in given.checkpoint for jws in jws_in(path.read_text(encoding="utf-8"))]
        print(verify_export(given.export, keys, received))  # noqa: T201 - a program by itself
    except Broken as error:
        print(f"BROKEN at {error}")  # noqa: T201 - the same
        return 1
    except (OSError, ValueError, KeyError, TypeError) as error:
        print(f"CANNOT BE VERIFIED: {error}")  # noqa: T201 - the same
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
