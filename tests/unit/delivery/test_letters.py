"""Every letter in every language: both parts say the same, and say what each mail of ours must say."""

import re
from html import unescape

import pytest

from idp.delivery.letters import Letter, LetterFacts, Letters
from idp.resources import resource_directory
from idp.wording import LANGUAGES, Language, Wording

FACTS = LetterFacts(
    product="Example Motor Finance",
    issuer="https://id.example.com",
    support_phone="+1 555 0100",
    report_address="phishing@example.com",
    imprint_uri="https://example.com/imprint",
    privacy_uri="https://example.com/privacy",
)
ASKED = {
    "at": 1_800_000_000.0,
    "address": "198.51.100.7",
    "browser": "Firefox",
    "system": "Windows",
    "reference": "KTMR-1",
}
WORDS = {
    "user_id": "dana",
    "code": "BCDF-GHJK",
    "link": "https://id.example.com/reset-password?token=x",
    "minutes": 10,
    "hours": 72,
    "doubted": 0,
    "shown": ["d••••a", "f••••x"],
    "kind": "totp",
    "factor": "A phone",
    "last": True,
    "left": 2,
    "stopped": 0,
    "staff": False,
    "invited": "sofia",
    "role": "security",
    "actor": "cli:root@node",
    "act": "reset_factor",
    "reason": "it was night",
    "giver": "Dana Q. Roadwell",
    "number": "CF-1001",
    "permission": "pay",
    "mine": 1,
    "until": 1_800_000_000,
    "answer_by": 1_800_000_000,
    "ticket": "CASE-1024",
}
KINDS = sorted(path.stem for path in (resource_directory("templates") / "email").glob("*.txt"))
CODED = {"recover_password", "recover_user_ids", "email_change", "call_code"}
BY_STAFF = {"factors_reset", "password_compromised", "staff_invited", "broken_glass", "call_code", "desk_acted"}


def letters() -> Letters:
    """Give the letters of the house."""
    return Letters(resource_directory("templates") / "email", Wording.open(), FACTS)


def write(kind: str, language: Language = "en", **changes: object) -> Letter:
    """Write a letter with something in every place."""
    return letters().write(kind, language=language, zone="Europe/Berlin", **({"asked": ASKED} | WORDS | changes))


def words_of(letter: Letter) -> str:
    """The words of the HTML part."""
    body = letter.html.partition("<body")[2]
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", body)).split())


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", KINDS)
def test_both_parts_say_what_every_mail_says(kind: str, language: Language) -> None:
    """Who asked, from where, when; whom to ask; where we are; how to report it."""
    letter = write(kind, language)
    for part in (letter.text, words_of(letter)):
        for said in ("198.51.100.7", "Firefox", "09:00", "KTMR-1", "+1 555 0100", "https://id.example.com"):
            assert said in part, said
    assert "phishing@example.com" in letter.text
    assert "mailto:phishing@example.com" in letter.html
    assert f'lang="{language}"' in letter.html
    assert "\n" not in letter.subject


@pytest.mark.parametrize("kind", KINDS)
def test_a_code_stands_beside_every_link_that_acts(kind: str) -> None:
    """Mail scanners open links; a notice has neither."""
    letter = write(kind)
    for part in (letter.text, words_of(letter)):
        assert (kind in CODED) == ("BCDF-GHJK" in part)
    assert ("token=" in letter.html) == (kind == "recover_password")
    assert "BCDF" not in letter.subject


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_is_loaded_and_nothing_runs(kind: str) -> None:
    """No picture, no script, no form: nothing tells anybody that the mail was opened."""
    assert not re.search(r"<(img|script|form|iframe|link|object|video)\b|url\(|src=", write(kind).html)


@pytest.mark.parametrize("kind", KINDS)
def test_a_name_cannot_write_into_the_mail(kind: str) -> None:
    """T60: what fills a letter is text, and the text part keeps its subject on one line."""
    letter = write(kind, user_id="<b>x</b>\nBcc: y", shown=["<i>"], code="<u>")
    assert not re.search(r"<[biu]>", letter.html)
    assert "\n" not in letter.subject


@pytest.mark.parametrize("kind", KINDS)
def test_an_unknown_browser_and_address_are_said_to_be_unknown(kind: str) -> None:
    """A proxy that does not say whom it speaks for names nobody."""
    letter = write(kind, asked=ASKED | {"address": "", "browser": "", "system": ""})
    for part in (letter.text, words_of(letter)):
        assert (kind not in BY_STAFF) == ("a browser that we do not know" in part)
        assert (kind in BY_STAFF) == ("our staff" in part)
        assert "network address" not in part


def test_no_gap_of_three_lines() -> None:
    """Whatever a setting leaves out leaves no hole."""
    for kind in KINDS:
        assert "\n\n\n" not in write(kind).text, kind


@pytest.mark.parametrize(("language", "password"), [("en", "except the password"), ("de", "außer dem Passwort")])
def test_staff_hear_of_passkeys_and_no_password(language: Language, password: str) -> None:
    """They have none: what was reset, and the way back, are others than a customer's."""
    assert password in write("factors_reset", language).text
    letter = write("factors_reset", language, staff=True, lock_down="https://id.example.com/lock-down?token=a.1.b")
    for part in (letter.text, words_of(letter)):
        assert "Passkey" in part or "passkey" in part
        assert "idp accounts disable" in part
        for customers in (password, "lock-down", "/recover"):
            assert customers not in part, part
    assert "\n\n\n" not in letter.text


URGENT = (
    "password_changed",
    "password_reset",
    "factor_added",
    "factor_removed",
    "email_changed",
    "new_device",
    "new_devices",
)


@pytest.mark.parametrize("kind", URGENT)
def test_a_notice_offers_to_lock_the_account(kind: str) -> None:
    """Where the sender knows the link it stands in both parts; a phrase does, too."""
    letter = write(kind, lock_down="https://id.example.com/lock-down?token=a.1.b", phrase="seven <old> kettles")
    for part in (letter.text, letter.html):
        assert "https://id.example.com/lock-down?token=a.1.b" in part
    assert "Your phrase: seven <old> kettles" in letter.text
    assert "seven &lt;old&gt; kettles" in letter.html
