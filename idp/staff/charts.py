"""Pictures that the server draws (SVG): how keys live, and how much of something happened when.

Nothing in them comes from outside but numbers and kids; the page says the same in words beside each. Colours are the
stylesheet's, so that dark mode and print follow.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

WIDTH, LABEL, ROW, BAR = 720, 96, 26, 14
HEIGHT = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A part of a key's life, from one instant to another; `state` chooses the colour."""

    state: str
    begin: float
    end: float


def timeline(rows: Sequence[tuple[str, Sequence[Span]]], *, begin: float, end: float, now: float) -> Markup:
    """Draw a row per key, and a line where now is."""

    def x(instant: float) -> float:
        inside = min(max(instant, begin), end)
        return LABEL + (WIDTH - LABEL) * (inside - begin) / (end - begin)

    parts = [Markup('<svg class="chart" viewBox="0 0 {} {}" aria-hidden="true" focusable="false">')]
    parts = [parts[0].format(WIDTH, ROW * len(rows) + 8)]
    for number, (label, spans) in enumerate(rows):
        y = number * ROW + 6
        parts.append(Markup('<text x="0" y="{}">{}</text>').format(y + BAR - 3, f"{label[:9]}…"))
        for span in spans:
            left, width = x(span.begin), max(x(span.end) - x(span.begin), 2)
            bar = Markup('<rect class="key-{}" x="{:.1f}" y="{}" width="{:.1f}" height="{}" rx="3"/>')
            parts.append(bar.format(escape(span.state), left, y, width, BAR))
    line = Markup('<line class="now" x1="{0:.1f}" x2="{0:.1f}" y1="0" y2="{1}"/></svg>')
    parts.append(line.format(x(now), ROW * len(rows) + 8))
    return Markup("").join(parts)


def bars(counts: Iterable[int]) -> Markup:
    """Draw a bar per count, the highest as high as the picture."""
    values = list(counts)
    highest, width = max([*values, 1]), WIDTH / max(len(values), 1)
    parts = [Markup('<svg class="chart" viewBox="0 0 {} {}" aria-hidden="true" focusable="false">')]
    parts = [parts[0].format(WIDTH, HEIGHT)]
    for number, value in enumerate(values):
        height = (HEIGHT - 8) * value / highest
        bar = Markup('<rect class="bar" x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}"/>')
        parts.append(bar.format(number * width + 1, HEIGHT - 1 - height, width - 2, height))
    ground = Markup('<line class="ground" x1="0" x2="{0}" y1="{1}" y2="{1}"/></svg>')
    parts.append(ground.format(WIDTH, HEIGHT - 1))
    return Markup("").join(parts)
