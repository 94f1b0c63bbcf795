"""Each page of the account with something in every place."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import flask

from idp.web.brand import Brand
from idp.web.consent_words import SharedData
from idp.web.errors import WayBack
from idp.web.problems import CODE_WRONG, NEW_ADDRESS_REFUSED, PHRASE_REFUSED, SHARE_PROBLEMS
from idp.web.render import Pages
from idp.wording import Language

AT = 1_795_345_200.0


def home(pages: Pages, language: Language, text: str, _: Brand) -> flask.Response:
    """The account's own page."""
    return pages.render(
        "account_home",
        language=language,
        account_name=text,
        user_id=text,
        last_sign_in=AT,
        recovered_at=AT,
        careful_until=AT + 259_200.0,
        closes_at=AT,
        shared_device=True,
        offer=True,
        codes_left=2,
        told=[text],
        pending=[text, text],
        apps=[WayBack(text, "https://portal.example.com/")],
        sign_out_action="/account/sign-out",
        sign_out_token="1.y",
        form_token="1.x",
    )


def factor(text: str, kind: str = "totp") -> SimpleNamespace:
    """A factor as the pages show it."""
    return SimpleNamespace(id="f", kind=kind, name=text, created_at=AT, last_used_at=AT)


def methods(pages: Pages, language: Language, text: str, _: Brand) -> flask.Response:
    """Sign-in methods of every kind."""
    return pages.render(
        "account_methods",
        language=language,
        password_changed_at=AT,
        factors=[factor(text, kind) for kind in ("totp", "passkey", "sms")],
        codes_left=2,
        remembered=1,
        shared_device=True,
        form_token="1.x",
    )


def new_phone(pages: Pages, language: Language, text: str, _: Brand) -> flask.Response:
    """Two phones, of which one may go."""
    return pages.render("account_new_phone", language=language, factors=[factor(text), factor(text)], form_token="1.x")


def place(text: str, **more: Any) -> dict[str, Any]:  # noqa: ANN401 - a template's own
    """A session, or where an event came from."""
    return {"browser": text, "system": text, "address": text, **more}


def sessions(pages: Pages, language: Language, text: str, _: Brand) -> flask.Response:
    """This session and another one."""
    common = {"created_at": AT, "last_seen_at": AT, "shared_device": True}
    shown = [place(text, sid="s", here=True, **common), place(text, sid="t", here=False, **common)]
    return pages.render("account_sessions", language=language, sessions=shown, done="ended", form_token="1.x")


def apps(pages: Pages, language: Language, text: str, _: Brand) -> flask.Response:
    """An app that may see everything."""
    app = {
        "client_id": text,
        "name": text,
        "first_party": False,
        "since": AT,
        "used_at": AT,
        "lasting": True,
        "shared": [SharedData(text, text)],
    }
    return pages.render("account_apps", language=language, apps=[app], done="withdrawn", form_token="1.x")


def shared(pages: Pages, language: Language, text: str, _: Brand) -> flask.Response:
    """A contract of each kind, shared in both directions, and an offer."""
    vehicle = SimpleNamespace(vin=text, make=text, model=text, registration=text)
    contracts = [
        SimpleNamespace(id=role, number=text, role=role, until=until, shared=None, vehicles=[vehicle])
        for role, until in (("holder", None), ("co_borrower", None), ("guarantor", None), ("delegate", AT))
    ]
    share = SimpleNamespace(
        id="s",
        contract_id="holder",
        number=text,
        permission="pay",
        address=text,
        giver_name=text,
        delegate_name=None,
        accepted_at=None,
        expires_at=AT,
    )
    return pages.render(
        "account_shared",
        language=language,
        contracts=contracts,
        given=[share],
        held=[share],
        offers=[share],
        may_share=True,
        done="offered",
        form_token="1.x",
    )


def share(pages: Pages, language: Language, text: str, _: Brand) -> flask.Response:
    """A contract to share, with everything mistyped."""
    return pages.render(
        "share_contract",
        language=language,
        numbers=[text],
        typed={"number": text, "address": text, "permission": "pay", "until": text},
        earliest="2027-01-17",
        latest="2028-01-10",
        problems=tuple(SHARE_PROBLEMS.values()),
        form_token="1.x",
    )


def close(pages: Pages, language: Language, text: str, _: Brand) -> flask.Response:
    """A wish that can be taken back."""
    return pages.render("close_account", language=language, user_id=text, closes_at=AT, days=30, form_token="1.x")


def close_done(pages: Pages, language: Language, _text: str, _: Brand) -> flask.Response:
    """What comes after the wish."""
    return pages.render("close_account_done", language=language, days=30)


def details(pages: Pages, language: Language, text: str, _: Brand) -> flask.Response:
    """Contact data, and a phrase that was refused."""
    return pages.render(
        "account_details",
        language=language,
        email=text,
        email_verified=False,
        phone_number=text,
        wishes=SimpleNamespace(language="de", phrase=text, new_device_mail=True),
        max_phrase=64,
        problems=(PHRASE_REFUSED,),
        done=None,
        form_token="1.x",
    )


def email(pages: Pages, language: Language, text: str, _: Brand) -> flask.Response:
    """An address that was refused."""
    return _email(pages, language, text, waiting_for=None, problems=(NEW_ADDRESS_REFUSED,))


def email_code(pages: Pages, language: Language, text: str, _: Brand) -> flask.Response:
    """A code that was wrong."""
    return _email(pages, language, text, waiting_for=text, problems=(CODE_WRONG,))


def _email(pages: Pages, language: Language, text: str, **context: Any) -> flask.Response:  # noqa: ANN401
    return pages.render(
        "account_email", language=language, present=text, another=False, typed=text, form_token="1.x", **context
    )


def email_done(pages: Pages, language: Language, text: str, _: Brand) -> flask.Response:
    """The end of a change."""
    return pages.render("account_email_done", language=language, email=text, form_token="1.x")


def activity(pages: Pages, language: Language, text: str, _: Brand) -> flask.Response:
    """One event."""
    event = place(text, words=text, at=AT, app=text, here=True, reference=text)
    return pages.render("account_activity", language=language, events=[event], form_token="1.x")


def call_code(pages: Pages, language: Language, _text: str, _: Brand) -> flask.Response:
    """A code that was just made."""
    return pages.render("account_call_code", language=language, code="1234 5678", minutes=10, form_token="1.x")


def lock_down(pages: Pages, language: Language, text: str, _: Brand) -> flask.Response:
    """The question, for whoever comes by a mail's link while signed in."""
    return pages.render("lock_down", language=language, action="/lock-down", form_token="1.x", token=text, user_id=text)


def lock_down_done(pages: Pages, language: Language, _text: str, _: Brand) -> flask.Response:
    """What comes after it."""
    return pages.render("lock_down_done", language=language)


ACCOUNT_SAMPLES = {
    "Your account": home,
    "Sign-in methods": methods,
    "Got a new phone?": new_phone,
    "Devices and sessions": sessions,
    "Apps with access": apps,
    "Contracts and shared access": shared,
    "Share a contract": share,
    "Close your account": close,
    "Your account will be closed": close_done,
    "Contact and mails": details,
    "New e-mail address": email,
    "New e-mail address ": email_code,
    "Your e-mail address is changed": email_done,
    "Recent activity": activity,
    "Code for a call to support": call_code,
    "This wasn’t me": lock_down,
    "Your account is locked": lock_down_done,
}
