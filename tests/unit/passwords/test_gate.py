"""How many hashes run at once, how many wait, and for how long."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from time import perf_counter

import pytest

from idp.passwords.gate import HashingBusy, HashingGate, running_hashes


@pytest.mark.parametrize(
    ("cores", "workers", "running"), [(8, 2, 4), (2, 1, 2), (2, 2, 1), (2, 4, 1), (1, 1, 1), (4, 0, 4)]
)
def test_cores_are_shared_by_the_workers(cores: int, workers: int, running: int) -> None:
    """One hash per core over all workers, and at least one in each."""
    assert running == running_hashes(cores=cores, workers=workers)


def test_no_more_run_than_admitted() -> None:
    """Of twenty threads, never more than three are inside, and all get their turn."""
    gate, inside, most, lock = HashingGate(3, waiting=20, patience=10), 0, 0, threading.Lock()

    def enter() -> None:
        nonlocal inside, most
        with gate.admitted():
            with lock:
                inside += 1
                most = max(most, inside)
            threading.Event().wait(0.005)
            with lock:
                inside -= 1

    threads = [threading.Thread(target=enter) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (3, 0) == (most, inside)


@pytest.mark.alone
def test_whoever_finds_no_seat_is_sent_away_at_once() -> None:
    """With the places taken and the seats too, the next one does not wait."""
    gate = HashingGate(1, waiting=1, patience=5)
    with gate.admitted(), waiting(gate):
        started = perf_counter()
        with pytest.raises(HashingBusy), gate.admitted():
            pass
        assert perf_counter() - started < 0.5


def test_patience_ends() -> None:
    """Whoever waits is sent away after a while and leaves the seat."""
    gate = HashingGate(1, waiting=1, patience=0.05)
    with gate.admitted():
        for _ in range(3):
            with pytest.raises(HashingBusy), gate.admitted():
                pass


def test_the_busy_are_told_when_to_come_back() -> None:
    """The answer is 503 with Retry-After."""
    gate = HashingGate(1, waiting=0)
    with gate.admitted(), pytest.raises(HashingBusy) as busy, gate.admitted():
        pass
    assert 2 == busy.value.retry_after


def test_a_place_is_free_again_after_a_fault() -> None:
    """Whatever happens inside, the place is given back."""
    gate = HashingGate(1, waiting=0)
    for _ in range(5):
        with suppress(ZeroDivisionError), gate.admitted():
            raise ZeroDivisionError
    with gate.admitted():
        pass


@contextmanager
def waiting(gate: HashingGate) -> Iterator[None]:
    """Have another thread wait at the gate."""
    started = threading.Event()

    def wait() -> None:
        started.set()
        with suppress(HashingBusy), gate.admitted():
            pass

    threading.Thread(target=wait, daemon=True).start()
    started.wait()
    threading.Event().wait(0.05)
    yield
