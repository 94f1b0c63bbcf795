"""The one gate: may a code, token or session be issued, given everything known about who asks?

Each state that forbids issuance is one named check below. Every path of `Path` calls `may_issue`; the matrix test
crosses each state with each path, and fails for a path or state that is declared in neither list. The name of the
state is for the audit trail; whoever asked learns only what its protocol says.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from idp.clients.client import Client
from idp.mfa.policy import PHISHING_RESISTANT, reaches


class Path(StrEnum):
    """The ways by which something is issued or honoured; a new way is added here first."""

    PASSWORD = "password"
    PASSKEY = "passkey"
    SINGLE_SIGN_ON = "single_sign_on"
    CODE_EXCHANGE = "code_exchange"
    REFRESH = "refresh"
    CLIENT_CREDENTIALS = "client_credentials"
    USERINFO = "userinfo"
    INTROSPECTION = "introspection"
    LOGOUT_HINT = "logout_hint"


class State(StrEnum):
    """The states that forbid issuance; a new state is added here first."""

    CLIENT_DISABLED = "client_disabled"
    GRANT_TYPE_REMOVED = "grant_type_removed"
    SCOPE_REMOVED = "scope_removed"
    ACCOUNT_DISABLED = "account_disabled"
    ACCOUNT_CLOSED = "account_closed"
    NOT_BEFORE_RAISED = "not_before_raised"
    LOCKED_DOWN = "locked_down"
    RESET_DUE = "reset_due"
    MFA_DUE = "mfa_due"
    STAFF_WITHOUT_PASSKEY = "staff_without_passkey"
    PASSWORD_CHANGED = "password_changed"
    BEYOND_PERMISSION = "beyond_permission"
    CONSENT_WITHDRAWN = "consent_withdrawn"
    SESSION_ENDED = "session_ended"
    GRANT_ENDED = "grant_ended"


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is known at the moment of issuing; `issued_at` (seconds) is the sign-in or issue that is relied upon.

    `acr` is the level that is relied upon, None where the path has none; `factor_due` says that the account has a
    second factor which this sign-in owes, `staff` that it is a member of staff's; `beyond_permission`, that the scopes
    are more than the person may do with any contract.
    """

    path: Path
    client: Client
    scopes: frozenset[str]
    issued_at: float
    account_status: str | None = None
    account_not_before: float | None = None
    locked_down: bool = False
    reset_due: bool = False
    acr: str | None = None
    factor_due: bool = False
    staff: bool = False
    password_changed: bool = False
    beyond_permission: bool = False
    consented: bool = True
    session_ended: bool = False
    grant_ended: bool = False


class IssuanceRefused(Exception):
    """The gate is shut; `state` says why, for the audit trail only."""

    def __init__(self, state: State) -> None:
        super().__init__(state.value)
        self.state = state


GRANT_TYPE_OF = {
    Path.PASSWORD: "authorization_code",
    Path.PASSKEY: "authorization_code",
    Path.SINGLE_SIGN_ON: "authorization_code",
    Path.CODE_EXCHANGE: "authorization_code",
    Path.REFRESH: "refresh_token",
    Path.CLIENT_CREDENTIALS: "client_credentials",
}


def _grant_type_removed(facts: Facts) -> bool:
    needed = GRANT_TYPE_OF.get(facts.path)
    return needed is not None and needed not in facts.client.grant_types


def _not_before_raised(facts: Facts) -> bool:
    return facts.account_not_before is not None and facts.issued_at < facts.account_not_before


def _mfa_due(facts: Facts) -> bool:
    minimum = facts.client.minimum_acr
    return facts.factor_due or (facts.acr is not None and minimum is not None and not reaches(facts.acr, minimum))


def _staff_without_passkey(facts: Facts) -> bool:
    return facts.staff and facts.acr is not None and not reaches(facts.acr, PHISHING_RESISTANT)


CHECKS: tuple[tuple[State, Callable[[Facts], bool]], ...] = (
    (State.CLIENT_DISABLED, lambda facts: facts.client.disabled_at is not None),
    (State.GRANT_TYPE_REMOVED, _grant_type_removed),
    (State.SCOPE_REMOVED, lambda facts: not facts.scopes <= facts.client.scopes),
    (State.ACCOUNT_DISABLED, lambda facts: facts.account_status == "disabled"),
    (State.ACCOUNT_CLOSED, lambda facts: facts.account_status == "closed"),
    (State.NOT_BEFORE_RAISED, _not_before_raised),
    (State.LOCKED_DOWN, lambda facts: facts.locked_down),
    (State.RESET_DUE, lambda facts: facts.reset_due),
    (State.MFA_DUE, _mfa_due),
    (State.STAFF_WITHOUT_PASSKEY, _staff_without_passkey),
    (State.PASSWORD_CHANGED, lambda facts: facts.password_changed),
    (State.BEYOND_PERMISSION, lambda facts: facts.beyond_permission),
    (State.CONSENT_WITHDRAWN, lambda facts: not facts.consented),
    (State.SESSION_ENDED, lambda facts: facts.session_ended),
    (State.GRANT_ENDED, lambda facts: facts.grant_ended),
)


def may_issue(facts: Facts) -> None:
    """Let pass, or refuse.

    Raises:
        IssuanceRefused: with the first state that forbids it.
    """
    for state, forbids in CHECKS:
        if forbids(facts):
            raise IssuanceRefused(state)
