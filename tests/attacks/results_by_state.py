"""The declared table: what must come of each way of taking a path, in each state that forbids issuance."""

from __future__ import annotations

from idp.issuance.gate import State

PERSON_ENDED = {
    "exchange a code": "invalid_grant",
    "refresh": "invalid_grant",
    "client credentials": "ok",  # the app's own token has nothing to do with the person
    "userinfo": "invalid_token",
    "introspect an access token": "inactive",
    "introspect a refresh token": "inactive",
    "sign out with a hint": "signed out",  # leaving is always allowed
}
EXPECTED: dict[State, dict[str, str]] = {
    State.CLIENT_DISABLED: {
        "sign in": "shown:400",
        "allow what was signed in for before": "shown:400",
        "single sign-on": "shown:400",
        "exchange a code": "invalid_client",
        "refresh": "invalid_client",
        "client credentials": "invalid_client",
        "userinfo": "invalid_token",
        "introspect an access token": "invalid_client",
        "introspect a refresh token": "invalid_client",
        "sign out with a hint": "page:/end-session",  # asked, and led nowhere
    },
    State.GRANT_TYPE_REMOVED: {
        "sign in": "shown:400",
        "allow what was signed in for before": "access_denied",
        "single sign-on": "shown:400",
        "exchange a code": "unauthorized_client",
        "refresh": "unauthorized_client",
        "client credentials": "unauthorized_client",
        "userinfo": "ok",  # no grant type is used to honour a token: it lives five minutes at most
        "introspect an access token": "active",
        "introspect a refresh token": "active",
        "sign out with a hint": "signed out",
    },
    State.SCOPE_REMOVED: {
        "sign in": "code",  # with fewer scopes: test_a_removed_scope_is_not_issued
        "allow what was signed in for before": "access_denied",
        "single sign-on": "code",
        **PERSON_ENDED,
        "client credentials": "invalid_scope",
    },
    State.BEYOND_PERMISSION: {
        "sign in": "code",  # with what is left: test_who_may_only_look_gets_no_scope_that_writes
        "allow what was signed in for before": "code",
        "single sign-on": "code",
        **PERSON_ENDED,
    },
    State.ACCOUNT_DISABLED: {
        "sign in": "page:/sign-in",  # looks like a wrong password
        "allow what was signed in for before": "access_denied",
        "single sign-on": "login_required",
        **PERSON_ENDED,
    },
    State.ACCOUNT_CLOSED: {
        "sign in": "page:/sign-in",
        "allow what was signed in for before": "access_denied",
        "single sign-on": "login_required",
        **PERSON_ENDED,
    },
    State.NOT_BEFORE_RAISED: {
        "sign in": "code",
        "allow what was signed in for before": "access_denied",
        "single sign-on": "access_denied",
        **PERSON_ENDED,
    },
    State.LOCKED_DOWN: {
        "sign in": "page:/recover",  # whoever knows the password learns that only recovery opens the account
        "allow what was signed in for before": "page:/recover",
        "single sign-on": "login_required",
        **PERSON_ENDED,
    },
    State.MFA_DUE: {  # the app has begun to ask for more than a password
        "sign in": "page:/enrol-factor",
        "allow what was signed in for before": "page:/enrol-factor",
        "single sign-on": "unmet_authentication_requirements",
        **PERSON_ENDED,
        "userinfo": "ok",  # what was issued before lives five minutes at most
        "introspect an access token": "active",
    },
    State.STAFF_WITHOUT_PASSKEY: {
        "sign in": "page:/sign-in",  # like a wrong password, whatever stands in a password row
        "allow what was signed in for before": "access_denied",
        "single sign-on": "access_denied",
        "exchange a code": "ok",  # no account ever turns into staff: what was issued to a customer is a customer's
        "refresh": "ok",
        "client credentials": "ok",
        "userinfo": "ok",
        "introspect an access token": "active",
        "introspect a refresh token": "active",
        "sign out with a hint": "signed out",
    },
    State.RESET_DUE: {
        "sign in": "page:/change-password",
        "allow what was signed in for before": "page:/sign-in",  # the password before was proved, not the one to change
        "single sign-on": "interaction_required",
        **PERSON_ENDED,
        "userinfo": "ok",  # a due change alone voids no token that is out: it lives five minutes at most
        "introspect an access token": "active",
    },
    State.PASSWORD_CHANGED: {
        "sign in": "code",
        "allow what was signed in for before": "access_denied",  # the old password was proved, not the new
        "single sign-on": "login_required",
        **PERSON_ENDED,
    },
    State.CONSENT_WITHDRAWN: {
        "sign in": "page:/consent",
        "allow what was signed in for before": "code",  # this very click allows anew
        "single sign-on": "consent_required",
        **PERSON_ENDED,
    },
    State.SESSION_ENDED: {
        "sign in": "code",
        "allow what was signed in for before": "code",
        "single sign-on": "login_required",
        **PERSON_ENDED,
    },
    State.GRANT_ENDED: {
        "sign in": "code",
        "allow what was signed in for before": "code",
        "single sign-on": "code",
        **PERSON_ENDED,
    },
}
ISSUED = {"code", "ok", "active", "signed out"}
# Introspection answers what is so; asking is no attempt that was refused.
UNRECORDED = {
    "inactive",
    "page:/end-session",
    "page:/consent",
    "page:/change-password",
    "page:/recover",
    "page:/enrol-factor",
    "page:/verify-factor",
}

_NEW_SIGN_INS = (
    "password and app",
    "password and recovery code",
    "password in a remembered browser",
    "password and passkey",
    "passkey",
)
_RELIED_ON = ("single sign-on after an app", "allow what a passkey signed in for before")


def _each(new: str, vouched: str, allowed: str, **others: str) -> dict[str, str]:
    """Declare one state: for every new sign-in alike, for the session that vouches, for the one that waits."""
    told = {name.replace("_", " "): result for name, result in others.items()}
    return dict.fromkeys(_NEW_SIGN_INS, new) | dict(zip(_RELIED_ON, (vouched, allowed), strict=True)) | told


SLOWED = {State.ACCOUNT_CLOSED: "shown:429"}
"""Nobody answers to the name any more and no browser is known: the tries of all ways count together."""
STRONGLY_EXPECTED: dict[State, dict[str, str]] = {
    State.CLIENT_DISABLED: _each("shown:400", "shown:400", "shown:400"),
    State.GRANT_TYPE_REMOVED: _each("shown:400", "shown:400", "access_denied"),
    State.SCOPE_REMOVED: _each("code", "code", "access_denied"),
    State.BEYOND_PERMISSION: _each("code", "code", "code"),
    State.ACCOUNT_DISABLED: _each("page:/sign-in", "login_required", "access_denied"),
    State.ACCOUNT_CLOSED: _each("page:/sign-in", "login_required", "access_denied"),
    State.NOT_BEFORE_RAISED: _each("code", "access_denied", "access_denied"),
    State.LOCKED_DOWN: _each("page:/recover", "login_required", "page:/recover"),
    # A due reset is served behind the factor; a passkey alone proves no password, which is asked for then.
    State.RESET_DUE: _each("page:/change-password", "interaction_required", "page:/sign-in", passkey="page:/sign-in"),
    # A passkey reaches what the app has begun to ask for; an app's code does not, and another factor is there.
    State.MFA_DUE: _each("page:/verify-factor", "unmet_authentication_requirements", "code")
    | {"passkey": "code", "password and passkey": "code"},
    # Of all ways only the passkey is left; what was signed in by one vouches on.
    State.STAFF_WITHOUT_PASSKEY: _each("page:/sign-in", "access_denied", "code", passkey="code"),
    State.PASSWORD_CHANGED: _each("code", "login_required", "access_denied")
    | {"password in a remembered browser": "page:/verify-factor"},  # a change forgets where it was remembered
    State.CONSENT_WITHDRAWN: _each("page:/consent", "consent_required", "code"),
    State.SESSION_ENDED: _each("code", "login_required", "code"),
    State.GRANT_ENDED: _each("code", "code", "code"),
}

NOT_REFUSED = {
    (State.RESET_DUE, "allow what was signed in for before"),
    (State.RESET_DUE, "passkey"),
    (State.RESET_DUE, "allow what a passkey signed in for before"),
}
"""Cells that lead to the sign-in page because more is asked for, not because something was refused."""
