"""How long things live, in seconds; settings may shorten them, the design decides the defaults."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Lifetimes:
    """Seconds from issue to end."""

    code: float = 60.0
    access_token: float = 300.0
    id_token: float = 300.0
    logout_token: float = 120.0
    refresh_idle: float = 30 * 86_400.0
    refresh_absolute: float = 90 * 86_400.0
    refresh_grace: float = 10.0
    journey: float = 600.0

    @property
    def longest_token(self) -> float:
        """The longest life of anything that is signed: a key must outlast it in the JWKS."""
        return max(self.access_token, self.id_token, self.logout_token)
