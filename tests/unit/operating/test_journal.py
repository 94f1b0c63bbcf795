"""What a log line looks like, and what never stands in one."""

from __future__ import annotations

import io
import json
import logging
import sys
import threading
import warnings
from collections.abc import Iterator
from typing import Any

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from idp.journal import keep_journal
from idp.redaction import MASK, redact, redact_text

HANDLE = "Zm9vYmFyYmF6cXV4MDEyMzQ1Njc4OWFiY2RlZmdoaWo"
JWT = "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJkYW5hIn0.c2lnbmF0dXJl"


@pytest.fixture
def said() -> Iterator[io.StringIO]:
    """Give what is logged at DEBUG, as JSON; afterwards logging is as it was."""
    root, stream = logging.getLogger(), io.StringIO()
    handlers, level = root.handlers, root.level
    hooks = sys.excepthook, threading.excepthook
    names = ("authlib", "sqlalchemy", "urllib3")
    levels = {name: logging.getLogger(name).level for name in names}
    keep_journal(level="debug", process="test", stream=stream)
    yield stream
    root.handlers, root.level = handlers, level
    sys.excepthook, threading.excepthook = hooks
    for name, before in levels.items():
        logging.getLogger(name).setLevel(before)
    logging.captureWarnings(capture=False)
    structlog.reset_defaults()


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    """Read what was said."""
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_line_says_what_who_when(said: io.StringIO) -> None:
    """Lines of the standard library and of structlog have the same fields."""
    logging.getLogger("idp.here").info("the %s has %d parts", "house", 3)
    structlog.get_logger("idp.there").warning("audit.waits", waiting=7)

    first, second = lines(said)

    assert "the house has 3 parts" == first["event"]
    assert ("info", "idp.here", "test") == (first["level"], first["logger"], first["process"])
    assert ("audit.waits", 7, "warning", "idp.there") == tuple(
        second[n] for n in ("event", "waiting", "level", "logger")
    )
    assert first["timestamp"].endswith("Z")
    assert isinstance(first["pid"], int)


def test_an_exception_is_a_place(said: io.StringIO) -> None:
    """Of an exception the type and the lines are told, never its text."""
    try:
        int(f"password=hunter2 {HANDLE}")
    except ValueError:
        logging.getLogger("idp").exception("it failed")
        structlog.get_logger("idp").exception("it failed too")

    for line in lines(said):
        assert "builtins.ValueError at test_journal.py:" in line["exception"]
    assert "hunter2" not in said.getvalue()
    assert HANDLE not in said.getvalue()


def test_a_thread_that_fails_is_a_line(said: io.StringIO) -> None:
    """What nobody caught goes through the journal too, in threads and at the end of the process."""

    def fail() -> None:
        int(f"password=hunter2 {HANDLE}")

    thread = threading.Thread(target=fail, name="idp-example")
    thread.start()
    thread.join()
    try:
        fail()
    except ValueError as error:
        sys.excepthook(ValueError, error, error.__traceback__)

    first, second = lines(said)

    assert ("the thread idp-example fails", "error") == (first["event"], first["level"])
    assert ("the process fails", "critical") == (second["event"], second["level"])
    assert "builtins.ValueError at test_journal.py:" in second["exception"]
    assert "hunter2" not in said.getvalue()


def test_a_line_break_forges_no_line(said: io.StringIO) -> None:
    """What a client sends cannot begin a line of its own."""
    logging.getLogger("idp").info("refused %s", 'x"}\n{"event": "forged"}')

    assert 1 == len(lines(said))


def test_libraries_that_tell_too_much_are_kept_quiet(said: io.StringIO) -> None:
    """Authlib below INFO prints tokens, SQLAlchemy below WARNING every statement: not even at DEBUG."""
    logging.getLogger("authlib.oauth2").debug("Issue token %r", {"access_token": JWT})
    logging.getLogger("sqlalchemy.engine").info("SELECT * FROM accounts")
    logging.getLogger("urllib3.connectionpool").debug("GET /callback?code=abc")

    assert [] == lines(said)


def test_warnings_are_logged(said: io.StringIO) -> None:
    """Python's warnings go the same way."""
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.warn("an option is deprecated", UserWarning, stacklevel=1)

    assert "an option is deprecated" in lines(said)[0]["event"]


def test_a_person_gets_plain_lines(said: io.StringIO) -> None:
    """Outside production a line is key=value, with the time first."""
    keep_journal(level="info", readable=True, process="test", stream=said)
    logging.getLogger("idp").info("hello")

    assert said.getvalue().startswith("timestamp='20")
    assert "level='info' process='test' event='hello'" in said.getvalue()


@pytest.mark.parametrize(
    "text",
    [
        JWT,
        HANDLE,
        f"token {HANDLE} was refused",
        "GET /callback?code=hunter2&state=hunter2",
        "grant_type=authorization_code&code=hunter2&client_secret=hunter2",
        '{"access_token": "hunter2", "refresh_token": "hunter2"}',
        "{'client_assertion': 'hunter2'}",
        "Authorization: Basic aHVudGVyMg==",
        "authorization=Bearer hunter2",
        "postgresql://idp:hunter2@db.internal/idp",
        "redis://:hunter2@127.0.0.1:6379/0",
        "Set-Cookie: idp_session=" + HANDLE,
    ],
)
def test_secrets_are_masked_by_their_shape(text: str) -> None:
    """Whatever sentence they stand in, secrets of these shapes are gone."""
    masked = redact_text(text)

    assert MASK in masked
    for secret in ("hunter2", "aHVudGVyMg", HANDLE, JWT):
        assert secret not in masked


@pytest.mark.parametrize(
    "text",
    [
        "a request worker has died (process 4711, exit code -9) and is replaced",
        "/token failed, reference 0123456789abcdef: builtins.KeyError at token.py:5 mint",
        "serving https://id.example.com on 127.0.0.1:8000 with 2 request worker(s)",
    ],
)
def test_ordinary_sentences_stay(text: str) -> None:
    """What an operator needs to read is not masked."""
    assert text == redact_text(text)


def test_secrets_are_masked_by_their_names() -> None:
    """Under these names nothing is shown, at any depth."""
    line = {
        "event": "refused",
        "password": "hunter2",
        "headers": {"Authorization": "x hunter2", "Cookie": ["hunter2"], "Accept": "*/*"},
        "form": [{"code": "hunter2"}, ("hunter2" * 9,)],
        "client_secret": b"hunter2",
        "body": b"hunter2",
        "kid": HANDLE,
        "token_count": 3,
        "has_password": True,
    }

    masked = redact(None, "info", line)

    shown = json.dumps(masked)
    assert "x hunter2" not in shown
    assert '"hunter2"' not in shown
    assert HANDLE == masked["kid"]
    assert "*/*" == masked["headers"]["Accept"]
    assert masked["has_password"] is True
    assert "<bytes>" == masked["body"]


@given(
    st.recursive(
        st.none()
        | st.booleans()
        | st.floats()
        | st.integers()
        | st.text()
        | st.binary()
        | st.just(HANDLE)
        | st.just(JWT),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner) | st.tuples(inner, inner),
    )
)
def test_anything_can_be_logged(value: object) -> None:
    """Whatever a line holds, masking it neither fails nor lets a handle through."""
    shown = repr(redact(None, "info", {"event": "x", "value": value}))

    assert HANDLE not in shown
    assert JWT not in shown
