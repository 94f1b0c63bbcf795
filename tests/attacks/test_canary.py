"""A secret that goes through the service stands afterwards in no log line, no address, no page and no row (T86).

Everything is driven once, with all loggers at DEBUG and Authlib among them; then every secret that was used is looked
for, as it is and as it would look escaped, in what was logged, in every column of every table, and in the addresses.
"""

from __future__ import annotations

import base64
import logging
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, quote_plus

import pytest
from sqlalchemy import inspect, text
from werkzeug.test import TestResponse

from idp.app import Service
from idp.delivery.mail_folder import KeptMail
from tests.support.databases import copy_sqlite
from tests.support.forged import ASSERTION_TYPE, KeyHolder
from tests.support.in_process import App, Browser, add_person, issuer_on
from tests.support.nodes import hidden_fields, outcome
from tests.support.recovery import WRONG_CODE, ask, code_in, deliver, link_in
from tests.support.second_factors import app_on, recovery_codes_on, verify_code

PASSWORD = "canary pässword & 7 + ? = %"
WRONG = "canary wrong & 7 + ? = %"
NEW = "canary lighthouses & 7 + ? = %"
JUDGED = "canary judged & 7 + ? = %"
SHORT = "canary tiny"
IN_THE_WRONG_FIELD = "canary typed as a user id"
NEW_PASSWORD = "canary new password for dana"


class Everything(logging.Handler):
    """Keeps every line that any logger writes."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the line, with arguments and traceback."""
        self.lines.append(logging.Formatter("%(name)s %(message)s").format(record) + repr(record.args))


@pytest.fixture
def log() -> Iterator[Everything]:
    """Listen to every logger."""
    handler, root = Everything(), logging.getLogger()
    names = ("authlib", "idp", "sqlalchemy.engine", "werkzeug", "joserfc", "flask")
    before = {name: logging.getLogger(name).level for name in names}
    root.addHandler(handler)
    for name in before:
        logging.getLogger(name).setLevel(logging.DEBUG)
    yield handler
    root.removeHandler(handler)
    for name, level in before.items():
        logging.getLogger(name).setLevel(level)


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    """Give an issuer of this test's own."""
    with issuer_on(copy_sqlite(tmp_path / "idp.sqlite"), tmp_path, mail_folder=tmp_path / "mail") as running:
        yield running


def test_no_secret_is_left_anywhere(service: Service, log: Everything, capfd: pytest.CaptureFixture[str]) -> None:
    """Passwords, codes, tokens, secrets, handles, assertions, form tokens."""
    secrets, answers = drive(service)
    service.trail.stop()
    assert set() == found_in(service, log, capfd, secrets, answers)


def test_no_secret_of_a_second_step_is_left_anywhere(
    service: Service, log: Everything, capfd: pytest.CaptureFixture[str]
) -> None:
    """Seeds, recovery codes, mailed codes and links, and the handles of known and remembered browsers."""
    secrets, answers = drive_second_steps(service)
    assert set() == found_in(service, log, capfd, secrets, answers)


def found_in(
    service: Service,
    log: Everything,
    capfd: pytest.CaptureFixture[str],
    secrets: dict[str, str],
    answers: list[TestResponse],
) -> set[tuple[str, str]]:
    """Look for every secret in every shape; gives which stands where."""
    printed = capfd.readouterr()
    places = {
        "log": "\n".join(log.lines) + printed.out + printed.err,
        "database": "\n".join(rows_of(service)),
        "addresses": "\n".join(address for answer in answers for address in addresses_of(answer)),
    }
    assert all(len(content) > 300 for content in places.values()), "nothing to search"
    return {
        (name, place)
        for name, secret in secrets.items()
        for place, content in places.items()
        for shape in shapes_of(secret)
        if shape in content
    }


def drive_second_steps(service: Service) -> tuple[dict[str, str], list[TestResponse]]:
    """Add an app from the account's page, sign in with it and with a recovery code, and forget the password."""
    add_person(service)
    app, browser = App.register(service), Browser(service)
    answers = [app.finish(browser, app.ask(browser))]
    page = browser.get("/enrol-factor?kind=totp")
    phone = app_on(service, page)
    adding = {"name": "A phone", "action": "add"}
    answers += [page, browser.submit(page, {"code": phone.wrong_code(), **adding})]
    codes = recovery_codes_on(browser.submit(page, {"code": phone.code(steps=-1), **adding}))
    assert 10 == len(codes)
    other = Browser(service)
    page = other.follow(other.sign_in(app.ask(other)))
    answers += [page, verify_code(other, page, phone.wrong_code())]
    answers.append(verify_code(other, page, phone.code(), remember="yes"))
    assert "code" == outcome(answers[-1])
    third = Browser(service)
    page = third.follow(third.sign_in(app.ask(third)))
    page = third.get(page.request.full_path + "&way=recovery_code")
    answers.append(verify_code(third, page, codes[0], way="recovery_code"))
    assert "code" == outcome(answers[-1])
    mail = forgotten(service, answers)
    secrets = {f"recovery code {number}": code for number, code in enumerate(codes)}
    secrets |= {f"recovery code {number}, bare": code.replace("-", "") for number, code in enumerate(codes)}
    return secrets | {
        "seed": phone.secret,
        "seed in groups": " ".join(phone.secret[start : start + 4] for start in range(0, 32, 4)),
        "known browser": other.cookies()["__Host-idp_device"],
        "remembered browser": other.cookies()["__Host-idp_remembered"],
        "mailed code": code_in(mail),
        "mailed link": link_in(mail).partition("token=")[2],
    }, answers


def forgotten(service: Service, answers: list[TestResponse]) -> KeptMail:
    """Ask for a new password, and prove the mail by its code; gives the mail."""
    browser = Browser(service)
    page = browser.follow(ask(browser, "dana"))
    mail = deliver(service)[0]
    answers += [page, browser.submit(page, {"code": WRONG_CODE}), browser.submit(page, {"code": code_in(mail)})]
    assert "page:/recover/factor" == outcome(browser.follow(answers[-1]))
    return mail


def drive(service: Service) -> tuple[dict[str, str], list[TestResponse]]:
    """Use everything once, well and badly; gives the secrets and the answers of pages."""
    add_person(service, password=PASSWORD)
    app = App.register(service, first_party=False)
    public = App.register(service, "public", public=True)
    keys = KeyHolder()
    App.register(
        service,
        "machine",
        token_endpoint_auth_method="private_key_jwt",
        jwks=keys.jwks,
        grant_types=["client_credentials"],
        redirect_uris=[],
    )
    browser = Browser(service)
    asked = app.ask(browser, scope="openid profile offline_access", nonce="canary-nonce-is-no-secret")
    page = browser.follow(asked)
    answers = [
        asked,
        page,
        browser.submit(page, {"user_id": "dana", "password": WRONG}),
        browser.submit(page, {"user_id": IN_THE_WRONG_FIELD, "password": WRONG}),
    ]
    secrets = {"form token": hidden_fields(page)["form_token"]}
    secrets |= {f"cookie {number}": value for number, value in enumerate(browser.cookies().values())}
    consent = browser.follow(browser.submit(page, {"user_id": "dana", "password": PASSWORD}))
    allowed = browser.submit(consent, {"action": "allow"})
    answers.append(consent)
    code = app.answer(allowed)["code"]
    app.exchange(code, code_verifier="w" * 43)
    tokens = app.exchange(code).get_json()
    refreshed = app.refresh(tokens["refresh_token"]).get_json()
    app.userinfo(tokens["access_token"])
    app.userinfo(tokens["access_token"][:-3])
    app.introspect(tokens["access_token"])
    app.introspect(tokens["refresh_token"])
    public_code = public.answer(public.ask(browser))["code"]
    public_tokens = public.exchange(public_code).get_json()
    assertion = keys.assertion("machine", now=service.clock())
    form = {"grant_type": "client_credentials", "client_assertion": assertion, "client_assertion_type": ASSERTION_TYPE}
    for _ in range(2):
        assert outcome(Browser(service).post("/token", form)) in {"ok", "invalid_client"}
    app.exchange(code)
    app.refresh(tokens["refresh_token"])
    app.call("/revoke", {"token": tokens["refresh_token"]})
    post_secret = "canary-wrong-client-secret"
    Browser(service).post("/token", {"client_id": "app", "client_secret": post_secret, "grant_type": "x"})
    answers += change_own_password(browser)
    secrets |= {
        "password": PASSWORD,
        "wrong password": WRONG,
        "new password": NEW,
        "password that was judged": JUDGED,
        "password that was too short": SHORT,
        "typed in the wrong field": IN_THE_WRONG_FIELD,
        "session": browser.cookies()["__Host-idp_session"],
        "code": code,
        "public code": public_code,
        "access token": tokens["access_token"],
        "refresh token": tokens["refresh_token"],
        "refreshed access token": refreshed["access_token"],
        "id token": tokens["id_token"],
        "public access token": public_tokens["access_token"],
        "client secret": app.secret or "",
        "wrong client secret": post_secret,
        "verifier": app.verifier,
        "assertion": assertion,
        "assertion's signature": assertion.rpartition(".")[2],
        "access token's signature": tokens["access_token"].rpartition(".")[2],
    }
    return secrets, answers


def change_own_password(browser: Browser) -> list[TestResponse]:
    """Ask how strong one would be, be refused twice, and change it."""
    page = browser.get("/account/password")
    tried: tuple[dict[str, str], ...] = (
        {"new_password": JUDGED, "action": "strength"},
        {"current_password": WRONG, "new_password": NEW},
        {"current_password": PASSWORD, "new_password": SHORT},
        {"current_password": PASSWORD, "new_password": NEW, "sign_out": "yes"},
    )
    answers = [browser.submit(page, fields) for fields in tried]
    assert answers[-1].headers["Location"] == "/account/password/done"
    return [page, *answers]


def shapes_of(secret: str) -> set[str]:
    """Give the secret as it is, and as it looks escaped in addresses, base64 and Python."""
    encoded = base64.b64encode(secret.encode()).decode().rstrip("=")
    return {secret, quote(secret, safe=""), quote_plus(secret), repr(secret)[1:-1], encoded}


def rows_of(service: Service) -> Iterator[str]:
    """Give every row of every table, as text and with binary columns as text where they are."""
    with service.database.reading() as connection:
        for table in inspect(service.database.engine).get_table_names():
            for row in connection.execute(text(f'SELECT * FROM "{table}"')):  # noqa: S608 - our own tables' names
                yield " ".join(_readable(value) for value in row)


def _readable(value: object) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)


def addresses_of(answer: TestResponse) -> Iterator[str]:
    """Give the addresses that an answer was asked under and leads to, save the one that carries the code to the app."""
    yield answer.request.url
    location = answer.headers.get("Location", "")
    if not location.startswith("https://app."):
        yield location
    yield answer.headers.get("Refresh", "")
