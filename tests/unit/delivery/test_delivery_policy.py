"""When a message is tried again."""

import pytest

from idp.delivery.policy import LONGEST_WAIT, Outcome, Tries, next_try, wait_before
from idp.delivery.smtp import SmtpServer


def tries(attempts: int = 1, *, doubts: int = 0, faults: int = 0, give_up_at: float = 1e9) -> Tries:
    """What is known of a message."""
    return Tries(attempts=attempts, doubts=doubts, faults=faults, give_up_at=give_up_at)


def test_waits_double_up_to_half_an_hour() -> None:
    """Give or take a quarter."""
    assert [15.0, 30.0, 60.0, 120.0] == [wait_before(attempts, 0.5) for attempts in (1, 2, 3, 4)]
    assert LONGEST_WAIT == wait_before(10_000, 0.5)
    assert (11.25, 18.75) == (wait_before(1, 0.0), wait_before(1, 1.0))


@pytest.mark.parametrize(
    ("outcome", "known", "again"),
    [
        (Outcome.UNREACHABLE, tries(50), True),
        (Outcome.DEFERRED, tries(50), True),
        (Outcome.DEFERRED, tries(give_up_at=110.0), False),
        (Outcome.REJECTED, tries(), False),
        (Outcome.DOUBTFUL, tries(doubts=1), True),
        (Outcome.DOUBTFUL, tries(doubts=2), False),
        (Outcome.FAULT, tries(faults=4), True),
        (Outcome.FAULT, tries(faults=5), False),
    ],
)
def test_again_or_parked(outcome: Outcome, known: Tries, *, again: bool) -> None:
    """A server that is away costs patience; a message that is at fault is parked."""
    assert again == (next_try(outcome, known, chance=0.5, now=100.0) is not None)


@pytest.mark.parametrize(
    ("url", "host", "port", "encrypted", "user"),
    [
        ("smtp://mail.example.com", "mail.example.com", 587, False, None),
        ("smtps://mail.example.com", "mail.example.com", 465, True, None),
        ("smtp://a%40b:p%2Fw@mail.example.com:25/", "mail.example.com", 25, False, "a@b"),
    ],
)
def test_addresses_of_servers(url: str, host: str, port: int, *, encrypted: bool, user: str | None) -> None:
    """With or without port and user; a password does not print."""
    server = SmtpServer.from_url(url)
    assert (host, port, encrypted, user) == (server.host, server.port, server.encrypted, server.user)
    assert "p/w" not in repr(server)


@pytest.mark.parametrize(
    "url", ["mail.example.com", "http://mail.example.com", "smtp://", "smtp://x/y", "smtp://x?tls=no"]
)
def test_what_is_no_address_of_a_server(url: str) -> None:
    """Refused without being repeated, since it may hold a password."""
    with pytest.raises(ValueError, match="is not smtp://"):
        SmtpServer.from_url(url)
