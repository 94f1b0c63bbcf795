"""Each page of the security console with something in every place."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import flask

from idp.lockout.rests import Where
from idp.staff.charts import Span, bars, life
from idp.staff.desk_problems import CODE_WRONG, REASON_MISSING, REVEAL_REASON_MISSING, TICKET_MALFORMED, TYPED_MISSING
from idp.staff.desk_shown import Held, Lock
from idp.staff.roles import Action
from idp.web.brand import Brand
from idp.web.render import Pages
from idp.wording import Language

AT = 1_795_345_200.0
STATES = ("active", "staged", "standby", "retiring", "compromised", "removed")
ACTORS = ("account:a", "account:b", "client:c", "anonymous", "worker", "demo")


def console(pages: Pages, language: Language, name: str, text: str, **context: Any) -> flask.Response:  # noqa: ANN401 - a template's own
    """Render a page for whoever may do everything."""
    return pages.render(
        f"security_{name}",
        language=language,
        names={"a": text},
        user_id=text,
        role="security",
        may={action.value for action in Action},
        here=name,
        now=AT,
        form_token="1.x",
        sign_out_token="1.y",
        **context,
    )


def proposal(text: str, **more: Any) -> SimpleNamespace:  # noqa: ANN401 - an approval's fields
    """A proposal, made at a command line."""
    made = {"id": "p", "act": "reset_factor", "proposed_by": f"cli:{text}@{text}", "proposed_at": AT, "reason": text}
    return SimpleNamespace(**(made | {"state": "proposed", "expires_at": AT + 1800.0, "decided_by": None} | more))


def overview(pages: Pages, language: Language, text: str, _: Brand) -> flask.Response:
    """Everything that can need attention."""
    member = SimpleNamespace(user_id=text, role="auditor", status="active", enrolled=False)
    context: dict[str, Any] = {"staff": [member], "engineers": 1, "waiting": 2, "unreviewed": 1}
    return console(pages, language, "overview", text, alone=[proposal(text)], two_person_acts=False, **context)


def keys(pages: Pages, language: Language, text: str, _: Brand) -> flask.Response:
    """A key in every state, an incident and a drill."""
    shown = [_key(text, state) for state in STATES]
    app = {"client_id": text, "name": text, "chosen": True, "ready": False}
    family = {"algorithm": "ES256", "keys": shown, "following": "kid-staged", "on_trial": True, "apps": [app]}
    return console(
        pages,
        language,
        "keys",
        text,
        families=[family],
        incidents=[_incident(text, "tokens", None), _incident(text, "drill", "account:b")],
        drills=[_drill(text, "0.512"), _drill(text, "")],
        actor="account:a",
        done="tried",
    )


def _key(text: str, state: str) -> dict[str, Any]:
    span = Span(state=state, begin=AT - 1.0, end=AT + 1.0)
    return {
        "kid": f"kid-{state}",
        "state": state,
        "since": AT,
        "before": [("staged", AT), ("active", AT)],
        "chart": life([span], begin=AT - 5.0, end=AT + 5.0, now=AT),
        "home": "pkcs11:here",
        "tried_by": [text],
        "missing": [text],
        "wait_until": AT,
        "contained": state == "compromised",
        "destroyable": state == "removed",
    }


def _incident(text: str, purpose: str, reviewed_by: str | None) -> SimpleNamespace:
    about = {"id": "i", "kid": "kid", "algorithm": "ES256", "purpose": purpose, "reason": text, "withdrawn_at": AT}
    return SimpleNamespace(**about, opened_at=AT, opened_by=f"cli:{text}@n", reviewed_by=reviewed_by, review_due_at=AT)


def _drill(text: str, seconds: str) -> SimpleNamespace:
    details = {"algorithm": "ES256", "nodes": ["this process", text], "seconds": [seconds, seconds]}
    return SimpleNamespace(actor="account:a", result="ok" if seconds else "too_slow", at=AT, details=details)


def approvals(pages: Pages, language: Language, text: str, _: Brand) -> flask.Response:
    """Proposals that wait, and what has become of others."""
    past = [proposal(text, state=state, decided_by="account:a") for state in ("approved", "refused", "alone", "late")]
    return console(pages, language, "approvals", text, waiting=[proposal(text)], past=past, done="approve")


def approval(pages: Pages, language: Language, text: str, _: Brand) -> flask.Response:
    """A proposal to be decided."""
    arguments = [(name, text, text) for name in ("account_id", "client_id", "kid", "minimum_acr", "ticket", "other")]
    context: dict[str, Any] = {"approval": proposal(text), "arguments": arguments, "seen": "00", "action": "/here"}
    return console(pages, language, "approval", text, open=True, own=False, decides=True, **context)


def attacks(pages: Pages, language: Language, text: str, _: Brand) -> flask.Response:
    """An hour with attacks, and none."""
    busy = {"words": "Sign-ins refused", "total": 4, "highest": 3, "chart": bars([1, 0, 3]), "hours": [(AT, 3)]}
    calm = {"words": "Accounts locked", "total": 0, "highest": 0, "chart": bars([0, 0]), "hours": []}
    return console(pages, language, "attacks", text, charts=[busy, calm], since=AT)


def audit(pages: Pages, language: Language, text: str, _: Brand) -> flask.Response:
    """Events by everybody who can act."""
    about = {"type": "sign_in.refused", "at": AT, "result": text, "account_id": text, "client_id": text}
    events = [SimpleNamespace(actor=actor, reference=text, **about) for actor in ACTORS]
    chain = SimpleNamespace(seq=7, sealed_at=AT, unsealed=2, checkpoint_at=AT, unsent=1)
    typed = dict.fromkeys(("type", "account_id", "client_id", "reference"), text)
    return console(
        pages, language, "audit", text, typed=typed, events=events, chain=chain, kinds=["a.b"], most=len(events)
    )


def clients(pages: Pages, language: Language, text: str, _: Brand) -> flask.Response:
    """An app at work, and one that was stopped."""
    about: dict[str, Any] = {"client_id": text, "name": text, "token_algs": frozenset({"ES256"}), "own_jwks": True}
    apps = [
        SimpleNamespace(**about, first_party=True, minimum_acr="urn:idp:mfa", disabled_at=stopped)
        for stopped in (None, AT)
    ]
    return console(pages, language, "clients", text, clients=apps, done="disabled")


def desk(pages: Pages, language: Language, text: str, _: Brand) -> flask.Response:
    """A search that found nobody, and a caller who is verified."""
    call = SimpleNamespace(account_id="a", verified_at=AT, expires_at=AT)
    return console(pages, language, "desk", text, calls=[call], nobody=text, problems=[TYPED_MISSING])


def desk_unverified(pages: Pages, language: Language, text: str, _: Brand) -> flask.Response:
    """An account whose caller has read out a wrong code."""
    known = {"status": "disabled", "mail_to": text}
    return _desk_account(pages, language, text, call=None, whole=False, known=known, problems=[CODE_WRONG], done=None)


def desk_account(pages: Pages, language: Language, text: str, _: Brand) -> flask.Response:
    """Every lock, every value, every act."""
    call = SimpleNamespace(way="mail", expires_at=AT)
    event = {"type": "sign_in.refused", "at": AT, "result": text, "reference": text}
    known = {
        "status": "active",
        "mail_to": text,
        "values": dict.fromkeys(("user_id", "name", "email", "phone_number"), text),
        "locks": [Held(lock=lock, where=where, since=AT, until=AT) for lock in Lock for where in (None, *Where)],
        "last_sign_in": AT,
        "password": True,
        "factors": ["passkey", "sms", "totp"],
        "codes_left": 3,
        "sessions": 2,
        "events": [SimpleNamespace(actor=actor, **event) for actor in ACTORS],
    }
    problems = [REASON_MISSING, TICKET_MALFORMED, REVEAL_REASON_MISSING]
    return _desk_account(
        pages, language, text, call=call, whole=True, known=known, problems=problems, done="reset_factor"
    )


def _desk_account(pages: Pages, language: Language, text: str, **context: Any) -> flask.Response:  # noqa: ANN401 - a template's own
    typed = dict.fromkeys(("reason", "ticket", "reveal_reason"), text)
    return console(
        pages,
        language,
        "desk_account",
        text,
        account_id=text,
        action="/desk/accounts/a",
        revealed={"name": text},
        asked=text,
        typed=typed,
        **context,
    )


def invitation(pages: Pages, language: Language, text: str, _: Brand) -> flask.Response:
    """What the link of an invitation opens."""
    passkey: dict[str, Any] = {"passkey_action": "/here", "passkey_options": "{}", "passkey_name": text}
    return pages.render(
        "invitation", language=language, user_id=text, role="security", problems=(), form_token="1.x", **passkey
    )


STAFF_SAMPLES = {
    "Security console": overview,
    "Keys": keys,
    "Approvals": approvals,
    "Take every second factor from an account": approval,
    "Attacks": attacks,
    "Audit": audit,
    "Apps": clients,
    "Support desk": desk,
    "Account of a caller": desk_account,
    "Account of a caller ": desk_unverified,
    "Welcome to the team": invitation,
}
