"""How often what has died is started again."""

import pytest

from idp.operating.restarts import RestartBudget


def test_the_first_are_started_at_once() -> None:
    """As many as the budget has wait for nothing."""
    budget = RestartBudget(most=3, within=60.0, pause=3.0)
    for _ in range(3):
        assert 0.0 == budget.seconds_to_wait(100.0)
        budget.spend(100.0)
    assert 3.0 == budget.seconds_to_wait(100.0)


def test_nobody_waits_for_longer_than_a_pause() -> None:
    """However many have died, the next is started some seconds after the last; in peace the budget is whole again."""
    budget = RestartBudget(most=2, within=60.0, pause=3.0)
    for now in (0.0, 0.0, 3.0, 6.0, 9.0):
        assert 0.0 == budget.seconds_to_wait(now)
        budget.spend(now)
    assert [3.0, 1.0, 0.0] == [budget.seconds_to_wait(now) for now in (9.0, 11.0, 12.0)]
    assert 0.0 == budget.seconds_to_wait(70.0)


def test_the_first_restarts_come_at_once() -> None:
    """As many restarts as the budget has need no waiting; the next waits for the pause."""
    budget = RestartBudget(most=3, within=60.0)
    for at in (0.0, 0.1, 0.2):
        assert 0.0 == budget.seconds_to_wait(at)
        budget.spend(at)

    assert 2.2 == pytest.approx(budget.seconds_to_wait(1.0))


def test_the_budget_grows_back() -> None:
    """A restart that is a minute old no longer counts."""
    budget = RestartBudget(most=2, within=60.0, pause=30.0)
    budget.spend(0.0)
    budget.spend(50.0)

    assert 20.1 == pytest.approx(budget.seconds_to_wait(59.9))
    assert 0.0 == budget.seconds_to_wait(60.0)
