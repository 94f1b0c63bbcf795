"""What somebody has, on SQLite and PostgreSQL: removed, told of, named, remembered, reset, guessed at."""

from __future__ import annotations

import pytest

from idp.acts.remember_device import remember_device
from idp.acts.remove_factor import LastFactor
from idp.acts.reset_factor import reset_factor
from idp.acts.visitor import Visitor
from idp.app import Service
from idp.lockout.reservation import TooManyGuesses
from idp.mfa.factors import MOST_FACTORS, NewFactor, TooManyFactors, add_factor, rename_factor
from idp.mfa.policy import Factor, Way
from idp.mfa.recovery_codes import codes_left
from idp.mfa.remembered import REMEMBERED_SECONDS, count_remembered, is_remembered_here, remember
from idp.mfa.verified import NoSuchFactor, WrongAnswer
from idp.storage.handles import digest
from tests.support.in_process import App, Browser, add_person
from tests.support.racing import at_once
from tests.support.recovery import deliver
from tests.support.staff import hire
from tests.support.typed_factors import Person, factors_of, removed, texted_code

ACTOR = "cli:tester@here"


def remembered(person: Person, *, brought: str | None = None) -> str:
    """Have this browser remembered; gives the handle in its cookie."""
    visitor = Visitor(
        address="", user_agent="Firefox/1 Windows", reference="", remembered_digest=digest(brought) if brought else None
    )
    with person.service.database.writing() as connection:
        return remember_device(
            connection,
            account_id=person.account_id,
            visitor=visitor,
            entropy=person.service.entropy,
            now=person.service.clock(),
        )


def is_remembered(person: Person, handle: str | None) -> bool:
    """Whether a browser with this cookie need not show a factor."""
    with person.service.database.reading() as connection:
        return is_remembered_here(
            connection,
            account_id=person.account_id,
            handle_digest=digest(handle) if handle else None,
            now=person.service.clock(),
        )


def test_the_last_factor_goes_only_when_that_was_said(dana: Person) -> None:
    """Codes and remembered browsers go with it, and the owner is told in these words."""
    factor, _ = dana.enrol_app()
    dana.recovery_codes()
    handle = remembered(dana)
    with pytest.raises(LastFactor):
        removed(dana, factor.id)
    assert (["totp"], True) == (factors_of(dana), is_remembered(dana, handle))
    assert removed(dana, factor.id, also_last=True).last
    assert ([], False) == (factors_of(dana), is_remembered(dana, handle))
    with dana.service.database.reading() as connection:
        assert 0 == codes_left(connection, account_id=dana.account_id)
    mail = deliver(dana.service)[0]
    assert "A sign-in method was removed" == mail.subject
    assert "Authenticator app: My phone" in mail.text
    assert "the password alone is enough now" in mail.text
    assert ["ok"] == [event.result for event in dana.events("factor.removed")]


def test_one_of_two_goes_with_less_ado(dana: Person) -> None:
    """What is left keeps the recovery codes."""
    factor, _ = dana.enrol_app()
    dana.add_number()
    dana.recovery_codes()
    assert not removed(dana, factor.id).last
    assert ["sms"] == factors_of(dana)
    assert "the password alone" not in deliver(dana.service)[0].text
    with dana.service.database.reading() as connection:
        assert 10 == codes_left(connection, account_id=dana.account_id)
    with pytest.raises(NoSuchFactor):
        removed(dana, factor.id)


def test_two_that_remove_the_last_two_at_once_leave_one(dana: Person) -> None:
    """Neither may believe that the other's stays."""
    ids = [dana.enrol_app(name=name)[0].id for name in ("One", "Other")]
    turns = iter(ids)

    def remove() -> str:
        try:
            removed(dana, next(turns))
        except LastFactor:
            return "last"
        return "ok"

    assert ["last", "ok"] == sorted(at_once(2, remove))
    assert ["totp"] == factors_of(dana)


def test_a_removed_number_s_code_is_void(dana: Person) -> None:
    """What is on its way to a number that is gone opens nothing."""
    dana.enrol_app()
    number = dana.add_number()
    dana.text()
    code = texted_code(dana.service)
    removed(dana, number.id)
    assert "NoSuchFactor" == dana.outcome(Way.SMS, code)


def test_a_factor_that_was_added_is_told(dana: Person) -> None:
    """To every address, with who did it; the browsers that skipped the old set skip nothing now."""
    handle = remembered(dana)
    dana.enrol_app(name="<b>Tom's</b>")
    mail = deliver(dana.service)[0]
    assert ("A sign-in method was added", "dana@example.com") == (mail.subject, mail.recipient)
    assert "Authenticator app: <b>Tom's</b>" in mail.text
    assert "<b>Tom" not in mail.html
    assert "Firefox on Windows" in mail.text
    assert not is_remembered(dana, handle)
    (event,) = dana.events("factor.added")
    assert ("totp", "KTMR-4821") == (event.details["kind"], event.reference)


def test_names_and_how_many(dana: Person) -> None:
    """A factor is renamed by its owner alone; nobody fills the table."""
    factor, _ = dana.enrol_app()
    with dana.service.database.writing() as connection:
        with pytest.raises(NoSuchFactor):
            rename_factor(connection, account_id="another", factor_id=factor.id, name="Mine now")
        renamed = rename_factor(connection, account_id=dana.account_id, factor_id=factor.id, name=" Work\tphone ")
        assert "Work phone" == renamed.name
        kept = rename_factor(connection, account_id=dana.account_id, factor_id=factor.id, name="\u200b")
        assert "Work phone" == kept.name
        for number in range(MOST_FACTORS - 1):
            new = NewFactor(id=f"f{number}", account_id=dana.account_id, kind=Factor.TOTP, name="")
            assert "totp" == add_factor(connection, new, now=1.0).name
        with pytest.raises(TooManyFactors):
            add_factor(
                connection, NewFactor(id="one more", account_id=dana.account_id, kind=Factor.SMS, name=""), now=1.0
            )


def test_a_browser_is_remembered_for_thirty_days(dana: Person) -> None:
    """For this account, by the handle that was made here, and not a moment longer."""
    handle = remembered(dana)
    assert (True, False, False) == tuple(is_remembered(dana, it) for it in (handle, "planted", None))
    tom = Person(dana.service, add_person(dana.service, "tom"))
    assert not is_remembered(tom, handle)
    dana.later(REMEMBERED_SECONDS - 1.0)
    assert is_remembered(dana, handle)
    dana.later(1.0)
    assert not is_remembered(dana, handle)
    (event,) = dana.events("device.remembered")
    assert "ok" == event.result


def test_a_handle_that_a_browser_brought_is_not_kept(dana: Person) -> None:
    """A planted one never becomes worth anything; other accounts that share the browser stay remembered."""
    tom = Person(dana.service, add_person(dana.service, "tom"))
    planted = remembered(tom)
    handle = remembered(dana, brought=planted)
    assert handle != planted
    assert (False, True, True) == (
        is_remembered(dana, planted),
        is_remembered(dana, handle),
        is_remembered(tom, handle),
    )
    assert is_remembered(dana, remembered(dana, brought=handle))
    with dana.service.database.writing() as connection:
        assert 1 == count_remembered(connection, account_id=dana.account_id, now=dana.service.clock())
        remember(
            connection,
            account_id=dana.account_id,
            brought_digest=None,
            user_agent_label="x" * 500,
            entropy=dana.service.entropy,
            now=dana.service.clock(),
        )
        assert 2 == count_remembered(connection, account_id=dana.account_id, now=dana.service.clock())


def test_an_operator_resets_what_was_lost(dana: Person) -> None:
    """Every factor and code is gone, everybody is signed out, the owner is told, and the trail names the operator."""
    app, browser = App.register(dana.service), Browser(dana.service)
    tokens = app.tokens(browser, scope="openid offline_access")
    _, totp = dana.enrol_app()
    dana.add_number()
    codes = dana.recovery_codes()
    handle = remembered(dana)
    with dana.service.database.writing() as connection:
        reset = reset_factor(
            connection,
            account_id=dana.account_id,
            reference="ABCD-1234",
            actor=ACTOR,
            entropy=dana.service.entropy,
            now=dana.service.clock(),
        )
    assert (2, 10, 1, 1) == (reset.factors, reset.codes, reset.sessions, reset.grants)
    assert ([], False) == (factors_of(dana), is_remembered(dana, handle))
    assert "NoSuchFactor" == dana.outcome(Way.TOTP, dana.code_of(totp))
    assert "WrongAnswer" == dana.outcome(Way.RECOVERY_CODE, codes[0])
    assert 400 == app.refresh(tokens["refresh_token"]).status_code
    (event,) = dana.events("factors.reset")
    assert (ACTOR, ["sms", "totp"], "ABCD-1234") == (event.actor, event.details["kinds"], event.reference)
    mail = deliver(dana.service)[0]
    assert "Your sign-in methods were reset" == mail.subject
    assert "ABCD-1234" in mail.text


def test_staff_whose_passkeys_were_reset_hear_of_passkeys(service: Service) -> None:
    """They have no password to sign in with, and no mailbox that leads them back."""
    sofia = hire(service, "sofia")
    with service.database.writing() as connection:
        reset = reset_factor(
            connection,
            account_id=sofia.account_id,
            reference="ABCD-1234",
            actor=ACTOR,
            entropy=service.entropy,
            now=service.clock(),
        )
    mail = next(mail for mail in deliver(service) if mail.subject == "Your sign-in methods were reset")
    assert (1, "sofia@example.com") == (reset.factors, mail.recipient)
    assert "every passkey of the user ID sofia" in mail.text
    assert "your password, and" not in mail.text


def test_the_budget_is_the_account_s_and_ends_by_itself(dana: Person) -> None:
    """Ten wrong codes in an hour, of whatever kind; then a right one is not even looked at, and stays unspent."""
    _, app = dana.enrol_app()
    codes = dana.recovery_codes()
    for number in range(10):
        way = (Way.TOTP, Way.RECOVERY_CODE, Way.SMS)[number % 3]
        assert dana.outcome(way, "000-000") in {"WrongAnswer", "AnswerTooLate"}
    with pytest.raises(TooManyGuesses) as refused:
        dana.verify(Way.RECOVERY_CODE, codes[0])
    assert dana.service.clock() + 3600.0 == refused.value.ends_at
    assert "TooManyGuesses" == dana.outcome(Way.TOTP, dana.code_of(app))
    results = [event.result for event in dana.events("factor.refused")]
    assert 2 == results.count("too_many_guesses")
    dana.later(3600.0)
    assert "ok" == dana.outcome(Way.RECOVERY_CODE, codes[0])


def test_what_the_caller_makes_of_it_stands_or_falls_with_the_code(dana: Person) -> None:
    """A recovery that ended meanwhile leaves the code unspent."""
    dana.enrol_app()
    code = dana.recovery_codes()[0]

    def break_off(*_: object) -> None:
        raise WrongAnswer("the recovery has ended")

    with pytest.raises(WrongAnswer):
        dana.verify(Way.RECOVERY_CODE, code, then=break_off)
    assert [] == dana.events("factor.verified")
    assert "ok" == dana.outcome(Way.RECOVERY_CODE, code)
