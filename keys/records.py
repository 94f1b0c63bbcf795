"""A key as a row: who it is, where in its life it is, and its wrapped private part.

A change of state is written ahead of the instant from which it holds (`effective_at`), so that every process has read
it by then; the instants decide what a key may do, not the moment at which a process happens to learn of it. Instants
are seconds since the epoch, UTC.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from keys.states import PUBLISHED, KeyState, require_transition

LOCAL = "local"


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyRecord:
    """One key or secret of the ring; `wrapped` is None where the private part lives elsewhere or was destroyed.

    `home` says where the private part is: "local" is in this row, wrapped; anything else names a token or service that
    signs for us ("pkcs11:LABEL"). `canaries` are the clients for which a staged key signs before all others, each with
    the instant from which it does; `tried_for` are all for which it ever has.

    `version` counts the secrets of one purpose (1 for signing keys, whose kid tells them apart); `epoch` is the ring's
    epoch at this row's last change.
    """

    kid: str
    algorithm: str
    purpose: str
    version: int = 1
    state: KeyState
    public_jwk: Mapping[str, str]
    wrapped: bytes | None = field(repr=False)
    home: str = LOCAL
    kek_id: str
    created_at: float
    effective_at: float
    staged_at: float | None = None
    activated_at: float | None = None
    retired_at: float | None = None
    removed_at: float | None = None
    canaries: Mapping[str, float] = field(default_factory=dict)
    tried_for: Sequence[str] = ()
    epoch: int

    def signs(self, now: float) -> bool:
        """Tell whether this is the key to sign with: activated, and not yet retired."""
        if self.state not in {KeyState.ACTIVE, KeyState.RETIRING} or self.activated_at is None:
            return False
        return self.activated_at <= now and (self.retired_at is None or now < self.retired_at)

    def published(self, now: float) -> bool:
        """Tell whether the key belongs into the JWKS: a removal that is yet to come leaves it there.

        A row without a wrapped part can't prove itself, so once it says "removed" that holds at once.
        """
        if self.state is KeyState.REMOVED:
            return self.wrapped is not None and self.removed_at is not None and now < self.removed_at
        return self.state in PUBLISHED

    def moved(self, state: KeyState, *, at: float, epoch: int) -> "KeyRecord":
        """Return this key in its next state, which holds from `at` on.

        Raises:
            ForbiddenTransition: that state never follows this one.
        """
        require_transition(self.state, state)
        return replace(
            self,
            state=state,
            effective_at=at,
            activated_at=at if state is KeyState.ACTIVE else self.activated_at,
            retired_at=at if state is KeyState.RETIRING else self.retired_at,
            removed_at=at if state is KeyState.REMOVED else self.removed_at,
            canaries={},
            epoch=epoch,
        )
