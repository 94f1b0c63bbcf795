"""A key's life as it is drawn and told: what it was, from when, and what it is now; pictures stay in their frame."""

from __future__ import annotations

import re
from typing import Any

import pytest

from idp.staff.charts import WIDTH, Span, bars, life
from idp.staff.key_shown import life_of
from keys.records import KeyRecord
from keys.states import KeyState

END = 1000.0
BORN = {"staged_at": 1.0}
LIVES: list[tuple[KeyState, dict[str, Any], list[tuple[str, float]]]] = [
    (KeyState.STAGED, BORN, [("staged", 1.0)]),
    (KeyState.STANDBY, BORN, [("standby", 1.0)]),
    (KeyState.ACTIVE, BORN | {"activated_at": 1.0}, [("active", 1.0)]),
    (KeyState.ACTIVE, BORN | {"activated_at": 5.0}, [("staged", 1.0), ("active", 5.0)]),
    (
        KeyState.REMOVED,
        BORN | {"activated_at": 5.0, "retired_at": 7.0, "removed_at": 9.0},
        [("staged", 1.0), ("active", 5.0), ("retiring", 7.0), ("removed", 9.0)],
    ),
    (
        KeyState.COMPROMISED,
        BORN | {"activated_at": 5.0, "effective_at": 8.0},
        [("staged", 1.0), ("active", 5.0), ("compromised", 8.0)],
    ),
    (
        KeyState.COMPROMISED,
        BORN | {"activated_at": 5.0, "retired_at": 7.0, "removed_at": 9.0, "effective_at": 12.0},
        [("staged", 1.0), ("active", 5.0), ("retiring", 7.0), ("removed", 9.0), ("compromised", 12.0)],
    ),
]


@pytest.mark.parametrize(("state", "instants", "expected"), LIVES)
def test_a_life_is_told_in_order(state: KeyState, instants: dict[str, Any], expected: list[tuple[str, float]]) -> None:
    """Each part begins where the one before ends, and the last goes on."""
    key = KeyRecord(
        **({"effective_at": 1.0} | instants),
        kid="k",
        algorithm="ES256",
        purpose="tokens",
        state=state,
        public_jwk={},
        wrapped=None,
        kek_id="",
        created_at=1.0,
        epoch=1,
    )
    spans = list(life_of(key, END))
    assert expected == [(span.state, span.begin) for span in spans]
    assert [*(begin for _, begin in expected[1:]), END] == [span.end for span in spans]


def test_a_life_stays_in_its_picture() -> None:
    """Whatever began before or ends after it is cut, and nothing is too thin to be seen."""
    spans = [Span(state="active", begin=-500.0, end=5000.0), Span(state="staged", begin=50.0, end=50.0)]
    drawn = re.findall(
        r'<rect class="key-\w+" x="([\d.]+)" y="4" width="([\d.]+)"', life(spans, begin=0, end=100, now=1)
    )
    assert [("0.0", f"{WIDTH:.1f}"), ("360.0", "2.0")] == drawn


def test_bars_are_drawn_for_what_there_is() -> None:
    """The highest is as high as the picture, and an hour of nothing has none."""
    heights = re.findall(r'<rect[^>]* height="([\d.]+)"', bars([0, 2, 4]))
    assert ["56.0", "112.0"] == heights
    assert "<rect" not in bars([0, 0])
