"""What decides about starts and stops, without a server."""

from __future__ import annotations

import inspect
import socket
import sys
from wsgiref.types import StartResponse, WSGIEnvironment

import granian._signals
import pytest
from granian.server.common import AbstractServer
from granian.server.mp import MPServer
from werkzeug.test import Client

from idp.operating.draining import Draining
from idp.operating.preflight import NotReadyToStart, require_free
from idp.operating.serving import connections_within
from idp.wire.bind import Bind


@pytest.mark.parametrize(
    ("text", "bind"),
    [
        ("127.0.0.1:8000", Bind("127.0.0.1", 8000)),
        ("localhost:1", Bind("localhost", 1)),
        ("[::1]:65535", Bind("::1", 65_535)),
    ],
)
def test_an_address_is_read_and_written(text: str, bind: Bind) -> None:
    """HOST:PORT is read into its parts, and written back as it was."""
    assert bind == Bind.parse(text)
    assert text == str(bind)


@pytest.mark.parametrize("text", ["", "8000", ":8000", "host:", "host:0", "host:65536", "host:x", "host:²", "::1:8000"])
def test_anything_else_is_no_address(text: str) -> None:
    """What is not HOST:PORT is refused."""
    with pytest.raises(ValueError, match=r"is not HOST:PORT|in brackets"):
        Bind.parse(text)


@pytest.mark.parametrize(
    ("files", "connections"), [(sys.maxsize, 2048), (65_536, 2048), (1024, 880), (256, 112), (64, 16)]
)
def test_clients_leave_room_for_the_worker_s_own_files(files: int, connections: int) -> None:
    """However few files a process may open, clients do not take those that it needs itself."""
    assert connections == connections_within(files, database_pool=16)


def test_a_taken_port_is_named() -> None:
    """A port that somebody listens on is refused in words, also one shared by SO_REUSEPORT."""
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        bind = Bind("127.0.0.1", taken.getsockname()[1])

        with pytest.raises(NotReadyToStart, match=f"{bind} is taken by another process"):
            require_free(bind)


def test_a_host_that_is_not_ours_is_named() -> None:
    """An address that this machine does not have is refused in words."""
    with pytest.raises(NotReadyToStart, match=r"192\.0\.2\.1:8000 cannot be listened on"):
        require_free(Bind("192.0.2.1", 8000))


def answer(_environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
    """Answer like any application."""
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"hello"]


def test_a_worker_that_does_not_stop_changes_nothing() -> None:
    """Before it drains, the callable hands every request on as it is."""
    response = Client(Draining(answer)).get("/readyz")

    assert (200, "hello", None) == (response.status_code, response.text, response.headers.get("Connection"))


def test_a_draining_worker_answers_and_closes() -> None:
    """While it drains, requests are answered with `Connection: close`, and /readyz says 503."""
    draining = Draining(answer)
    draining.draining = True

    response, ready = Client(draining).get("/token"), Client(draining).get("/readyz")

    assert (200, "hello", "close") == (response.status_code, response.text, response.headers["Connection"])
    assert (503, "stopping\n", "close") == (ready.status_code, ready.text, ready.headers["Connection"])


def test_a_name_is_resolved() -> None:
    """A host's name becomes a number, the way granian wants it; a number stays as it is."""
    assert Bind("127.0.0.1", 8000) == Bind("localhost", 8000).resolved()
    assert Bind("::1", 8000) == Bind("::1", 8000).resolved()


def test_granian_still_has_what_we_override() -> None:
    """Our server replaces granian's loop and uses its workers; an upgrade that renames them is noticed here."""
    for name in ("_serve_loop", "shutdown", "signal_handler_interrupt"):
        assert callable(getattr(AbstractServer, name))
    assert ["self", "idx", "target", "callback_loader"] == list(inspect.signature(MPServer._spawn_worker).parameters)  # noqa: SLF001
    start = ["worker_id", "callback"]
    assert start == list(inspect.signature(inspect.unwrap(MPServer._spawn_wsgi_worker)).parameters)[:2]  # noqa: SLF001
    assert callable(granian._signals.set_sync_signals)  # noqa: SLF001
    assert "set_sync_signals()" in inspect.getsource(MPServer._spawn_wsgi_worker)  # noqa: SLF001
    server = MPServer("idp")
    assert [] == server.interrupt_children
    assert [] == server.wrks
    assert not server.main_loop_interrupt.is_set()
