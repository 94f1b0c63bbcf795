"""The outbox on both databases: what was committed is sent, once, by one courier; what cannot be sent is parked."""

from __future__ import annotations

import secrets
import threading
from dataclasses import dataclass
from email.message import EmailMessage

import pytest

from idp.delivery.courier import Courier, Round
from idp.delivery.mail import Mail, Sender
from idp.delivery.outbox import Queued, backlog, claim_next, enqueue, settle
from idp.delivery.policy import LEASE
from idp.delivery.transport import Deferred, Doubtful, Rejected, Unreachable
from idp.storage.database import Database
from tests.support.clock import SettableClock
from tests.support.racing import at_once

DAY = 86_400.0


class Post:
    """A transport that keeps what it carries, and fails as it is told."""

    def __init__(self) -> None:
        self.carried: list[str] = []
        self.failures: list[Exception] = []

    def send(self, message: EmailMessage, *, sender: str, recipient: str) -> None:  # noqa: ARG002 - see Transport
        """Carry a message, or fail."""
        if self.failures:
            raise self.failures.pop(0)
        self.carried.append(recipient)


def written(message: Queued) -> Mail | None:
    """Write a message: `nobody` needs none, `broken` cannot be written."""
    if message.kind == "broken":
        raise ZeroDivisionError
    if message.kind == "nobody" or message.recipient is None:
        return None
    return Mail(recipient=message.recipient, subject="x", text="x", html="x", language="en", key=message.id)


@dataclass
class House:
    """An empty outbox, a courier over it, and what it carried."""

    database: Database
    clock: SettableClock
    post: Post
    courier: Courier

    def put(
        self, recipient: str = "dana@example.com", *, kind: str = "x", worth: float = DAY, then: Exception | None = None
    ) -> None:
        """Put a message into the outbox; `then` is what goes wrong after it, in the same transaction."""
        with self.database.writing() as connection:
            enqueue(
                connection,
                kind=kind,
                recipient=recipient,
                language="en",
                payload={},
                worth_seconds=worth,
                entropy=secrets.token_bytes,
                now=self.clock(),
            )
            if then is not None:
                raise then

    def parked(self) -> int:
        """Count what was parked."""
        with self.database.reading() as connection:
            return backlog(connection, now=self.clock()).parked


@pytest.fixture
def house(database: Database, clock: SettableClock) -> House:
    """Give the outbox on one of the databases."""
    post = Post()
    sender = Sender(name="Lender", address="no-reply@example.com")
    courier = Courier(database, post, written, sender, clock=clock, entropy=secrets.token_bytes)
    return House(database, clock, post, courier)


def test_what_was_rolled_back_is_not_sent(house: House) -> None:
    """A message is sent if and only if what it tells about was committed."""
    with pytest.raises(ZeroDivisionError):
        house.put("a@example.com", then=ZeroDivisionError())
    house.put("b@example.com")
    assert (Round(sent=1), ["b@example.com"]) == (house.courier.deliver_due(), house.post.carried)
    assert Round() == house.courier.deliver_due()


def test_many_couriers_send_each_message_once(house: House) -> None:
    """Whichever worker takes a message has it alone."""
    expected = [f"person-{number}@example.com" for number in range(30)]
    for recipient in expected:
        house.put(recipient)
    at_once(5, house.courier.deliver_due)
    assert sorted(expected) == sorted(house.post.carried)


def test_a_killed_worker_costs_a_lease(house: House) -> None:
    """What it held comes free; should it wake after all, it has nothing more to say about it."""
    house.put()
    with house.database.writing() as connection:
        lost = claim_next(connection, entropy=secrets.token_bytes, now=house.clock())
    assert lost is not None
    assert Round() == house.courier.deliver_due()
    house.clock.advance(LEASE + 1)
    with house.database.writing() as connection:
        assert claim_next(connection, entropy=secrets.token_bytes, now=house.clock()) is not None
        settle(connection, lost, sent=True, now=house.clock())
    house.clock.advance(LEASE + 1)
    assert (Round(sent=1), 1) == (house.courier.deliver_due(), len(house.post.carried))


def test_a_server_that_is_away_ends_the_round_and_loses_nothing(house: House) -> None:
    """F16: an hour without a server; then everything arrives, once."""
    for number in range(5):
        house.put(f"{number}@example.com")
    for _ in range(60):
        house.post.failures = [Unreachable("away")]
        assert house.courier.deliver_due().sent == 0
        house.clock.advance(60)
    with house.database.reading() as connection:
        standing = backlog(connection, now=house.clock())
    assert (5, True) == (standing.waiting, standing.oldest_seconds > 300)
    house.post.failures = []
    for _ in range(40):
        house.courier.deliver_due()
        house.clock.advance(60)
    assert [f"{number}@example.com" for number in range(5)] == sorted(house.post.carried)


def test_waits_grow(house: House) -> None:
    """A message that is put off is tried a dozen times in an hour and a half, not a thousand times."""
    house.put()
    tries = 0
    for _ in range(900):
        house.post.failures = [Deferred("not now")]
        tries += house.courier.deliver_due().put_off
        house.clock.advance(6)
    assert 7 <= tries <= 13, tries


@pytest.mark.parametrize(
    ("failure", "kind", "tries"), [(Rejected("550"), "x", 1), (Doubtful("broke off"), "x", 2), (None, "broken", 5)]
)
def test_poison_is_parked(
    house: House,
    failure: Exception | None,
    kind: str,
    tries: int,
) -> None:
    """F17: what is refused, what may have arrived twice, what cannot be written; others go on meanwhile."""
    house.put(kind=kind)
    for _ in range(tries):
        assert 0 == house.parked()
        house.post.failures = [failure] if failure else []
        house.courier.deliver_due()
        house.clock.advance(3600)
    assert 1 == house.parked()
    house.put("next@example.com")
    assert (1, ["next@example.com"]) == (house.courier.deliver_due().sent, house.post.carried)


def test_what_is_too_late_is_parked(house: House) -> None:
    """A code that arrives the next day helps nobody."""
    house.put(worth=600.0)
    for _ in range(20):
        house.post.failures = [Unreachable("away")]
        house.courier.deliver_due()
        house.clock.advance(120)
    assert ([], 1) == (house.post.carried, house.parked())


def test_what_nobody_needs_is_dropped(house: House) -> None:
    """In silence: that nobody answers to a name is no fault."""
    house.put(kind="nobody")
    assert (Round(unneeded=1), []) == (house.courier.deliver_due(), house.post.carried)


@pytest.mark.parametrize(
    "recipient",
    [
        "two@example.com,three@example.com",
        "x@example.com\nBcc: y@example.com",
        "a@b@example.com",
        "<x>@example.com",
        "x",
    ],
)
def test_what_is_not_one_address_is_never_written_to(house: House, recipient: str) -> None:
    """T60: however it came to be stored."""
    house.put(recipient)
    assert (Round(parked=1), []) == (house.courier.deliver_due(), house.post.carried)


def test_the_loop_ends_when_it_is_told(house: House) -> None:
    """The worker's loop sends what comes and stops between two messages."""
    stop = threading.Event()
    thread = threading.Thread(target=lambda: house.courier.run(stop, pause=0.01))
    thread.start()
    house.put()
    for _ in range(500):
        if house.post.carried:
            break
        threading.Event().wait(0.01)
    stop.set()
    thread.join(5)
    assert (["dana@example.com"], False) == (house.post.carried, thread.is_alive())
