"""Every page of the service and how it is asked for: who attacks all of them takes them from here.

`tests/attacks/test_walks.py` compares this with the routes that there are: a page that is not listed fails it.
"""

from __future__ import annotations

GET, POST = "GET", "POST"
BOTH = (GET, POST)

FILES = frozenset({"/favicon.ico", "/static/style.css"})
"""What is the same for everybody."""

ROUTES: dict[str, tuple[str, ...]] = {
    "/.well-known/change-password": (GET,),
    "/account": BOTH,
    "/account/activity": (GET,),
    "/account/apps": BOTH,
    "/account/close": BOTH,
    "/account/close/done": (GET,),
    "/account/call-code": BOTH,
    "/account/details": BOTH,
    "/account/email": BOTH,
    "/account/email/done": (GET,),
    "/account/methods": (GET,),
    "/account/new-phone": (GET,),
    "/account/password": BOTH,
    "/account/password/done": (GET,),
    "/account/sessions": BOTH,
    "/account/share": BOTH,
    "/account/shared": BOTH,
    "/authorize": BOTH,
    "/change-password": BOTH,
    "/consent": BOTH,
    "/desk": BOTH,
    "/desk/accounts/<account_id>": BOTH,
    "/end-session": BOTH,
    "/enrol-factor": BOTH,
    "/favicon.ico": (GET,),
    "/invitation": BOTH,
    "/lock-down": BOTH,
    "/lock-down/done": (GET,),
    "/recover": BOTH,
    "/recover/code": BOTH,
    "/recover/factor": BOTH,
    "/recover/user-ids": (GET,),
    "/reset-password": BOTH,
    "/reset-password/done": (GET,),
    "/security": (GET,),
    "/security/approvals": (GET,),
    "/security/approvals/<approval_id>": BOTH,
    "/security/attacks": (GET,),
    "/security/audit": (GET,),
    "/security/clients": BOTH,
    "/security/keys": BOTH,
    "/sign-in": BOTH,
    "/sign-in/passkey": (POST,),
    "/signed-out": (GET,),
    "/slow-down": BOTH,
    "/static/style.css": (GET,),
    "/verify-factor": BOTH,
    "/verify-factor/ways": (GET,),
}
