"""The example portals: short enough to copy, with vehicles that nobody has, and alike where they should be."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[3] / "examples"
PORTALS = ("driver_portal", "fleet_portal")
# ISO 3779: what each letter counts, and the weight of each place; the ninth is the check digit.
_COUNTS = [*range(1, 9), *range(1, 6), 7, 9, *range(2, 10), *range(10)]
VALUES = dict(zip("ABCDEFGHJKLMNPRSTUVWXYZ0123456789", _COUNTS, strict=True))
WEIGHTS = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)
UNASSIGNED = "GX9"


def check_digit(vin: str) -> str:
    """Return the check digit that a VIN must have in its ninth place."""
    rest = sum(VALUES[letter] * weight for letter, weight in zip(vin, WEIGHTS, strict=True)) % 11
    return "X" if rest == 10 else str(rest)


def vehicles() -> list[str]:
    """Return the VIN of every vehicle in the sample data."""
    return [row["vin"] for path in EXAMPLES.glob("*/*.json") for row in json.loads(path.read_text())]


def test_the_check_digit_is_that_of_the_standard() -> None:
    """The example of the standard's texts, all ones, has a one."""
    assert "1" == check_digit("1" * 17)


@pytest.mark.parametrize("vin", vehicles())
def test_a_vehicle_is_plausible_and_nobodys(vin: str) -> None:
    """17 letters without I, O, Q, a valid check digit, and a maker's code that is assigned to nobody."""
    assert re.fullmatch(r"[A-HJ-NPR-Z0-9]{17}", vin)
    assert (UNASSIGNED, check_digit(vin)) == (vin[:3], vin[8])


def test_no_vehicle_is_listed_twice() -> None:
    """Each is a vehicle of its own."""
    assert len(vehicles()) == len(set(vehicles())) > 5


@pytest.mark.parametrize("portal", PORTALS)
def test_a_portal_is_short(portal: str) -> None:
    """Whoever copies one has read it first."""
    for file in (EXAMPLES / portal).glob("*.py"):
        assert len(file.read_text().splitlines()) < 150, file


def test_portals_differ_in_name_data_and_page_alone() -> None:
    """What keeps a sign-in safe is the same in both, so that a mend in one is not forgotten in the other."""
    driver, fleet = ((EXAMPLES / portal / "app.py").read_text().splitlines() for portal in PORTALS)
    own = re.compile(
        r"800[12]|_portal|FLEET|contract|fleet|A real app looks|^(CHANGE|SCOPE|SURER) = |^import json|import Path$"
    )
    assert [line for line in driver if not own.search(line)] == [line for line in fleet if not own.search(line)]


@pytest.mark.parametrize("file", ["back_channel.py", "protection.py", "step_up.py"])
def test_what_stands_beside_a_portal_is_the_same_in_both(file: str) -> None:
    """To the letter."""
    driver, fleet = ((EXAMPLES / portal / file).read_text() for portal in PORTALS)
    assert driver == fleet


@pytest.mark.parametrize("portal", PORTALS)
def test_a_page_loads_nothing_from_elsewhere(portal: str) -> None:
    """No address, script or style but the portal's own."""
    for page in (EXAMPLES / portal).rglob("*.html"):
        assert not re.search(r"<script|style=|https?://|\son\w+=", page.read_text()), page
