"""How often what has died is started again."""

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
