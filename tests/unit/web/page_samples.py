"""Each page with something in every place, and what a browser would make of it."""

from collections.abc import Callable
from html.parser import HTMLParser
from types import SimpleNamespace
from typing import Any

import flask
from typing_extensions import override

from idp.passwords.policy import PasswordHoldsName, Rules
from idp.web.brand import Brand
from idp.web.consent_words import SharedData
from idp.web.error_words import ERROR_WORDS
from idp.web.errors import Explanation, WayBack
from idp.web.form_post import form_post_page
from idp.web.leaving import SignOutFrame, ToldApp
from idp.web.problems import (
    ADDRESS_MISSING,
    CODE_WRONG,
    PASSWORD_MISSING,
    SIGN_IN_FAILED,
    USER_ID_MISSING,
    new_password_refused,
)
from idp.web.render import Pages
from idp.wording import Language
from tests.unit.web.account_samples import ACCOUNT_SAMPLES
from tests.unit.web.factor_samples import FACTOR_SAMPLES
from tests.unit.web.password_samples import PASSWORD_SAMPLES
from tests.unit.web.recovery_samples import RECOVERY_SAMPLES
from tests.unit.web.staff_samples import STAFF_SAMPLES

FORM: dict[str, Any] = {"action": "/here", "form_token": "1.x"}
PASSKEY: dict[str, Any] = {"passkey_action": "/here/passkey", "passkey_options": "{}"}
Sample = Callable[[Pages, Language, str, Brand], flask.Response]


def sign_in(pages: Pages, language: Language, text: str, brand: Brand) -> flask.Response:
    """Sign-in, with every field in error."""
    problems = (USER_ID_MISSING, PASSWORD_MISSING, SIGN_IN_FAILED)
    return pages.render(
        "sign_in",
        language=language,
        brand=brand,
        user_id=text,
        recover="/recover",
        problems=problems,
        cancellable=True,
        shared_device=True,
        **PASSKEY,
        **FORM,
    )


def sign_in_first(pages: Pages, language: Language, text: str, _: Brand) -> flask.Response:
    """Sign-in without an app, as it is first seen."""
    return pages.render(
        "sign_in",
        language=language,
        user_id=text,
        recover="/recover",
        problems=(),
        cancellable=False,
        shared_device=False,
        **PASSKEY,
        **FORM,
    )


def recover(pages: Pages, language: Language, text: str, brand: Brand) -> flask.Response:
    """A forgotten user ID or password, with its field in error."""
    return pages.render(
        "recover",
        language=language,
        brand=brand,
        ticket="t",
        journey="",
        reason="",
        choice="user_id",
        identifier=text,
        sign_in="/account",
        problems=(ADDRESS_MISSING,),
        **FORM,
    )


def recover_code(pages: Pages, language: Language, _text: str, brand: Brand) -> flask.Response:
    """The page that waits for the code."""
    return pages.render(
        "recover_code",
        language=language,
        brand=brand,
        choice="password",
        again="/recover",
        sign_in="/account",
        problems=(CODE_WRONG,),
        **FORM,
    )


def recover_link(pages: Pages, language: Language, text: str, brand: Brand) -> flask.Response:
    """What the link opens in another browser."""
    return pages.render(
        "recover_link",
        language=language,
        brand=brand,
        token=text,
        code_needed=True,
        sign_in="/account",
        problems=(CODE_WRONG,),
        **FORM,
    )


def reset_password(pages: Pages, language: Language, text: str, brand: Brand) -> flask.Response:
    """The new password, refused."""
    problems = (new_password_refused(PasswordHoldsName(text)),)
    return pages.render(
        "reset_password",
        language=language,
        brand=brand,
        user_id=text,
        rules=Rules(second_factor=False),
        judged="",
        sign_out=True,
        sign_in="/account",
        problems=problems,
        **FORM,
    )


def reset_done(pages: Pages, language: Language, _text: str, brand: Brand) -> flask.Response:
    """The end of a reset."""
    return pages.render("reset_done", language=language, brand=brand, hours=72, sign_in="/account")


def user_ids(pages: Pages, language: Language, text: str, brand: Brand) -> flask.Response:
    """The user IDs at an address."""
    return pages.render("user_ids", language=language, brand=brand, user_ids=[text, text], sign_in="/account")


def consent(pages: Pages, language: Language, text: str, brand: Brand) -> flask.Response:
    """Consent to everything."""
    shared = [SharedData(text, text, ((text, text),)), SharedData(text, text)]
    person: dict[str, Any] = {"account_id": text, "account_name": text, "user_id": text}
    return pages.render(
        "consent",
        language=language,
        brand=brand,
        problems=(),
        shared=shared,
        offline_days=90,
        last_sign_in=1_795_345_200.0,
        **person,
        **FORM,
    )


def sign_out(pages: Pages, language: Language, text: str, brand: Brand) -> flask.Response:
    """The question before signing out."""
    return pages.render(
        "sign_out", language=language, brand=brand, account_name=text, user_id=text, kept={"state": text}, **FORM
    )


def signed_out(pages: Pages, language: Language, text: str, brand: Brand) -> flask.Response:
    """The page after it."""
    way_back = WayBack(text, "https://portal.example.com/")
    told = [ToldApp(name=text, state=state) for state in ("confirmed", "pending", "failed")]
    frame = SignOutFrame(name=text, address="https://portal.example.com/leave?iss=a&sid=b")
    return pages.render(
        "signed_out",
        language=language,
        brand=brand,
        way_back=way_back,
        told=told,
        goes_on=False,
        frames=[frame.address],
        sign_out_frames=[frame],
    )


def error(pages: Pages, language: Language, text: str, brand: Brand) -> flask.Response:
    """An error with a way back and an explanation."""
    return pages.render(
        "error",
        language=language,
        brand=brand,
        words=ERROR_WORDS["request_invalid"],
        reference="KTMR-4821",
        way_back=WayBack(text, "https://portal.example.com/"),
        explanation=Explanation(check=text, sent=text, registered=[text, text]),
    )


def form_post(pages: Pages, language: Language, text: str, brand: Brand) -> flask.Response:
    """The form that carries an answer to an app."""
    fields = {"code": "abc", "state": text}
    return form_post_page(pages, action="https://portal.example.com/cb", fields=fields, language=language, brand=brand)


def demo_home(pages: Pages, language: Language, text: str, _: Brand) -> flask.Response:
    """The demo's tour."""
    portals = [SimpleNamespace(name=text, address="http://localhost:8001/", shows=text)]
    people = [SimpleNamespace(user_id=text, name=text, shows=text)]
    factors = [SimpleNamespace(user_id=text, secret=text, code="123456", recovery_code=text)]
    return pages.render(
        "demo_home",
        language=language,
        portals=portals,
        people=people,
        password=text,
        factors=factors,
        staff={text: "support"},
        form_token=text,
        mailbox=True,
    )


def demo_connect(pages: Pages, language: Language, text: str, _: Brand) -> flask.Response:
    """Settings to paste."""
    addresses = ["http://localhost:3000/cb", "http://localhost:5000/cb"]
    about: dict[str, Any] = {"redirect_uris": addresses, "name": text, "shows": text}
    clients = [
        SimpleNamespace(client_id=text, client_secret=text, auth_method=text, **about),
        SimpleNamespace(client_id="spa", client_secret=None, auth_method="none", **about),
    ]
    return pages.render("demo_connect", language=language, issuer="http://localhost:8000", clients=clients)


def demo_mailbox(pages: Pages, language: Language, text: str, _: Brand) -> flask.Response:
    """The demo's mailbox."""
    messages = [
        SimpleNamespace(name="1", language="en", recipient=text, subject=text, text=text, sent_at=1_795_345_200.0)
    ]
    return pages.render("demo_mailbox", language=language, messages=messages)


SAMPLES: dict[str, Sample] = {
    "Sign in": sign_in,
    "Sign in ": sign_in_first,
    "Forgot user ID or password": recover,
    "Check your mail": recover_code,
    "Choose a new password": reset_password,
    "Choose a new password ": recover_link,
    "Your password is changed": reset_done,
    "Your user IDs": user_ids,
    "Allow access": consent,
    "Sign out?": sign_out,
    "You are signed out": signed_out,
    "This sign-in request cannot be used": error,
    "Back to the app": form_post,
    **RECOVERY_SAMPLES,
    **PASSWORD_SAMPLES,
    **ACCOUNT_SAMPLES,
    **FACTOR_SAMPLES,
    **STAFF_SAMPLES,
    "See it work in five steps": demo_home,
    "Connect your app": demo_connect,
    "Mailbox": demo_mailbox,
}


class Seen(HTMLParser):
    """What a browser would make of a page."""

    def __init__(self, body: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.headings: list[str] = []
        self._inside: list[str] = []
        self.feed(body)

    @override
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._inside.append(tag)
        if tag == "h1":
            self.headings.append("")

    @override
    def handle_endtag(self, tag: str) -> None:
        while self._inside and self._inside.pop() != tag:
            pass

    @override
    def handle_data(self, data: str) -> None:
        self.texts.append(data)
        if "h1" in self._inside:
            self.headings[-1] += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        """The attributes of every element of a kind."""
        return [attributes for name, attributes in self.tags if name == tag]


def seen(response: flask.Response) -> Seen:
    """Read a response as a browser would."""
    return Seen(response.get_data(as_text=True))
