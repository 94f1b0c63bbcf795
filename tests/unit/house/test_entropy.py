"""Randomness in handfuls: as long as asked for, and never the same bytes twice."""

import os
from concurrent.futures import ThreadPoolExecutor

import pytest

from idp.entropy import HANDFUL, Handfuls


@pytest.mark.parametrize("size", [0, 1, 16, HANDFUL - 1, HANDFUL, HANDFUL + 1, 5 * HANDFUL])
def test_it_gives_as_much_as_is_asked_for(size: int) -> None:
    """Also more than a handful, and repeatedly."""
    handfuls = Handfuls()
    assert [size] * 5 == [len(handfuls(size)) for _ in range(5)]


def test_nothing_comes_twice_in_any_thread() -> None:
    """Eight threads, a thousand pieces each."""
    handfuls = Handfuls()
    with ThreadPoolExecutor(8) as threads:
        pieces = [
            piece for many in threads.map(lambda _: [handfuls(16) for _ in range(1000)], range(8)) for piece in many
        ]
    assert 8000 == len(set(pieces))


def test_a_forked_child_begins_anew() -> None:
    """What parent and child draw after a fork differs."""
    handfuls = Handfuls()
    handfuls(16)
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(writing, handfuls(512))
        os._exit(0)
    os.waitpid(child, 0)
    assert handfuls(512) != os.read(reading, 512)
    os.close(reading)
    os.close(writing)
