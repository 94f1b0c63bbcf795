"""Where checkpoints go beside mailboxes, over real sockets and files."""

from __future__ import annotations

import re
import socket
import threading
from pathlib import Path

import pytest

from idp.delivery.witnesses import place_fault, witness_at
from tests.support.processes import free_port

AT = 1_800_000_000.0
MESSAGE = re.compile(rb"<109>1 2027-01-15T08:00:00Z \S+ idp \d+ checkpoint - a\.b\.c")


@pytest.mark.parametrize(
    "place", ["mailto:a@example.com", "syslog+tcp://log.example.com:6514", "syslog+udp://[::1]", "file:/var/log/a"]
)
def test_good_places(place: str) -> None:
    """One of each kind."""
    assert place_fault(place) is None


@pytest.mark.parametrize(
    "place", ["", "mailto:nobody", "https://example.com", "syslog+tcp:", "file:relative", "s3://bucket"]
)
def test_places_that_are_none(place: str) -> None:
    """Each is refused with its name."""
    assert repr(place) in (place_fault(place) or "")


def test_a_file_is_appended_to(tmp_path: Path) -> None:
    """One checkpoint a line, and nothing that was there goes."""
    witness = witness_at(f"file:{tmp_path}/checkpoints")
    witness("a.b.c", AT)
    witness("d.e.f", AT)
    assert "a.b.c\nd.e.f\n" == (tmp_path / "checkpoints").read_text()


def test_a_log_server_gets_it_over_tcp() -> None:
    """Framed by its length, as RFC 6587 has it."""
    got: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def take() -> None:
            connection, _ = server.accept()
            with connection:
                while received := connection.recv(4096):
                    got.append(received)

        taking = threading.Thread(target=take)
        taking.start()
        witness_at(f"syslog+tcp://127.0.0.1:{server.getsockname()[1]}")("a.b.c", AT)
        taking.join(5)
    length, _, message = b"".join(got).partition(b" ")
    assert (len(message), True) == (int(length), bool(MESSAGE.fullmatch(message)))


def test_a_log_server_gets_it_over_udp() -> None:
    """One datagram."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        server.settimeout(5)
        witness_at(f"syslog+udp://127.0.0.1:{server.getsockname()[1]}")("a.b.c", AT)
        assert MESSAGE.fullmatch(server.recv(4096))


def test_one_that_is_away_says_so(tmp_path: Path) -> None:
    """So that the checkpoint waits."""
    for place in (f"syslog+tcp://127.0.0.1:{free_port()}", f"file:{tmp_path}/no/such/folder"):
        with pytest.raises(OSError, match=r"refused|No such"):
            witness_at(place)("a.b.c", AT)
