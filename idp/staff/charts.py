"""Pictures that the server draws (SVG): how a key lives, and how much of something happened when.

Nothing in them comes from outside but numbers; the page says the same in words, and hides them from who listens.
Colours are the stylesheet's, so that dark mode and print follow. No text is in them: it would shrink with a window.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from markupsafe import Markup

WIDTH, BAR, HEIGHT = 720, 12, 120


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A part of a key's life, from one instant to another; `state` chooses the colour."""

    state: str
    begin: float
    end: float


def life(spans: Sequence[Span], *, begin: float, end: float, now: float) -> Markup:
    """Draw a key's life as a bar, and a line where now is."""

    def x(instant: float) -> float:
        return WIDTH * (min(max(instant, begin), end) - begin) / (end - begin)

    bar = Markup('<rect class="key-{}" x="{:.1f}" y="4" width="{:.1f}" height="{}"/>')
    bars = [bar.format(span.state, x(span.begin), max(x(span.end) - x(span.begin), 2), BAR) for span in spans]
    line = Markup('<line class="now" x1="{0:.1f}" x2="{0:.1f}" y1="0" y2="{1}"/>').format(x(now), BAR + 8)
    return _picture(BAR + 8, [*bars, line], kind="life")


def bars(counts: Iterable[int]) -> Markup:
    """Draw a bar per count, the highest as high as the picture."""
    values = list(counts)
    highest, width = max([*values, 1]), WIDTH / max(len(values), 1)
    bar = Markup('<rect class="bar" x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}"/>')
    heights = [(HEIGHT - 8) * value / highest for value in values]
    drawn = [
        bar.format(number * width + 1, HEIGHT - 1 - height, width - 2, height)
        for number, height in enumerate(heights)
        if height
    ]
    ground = Markup('<line class="ground" x1="0" x2="{0}" y1="{1}" y2="{1}"/>').format(WIDTH, HEIGHT - 1)
    return _picture(HEIGHT, [*drawn, ground], kind="hours")


def _picture(height: int, shapes: Sequence[Markup], *, kind: str) -> Markup:
    frame = Markup(
        '<svg class="chart {}" viewBox="0 0 {} {}" preserveAspectRatio="none" aria-hidden="true" focusable="false">'
    )
    return frame.format(kind, WIDTH, height) + Markup("").join(shapes) + Markup("</svg>")
