"""When many failures are people who mistype, and when they are somebody with a list of stolen passwords."""

from dataclasses import replace

import pytest

from idp.lockout.stuffing import NAMES, NETWORKS, REFUSED_FOR_EACH_SUCCESS, Recently, is_stuffing

ATTACK = Recently(names=NAMES, networks=NETWORKS, refused=400, succeeded=100)


def test_many_names_from_many_addresses_with_little_success() -> None:
    """All three together."""
    assert is_stuffing(ATTACK)


@pytest.mark.parametrize(
    "calm",
    [
        replace(ATTACK, names=NAMES - 1),
        replace(ATTACK, networks=NETWORKS - 1),
        replace(ATTACK, succeeded=100 + 1),
        Recently(names=10_000, networks=9_000, refused=500, succeeded=400),
    ],
)
def test_anything_less_is_an_ordinary_day(calm: Recently) -> None:
    """A few names, one network, or a Monday morning on which most people get in."""
    assert not is_stuffing(calm)
    assert 4 == REFUSED_FOR_EACH_SUCCESS
