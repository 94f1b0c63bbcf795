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
    State.ACCOUNT_DISABLED: {
        "sign in": "page:/sign-in",  # looks like a wrong password
        "allow what was signed in for before": "access_denied",
        "single sign-on": "login_required",
        **PERSON_ENDED,
    },
    State.ACCOUNT_CLOSED: {
        "sign in": "page:/sign-in",
        "allow what was signed in for before": "access_denied",
        "single sign-on": "access_denied",
        **PERSON_ENDED,
    },
    State.NOT_BEFORE_RAISED: {
        "sign in": "code",
        "allow what was signed in for before": "access_denied",
        "single sign-on": "access_denied",
        **PERSON_ENDED,
    },
    State.RESET_DUE: {
        "sign in": "page:/change-password",
        "allow what was signed in for before": "page:/change-password",
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
UNRECORDED = {"inactive", "page:/end-session", "page:/consent", "page:/change-password"}
