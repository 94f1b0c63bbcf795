"""Places for those who wait for slow clients: fast ones are served in turn, slow ones sent away."""

import threading
import time

import pytest

from idp.wire.errors import TooManyReaders
from idp.wire.places import SLOW_SECONDS, Places
from tests.support.racing import at_once


def test_the_busy_are_served_in_turn() -> None:
    """Thirty-two threads that need one of two places for a moment all get one, and never three at a time."""
    places, inside, most = Places(2), set[int](), list[int]()

    def act() -> None:
        for _ in range(5):
            places.take()
            inside.add(threading.get_ident())
            most.append(len(inside))
            time.sleep(0.001)
            inside.discard(threading.get_ident())
            places.give_back()

    at_once(32, act)
    assert [160, True] == [len(most), max(most) <= 2]


@pytest.mark.alone
def test_a_place_that_is_held_for_long_is_not_waited_for() -> None:
    """While it is not known to be slow it is waited for, but not longer; afterwards the answer comes at once."""
    places, taken, end = Places(1), threading.Event(), threading.Event()

    def hold() -> None:
        places.take()
        taken.set()
        end.wait(10)
        places.give_back()

    holder = threading.Thread(target=hold)
    holder.start()
    taken.wait(10)
    waits = []
    for _ in range(2):
        began = time.monotonic()
        with pytest.raises(TooManyReaders):
            places.take()
        waits.append(time.monotonic() - began)
    end.set()
    holder.join()
    assert 3 * SLOW_SECONDS > waits[0] > waits[1] < 0.1
    places.take()
    places.give_back()
