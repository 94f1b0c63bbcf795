"""Samples reach their metrics, cheaply and in any number."""

from __future__ import annotations

import pytest
from prometheus_client import generate_latest

from idp.metrics.meters import Meters
from tests.support.racing import at_once
from tests.support.served import metric


def told(meters: Meters) -> str:
    """Add up, and give the text of a scrape."""
    meters.tally.add_up()
    return generate_latest(meters.registry).decode()


def test_answers_are_counted_and_timed() -> None:
    """Each answer counts once under its route and status, and falls into the bucket of its time."""
    meters = Meters()
    for seconds in (0.0005, 0.001, 0.002, 0.3, 60.0):
        meters.answered("/token", 200, seconds)
    meters.answered("/token", 400, 0.002)

    text = told(meters)

    assert 5 == metric(text, "idp_requests_total", route="/token", status="200")
    assert 1 == metric(text, "idp_requests_total", route="/token", status="400")
    assert 6 == metric(text, "idp_request_seconds_count", route="/token")
    assert 2 == metric(text, "idp_request_seconds_bucket", route="/token", le="0.001")
    assert 4 == metric(text, "idp_request_seconds_bucket", route="/token", le="0.0025")
    assert 5 == metric(text, "idp_request_seconds_bucket", route="/token", le="0.5")
    assert 5 == metric(text, "idp_request_seconds_bucket", route="/token", le="5.0")
    assert 60.3055 == pytest.approx(metric(text, "idp_request_seconds_sum", route="/token"))


def test_adding_up_twice_counts_once() -> None:
    """What was taken in is not taken in again."""
    meters = Meters()
    meters.answered("/jwks", 200, 0.001)
    told(meters)

    assert 1 == metric(told(meters), "idp_requests_total", route="/jwks", status="200")


def test_threads_lose_nothing() -> None:
    """Samples noted by many threads at once, while others are added up, are all counted."""
    meters = Meters()

    def note() -> None:
        for _ in range(500):
            meters.answered("/token", 200, 0.001)
        meters.tally.add_up()

    at_once(8, note)

    assert 4000 == metric(told(meters), "idp_requests_total", route="/token", status="200")


def test_a_stop_takes_in_the_rest() -> None:
    """What was noted just before the stop is counted too."""
    meters = Meters()
    meters.tally.start()
    meters.answered("/jwks", 200, 0.001)
    meters.tally.stop()

    text = generate_latest(meters.registry).decode()

    assert 1 == metric(text, "idp_requests_total", route="/jwks", status="200")


def test_reasons_are_counted_by_name() -> None:
    """A request that could not be answered counts under what stood in the way."""
    meters = Meters()
    meters.could_not_answer(TimeoutError("with a secret in its text"))

    text = told(meters)

    assert 1 == metric(text, "idp_unavailable_total", reason="TimeoutError")
    assert "secret" not in text
