"""A service that stayed silent is asked by one caller at a time."""

from __future__ import annotations

import threading
import time

import pytest

from keys.errors import KeyDamaged, SignerAway
from keys.signers.rest import REST_SECONDS, Rest


class Service:
    """Silent or not, and counts who asked."""

    def __init__(self) -> None:
        self.silent = True
        self.asked = 0

    def ask(self, rest: Rest) -> str:
        """Ask it."""
        with rest.asking():
            self.asked += 1
            if self.silent:
                raise ConnectionError("nobody there")
            return "signed"


@pytest.fixture
def rest() -> Rest:
    """Before a service whose silence is a ConnectionError."""
    return Rest("the service", (ConnectionError,), patience=30.0)


def test_after_silence_it_is_left_alone_for_a_moment(rest: Rest) -> None:
    """Then it is asked again, and what it answers counts."""
    service = Service()
    with pytest.raises(SignerAway, match="the service does not answer: nobody there"):
        service.ask(rest)
    with pytest.raises(SignerAway, match="did not answer a moment ago"):
        service.ask(rest)
    assert 1 == service.asked
    service.silent = False
    time.sleep(REST_SECONDS)
    assert ["signed", "signed"] == [service.ask(rest), service.ask(rest)]


def test_one_asks_for_all(rest: Rest) -> None:
    """While it is being asked again, the others are refused at once."""
    service, inside, go_on = Service(), threading.Event(), threading.Event()
    with pytest.raises(SignerAway):
        service.ask(rest)
    time.sleep(REST_SECONDS)

    def probe() -> None:
        with rest.asking():
            inside.set()
            go_on.wait(10)

    asking = threading.Thread(target=probe)
    asking.start()
    assert inside.wait(10)
    with pytest.raises(SignerAway, match="a moment ago"):
        service.ask(rest)
    go_on.set()
    asking.join()
    service.silent = False
    assert "signed" == service.ask(rest)


def test_a_refusal_is_an_answer(rest: Rest) -> None:
    """It comes out as it is, and the next caller is let through."""
    for _ in range(2):
        with pytest.raises(KeyDamaged), rest.asking():
            raise KeyDamaged("no")
