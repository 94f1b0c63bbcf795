"""Where checkpoints of the audit trail are sent to beside mailboxes: a log server, a bucket (`bucket`), or a file.

A log server gets one message a checkpoint by RFC 5424, over TCP framed by its length (RFC 6587 §3.4.1) or over UDP
(RFC 5426). A file is appended to and flushed to the disk; it is for development, since its owner can rewrite it.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

from idp.delivery.bucket import Bucket, put_locked

TIMEOUT_SECONDS = 5.0
SCHEMES = ("mailto", "syslog+tcp", "syslog+udp", "s3", "file")
NOTICE_OF_AUDIT = 13 * 8 + 5
"""Facility 13 (log audit), severity 5 (notice): RFC 5424 §6.2.1."""
DEFAULT_PORT = 514

Witness = Callable[[str, float], None]
"""Hands a checkpoint over; takes the JWS and the time of sending, raises OSError when it could not."""


def place_fault(place: str) -> str | None:
    """Say what is wrong with a place that a setting names, None when nothing is."""
    scheme, _, rest = place.partition(":")
    if scheme not in SCHEMES:
        return f"{place!r}: begins with none of {', '.join(f'{one}:' for one in SCHEMES)}"
    if scheme == "mailto":
        return None if "@" in rest else f"{place!r}: names no mailbox"
    if scheme == "s3":
        return _bucket_fault(place)
    if scheme == "file":
        return None if Path(rest).is_absolute() else f"{place!r}: is not file:/an/absolute/path"
    return None if urlsplit(place).hostname else f"{place!r}: is not {scheme}://HOST[:PORT]"


def witness_at(place: str) -> Witness:
    """Give what hands checkpoints to a place; mailboxes have the outbox."""
    if place.startswith("file:"):
        return lambda jws, _at: _append(Path(place.removeprefix("file:")), jws)
    if place.startswith("s3:"):
        bucket = Bucket.parse(place)
        return lambda jws, at: put_locked(bucket, jws, at, timeout=TIMEOUT_SECONDS)
    address = urlsplit(place)
    target = (str(address.hostname), address.port or DEFAULT_PORT)
    send = _send_stream if address.scheme == "syslog+tcp" else _send_datagram
    return lambda jws, at: send(target, _syslog_message(jws, at))


def _bucket_fault(place: str) -> str | None:
    try:
        Bucket.parse(place)
    except ValueError as error:
        return f"{place!r}: {error}"
    return None


def _append(path: Path, jws: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o640)
    try:
        os.write(descriptor, f"{jws}\n".encode())
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _syslog_message(jws: str, at: float) -> bytes:
    moment = datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    return f"<{NOTICE_OF_AUDIT}>1 {moment} {socket.gethostname()} idp {os.getpid()} checkpoint - {jws}".encode()


def _send_stream(target: tuple[str, int], message: bytes) -> None:
    with socket.create_connection(target, TIMEOUT_SECONDS) as connection:
        connection.sendall(b"%d %b" % (len(message), message))


def _send_datagram(target: tuple[str, int], message: bytes) -> None:
    family, kind, protocol, _, address = socket.getaddrinfo(*target, type=socket.SOCK_DGRAM)[0]
    with socket.socket(family, kind, protocol) as sender:
        sender.settimeout(TIMEOUT_SECONDS)
        sender.sendto(message, address)
