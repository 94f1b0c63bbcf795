"""`idp audit`: the end of the trail, and the export of a period."""

import json

import pytest

from idp.audit.browse import Wanted
from idp.audit.events import Event, EventType, Personal
from idp.audit.record import record_many
from idp.cli.audit import _following, _late
from idp.cli.opened import opened
from idp.storage.database import Database
from idp.storage.engine import open_engine
from idp.storage.handles import Entropy
from tests.unit.cli.conftest import Cli

NOON = 1_795_348_800.0  # 22 November 2026, 12:00 UTC


@pytest.fixture
def trail(cli: Cli, entropy: Entropy) -> Cli:
    """Give the command on a trail of three events, an hour apart."""
    engine = open_engine(cli.environment["IDP_DATABASE_URL"])
    types = (EventType.SIGN_IN_REFUSED, EventType.SIGN_IN_SUCCEEDED, EventType.CODE_ISSUED)
    events = [
        Event(
            type=type_,
            at=NOON + 3600 * place,
            actor="anonymous",
            account_id=f"account-{place}",
            client_id="portal",
            personal=Personal(address="198.51.100.7"),
        )
        for place, type_ in enumerate(types)
    ]
    with Database(engine).writing() as connection:
        record_many(connection, events, entropy=entropy)
    engine.dispose()
    return cli


def types(output: str) -> list[str]:
    """Name the events of lines of JSON."""
    return [json.loads(line)["type"] for line in output.splitlines()]


def test_the_tail_shows_the_last_events_oldest_first(trail: Cli) -> None:
    """As a log is read."""
    assert ["sign_in.succeeded", "code.issued"] == types(trail("audit", "tail", "-n", "2", "--json").stdout)
    shown = trail("audit", "tail").stdout
    assert ["12:00:00", "13:00:00", "14:00:00"] == [line.split()[1] for line in shown.splitlines()]


def test_events_are_chosen_by_type_account_and_client(trail: Cli) -> None:
    """A type that ends in a dot stands for all that begin so."""
    assert ["sign_in.refused", "sign_in.succeeded"] == types(
        trail("audit", "tail", "--type", "sign_in.", "--json").stdout
    )
    assert ["code.issued"] == types(trail("audit", "export", "--account", "account-2", "--client", "portal").stdout)
    assert "" == trail("audit", "export", "--client", "nobody").stdout


def test_a_period_ends_before_its_until(trail: Cli) -> None:
    """So that two exports one after the other share no event."""
    until = "2026-11-22T13:00"
    assert ["sign_in.refused"] == types(trail("audit", "export", "--until", until).stdout)
    assert ["sign_in.succeeded", "code.issued"] == types(trail("audit", "export", "--since", until).stdout)


def test_where_requests_came_from_is_told_only_when_asked(trail: Cli) -> None:
    """Personal data needs a reason."""
    assert "198.51.100.7" not in trail("audit", "export").stdout
    assert "198.51.100.7" not in trail("audit", "tail").stdout
    assert "198.51.100.7" in trail("audit", "export", "--personal").stdout


def test_what_is_no_time_is_a_usage_error(trail: Cli) -> None:
    """With an example of one."""
    result = trail("audit", "export", "--since", "yesterday")
    assert (2, True) == (result.exit_code, "2026-11-22T09:30" in result.stderr)


def test_what_follows_is_shown_once_as_it_happens(
    trail: Cli, entropy: Entropy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`--follow` goes on where the tail ended."""
    for name, value in trail.environment.items():
        monkeypatch.setenv(name, value)
    with opened(None) as service:
        with service.database.reading() as connection:
            seen = _late(connection, Wanted())
        assert 3 == len(seen)
        following = _following(service, Wanted(), seen)
        for actor in ("first", "second"):
            with service.database.writing() as connection:
                record_many(connection, [Event(type=EventType.CODE_ISSUED, at=NOON, actor=actor)], entropy=entropy)
            assert actor == next(following).actor
