"""A clock that a test sets."""

START = 1_800_000_000.0
"""Where it starts: 15 January 2027, 08:00 UTC."""


class SettableClock:
    """A `Clock`: call it for the time; `advance` or set `now` to change it."""

    def __init__(self, now: float = START) -> None:
        self.now = now

    def __call__(self) -> float:
        """Return the time."""
        return self.now

    def advance(self, seconds: float) -> None:
        """Let time pass (or, with a negative number, turn it back)."""
        self.now += seconds
