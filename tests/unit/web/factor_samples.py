"""The pages of second factors, with something in every place."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import flask
from markupsafe import Markup

from idp.mfa.phone_numbers import NumberFault
from idp.web.brand import Brand
from idp.web.factor_words import APP_CODE_REFUSED, LAST_FACTOR, RECOVERY_CODE_REFUSED, number_refused
from idp.web.render import Pages
from idp.wording import Language

FORM: dict[str, Any] = {"action": "/here", "form_token": "1.x"}
LATELY = 1_795_345_200.0
VERIFY: dict[str, Any] = {
    "asked_by_app": False,
    "passkey_options": "",
    "phone": "+44 ••• 23",
    "texted": False,
    "again_in": 0,
    "codes_left": 8,
    "other_ways": "/ways",
    "lost": "/lost",
    "remember": True,
    "days": 30,
    "problems": (),
    "cancellable": True,
    **FORM,
}


def verify_app(pages: Pages, language: Language, _text: str, brand: Brand) -> flask.Response:
    """The code of an app, refused."""
    return pages.render(
        "verify_factor", language=language, brand=brand, **VERIFY | {"way": "totp", "problems": (APP_CODE_REFUSED,)}
    )


def verify_passkey(pages: Pages, language: Language, text: str, brand: Brand) -> flask.Response:
    """A passkey, for an app that asks for more."""
    changes = {"way": "passkey", "passkey_options": text, "asked_by_app": True}
    return pages.render("verify_factor", language=language, brand=brand, **VERIFY | changes)


def verify_text(pages: Pages, language: Language, text: str, _: Brand) -> flask.Response:
    """A code by text, on its way."""
    changes = {"way": "sms", "phone": text, "texted": True, "again_in": 12}
    return pages.render("verify_factor", language=language, **VERIFY | changes)


def verify_recovery_code(pages: Pages, language: Language, _text: str, _: Brand) -> flask.Response:
    """A recovery code, refused."""
    changes = {"way": "recovery_code", "remember": False, "problems": (RECOVERY_CODE_REFUSED,)}
    return pages.render("verify_factor", language=language, **VERIFY | changes)


def ways(pages: Pages, language: Language, text: str, brand: Brand) -> flask.Response:
    """All the ways."""
    kinds = ("passkey", "totp", "sms", "recovery_code")
    listed = [SimpleNamespace(way=kind, address="/way", about=text, count=8) for kind in kinds]
    return pages.render(
        "verify_factor_ways",
        language=language,
        brand=brand,
        ways=listed,
        passkey_only=True,
        account="/account/new-phone",
        back="/back",
    )


def choice(pages: Pages, language: Language, _text: str, brand: Brand) -> flask.Response:
    """What can be added."""
    kinds = [{"kind": kind, "address": "/kind"} for kind in ("passkey", "totp", "sms")]
    return pages.render(
        "enrol_factor", language=language, brand=brand, kinds=kinds, asked_by_app=True, back=None, **FORM
    )


def add_app(pages: Pages, language: Language, text: str, brand: Brand) -> flask.Response:
    """An app, with a wrong code."""
    return pages.render(
        "enrol_factor_totp",
        language=language,
        brand=brand,
        qr=Markup('<svg class="qr"></svg>'),
        secret="AAAA BBBB CCCC DDDD",
        uri="otpauth://totp/x",
        device_name=text,
        problems=(APP_CODE_REFUSED,),
        others="/others",
        **FORM,
    )


def add_passkey(pages: Pages, language: Language, text: str, brand: Brand) -> flask.Response:
    """A passkey."""
    return pages.render(
        "enrol_factor_passkey",
        language=language,
        brand=brand,
        passkey_action="/here",
        passkey_options=text,
        passkey_name=text,
        form_token="1.x",
        problems=(),
        others="/others",
    )


def add_number(pages: Pages, language: Language, text: str, brand: Brand) -> flask.Response:
    """A number that no texts are sent to."""
    return pages.render(
        "enrol_factor_sms",
        language=language,
        brand=brand,
        phone=text,
        texted=False,
        again_in=0,
        problems=(number_refused(NumberFault.NOT_SERVED),),
        others="/others",
        other_number="/other",
        **FORM,
    )


def recovery_codes(pages: Pages, language: Language, text: str, brand: Brand) -> flask.Response:
    """The codes, this once."""
    return pages.render(
        "recovery_codes",
        language=language,
        brand=brand,
        codes=("AAAA-BBBB-CCCC-DDDD", "EEEE-FFFF-GGGG-HHHH"),
        user_id=text,
        added=text,
        done="/on",
        confirmed=True,
        form_token="1.x",
    )


def own_factor(pages: Pages, language: Language, _text: str, _: Brand) -> flask.Response:
    """The last device of an account."""
    factor = SimpleNamespace(name="My phone", kind="totp", created_at=LATELY, last_used_at=LATELY)
    problems = (LAST_FACTOR,)
    return pages.render(
        "own_factor", language=language, factor=factor, last=True, back="/back", problems=problems, **FORM
    )


def own_recovery_codes(pages: Pages, language: Language, _text: str, _: Brand) -> flask.Response:
    """The question before new codes."""
    return pages.render("own_recovery_codes", language=language, left=3, back="/back", **FORM)


FACTOR_SAMPLES = {
    "Enter the code from your app": verify_app,
    "Use your passkey": verify_passkey,
    "Enter the code from the text": verify_text,
    "Use a recovery code": verify_recovery_code,
    "Another way to confirm that it is you": ways,
    "Add a second step": choice,
    "Add an authenticator app": add_app,
    "Add a passkey": add_passkey,
    "Add codes by text": add_number,
    "Keep these recovery codes": recovery_codes,
    "My phone": own_factor,
    "New recovery codes": own_recovery_codes,
}
