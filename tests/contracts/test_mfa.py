"""Second factors that are typed, on SQLite and PostgreSQL: what counts, what is spent, what goes with what."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from idp.acts.remember_device import remember_device
from idp.acts.remove_factor import LastFactor, Removed, remove_factor
from idp.acts.reset_factor import reset_factor
from idp.acts.visitor import Visitor
from idp.app import Service
from idp.lockout.reservation import TooManyGuesses
from idp.mfa.factors import (
    MOST_FACTORS,
    FactorExists,
    NewFactor,
    TooManyFactors,
    add_factor,
    list_factors,
    rename_factor,
)
from idp.mfa.models import FACTORS, RECOVERY_CODES, TEXTED_CODES
from idp.mfa.phone_numbers import UnusableNumber
from idp.mfa.policy import Factor, Way
from idp.mfa.recovery_codes import ALPHABET, codes_left
from idp.mfa.remembered import REMEMBERED_SECONDS, count_remembered, is_remembered_here, remember
from idp.mfa.verified import AnswerTooLate, AnswerUsed, NoSuchFactor, WrongAnswer
from idp.storage.handles import digest
from tests.support.clock import SettableClock
from tests.support.in_process import App, Browser, add_person, issuer_on
from tests.support.racing import at_once
from tests.support.recovery import deliver
from tests.support.typed_factors import (
    HERE,
    NUMBER,
    OTHER_NUMBER,
    THERE,
    VISITOR,
    Person,
    outcome_of,
    texted_code,
    texts,
    wrong,
)

ACTOR = "cli:tester@here"


@pytest.fixture
def service(database_url: str, tmp_path: Path, clock: SettableClock) -> Iterator[Service]:
    """Give an issuer that uses texts."""
    with issuer_on(
        database_url,
        tmp_path,
        clock=clock,
        signing_algs=("ES256",),
        mail_folder=tmp_path / "mail",
        sms=True,
        database_pool=24,
    ) as running:
        yield running


@pytest.fixture
def dana(service: Service) -> Person:
    """Give somebody without a second factor."""
    return Person(service, add_person(service))


def factors_of(person: Person) -> list[str]:
    """Give the kinds of somebody's factors."""
    with person.service.database.reading() as connection:
        return [factor.kind.value for factor in list_factors(connection, account_id=person.account_id)]


def removed(person: Person, factor_id: str, *, also_last: bool = False) -> Removed:
    """Remove a factor."""
    with person.service.database.writing() as connection:
        return remove_factor(
            connection,
            account_id=person.account_id,
            factor_id=factor_id,
            also_last=also_last,
            visitor=VISITOR,
            entropy=person.service.entropy,
            now=person.service.clock(),
        )


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


def test_an_app_counts_once_it_was_proved(dana: Person) -> None:
    """Until then no row holds it; after a wrong code the same seed is still there to be tried again."""
    enrolment = dana.service.parts.totp_enrolment
    offer = enrolment.begin(account_id=dana.account_id, user_id="dana", place=HERE)
    finish = partial(enrolment.finish, account_id=dana.account_id, place=HERE, name="", visitor=VISITOR)
    with pytest.raises(WrongAnswer):
        finish(answer="no code")
    assert [] == factors_of(dana)
    assert offer == enrolment.begin(account_id=dana.account_id, user_id="dana", place=HERE)
    assert ["not_enrolled"] == [event.result for event in dana.events("factor.refused")]
    factor, _ = dana.enrol_app(name=" My  phone ")
    assert ("My phone", Factor.TOTP, None) == (factor.name, factor.kind, factor.phone_number)
    assert ["totp"] == factors_of(dana)
    with pytest.raises(AnswerTooLate):
        finish(answer="123456")


def test_a_seed_waits_for_one_account_at_one_place_for_ten_minutes(dana: Person) -> None:
    """Another tab, another person and a later hour have seeds of their own."""
    enrolment = dana.service.parts.totp_enrolment
    begin = partial(enrolment.begin, user_id="dana")
    first = begin(account_id=dana.account_id, place=HERE)
    assert first.secret != begin(account_id=dana.account_id, place=THERE).secret
    assert first.secret != begin(account_id="tom", place=HERE).secret
    dana.later(600.0)
    assert first.secret != begin(account_id=dana.account_id, place=HERE).secret
    assert first.secret not in repr(first)


def test_a_step_is_used_once_and_uses_up_the_one_before(dana: Person) -> None:
    """RFC 6238 §5.2; an older code that somebody saw is worth nothing after a newer one."""
    _, app = dana.enrol_app()
    assert "WrongAnswer" == dana.outcome(Way.TOTP, dana.code_of(app, steps=-2))
    assert "WrongAnswer" == dana.outcome(Way.TOTP, dana.code_of(app, steps=1))
    assert "ok" == dana.outcome(Way.TOTP, dana.code_of(app))
    assert "AnswerUsed" == dana.outcome(Way.TOTP, dana.code_of(app))
    assert "AnswerUsed" == dana.outcome(Way.TOTP, f" {dana.code_of(app)} ")
    assert "AnswerUsed" == dana.outcome(Way.TOTP, dana.code_of(app, steps=-1))
    dana.later(60.0)
    assert "ok" == dana.outcome(Way.TOTP, dana.code_of(app, steps=-1))
    assert "ok" == dana.outcome(Way.TOTP, dana.code_of(app))


def test_what_enrolled_an_app_signs_nobody_in(dana: Person) -> None:
    """The code that proved it is spent."""
    enrolment = dana.service.parts.totp_enrolment
    dana.enrol_app()
    offer = enrolment.begin(account_id=dana.account_id, user_id="dana", place=THERE)
    _, app = dana.enrol_app(place=THERE, name="Another")
    assert app.secret == offer.secret.replace(" ", "")
    dana.later(-60.0)
    assert "AnswerUsed" == dana.outcome(Way.TOTP, dana.code_of(app))


def test_two_apps_of_one_person(dana: Person) -> None:
    """Whichever has the code: a new phone is added before the old one goes."""
    (old, _), (new, app) = dana.enrol_app(name="Old"), dana.enrol_app(name="New")
    verified = dana.verify(Way.TOTP, dana.code_of(app))
    assert (new.id, Way.TOTP, dana.account_id) == (verified.factor_id, verified.way, verified.account_id)
    with dana.service.database.reading() as connection:
        used = {factor.id: factor.last_used_at for factor in list_factors(connection, account_id=dana.account_id)}
    assert used[old.id] != used[new.id] == dana.service.clock()
    assert "ok" == outcome_of(partial(removed, dana, old.id))
    assert ["totp"] == factors_of(dana)


def test_a_seed_is_not_stored_in_the_clear(dana: Person) -> None:
    """Neither as octets nor as text, in the row or in the ephemeral store."""
    _, app = dana.enrol_app()
    with dana.service.database.reading() as connection:
        sealed = connection.execute(select(FACTORS.c.secret)).scalar_one()
    assert app.byte_secret() not in sealed
    assert app.secret.encode() not in sealed


def test_the_same_step_in_parallel_is_accepted_once(dana: Person) -> None:
    """Twenty at once, on connections of their own: one."""
    _, app = dana.enrol_app()
    code = dana.code_of(app)
    outcomes = at_once(20, partial(dana.outcome, Way.TOTP, code))
    assert 1 == outcomes.count("ok")
    assert {"ok", "AnswerUsed", "TooManyGuesses"} >= set(outcomes)


def test_a_right_code_costs_no_guess(dana: Person) -> None:
    """Eleven sign-ins in an hour are no attack."""
    _, app = dana.enrol_app()
    for _ in range(11):
        assert "ok" == dana.outcome(Way.TOTP, dana.code_of(app))
        dana.later(60.0)
    assert 0 == dana.guesses()
    assert 11 == len(dana.events("factor.verified"))


def test_recovery_codes_as_people_type_them(dana: Person) -> None:
    """Ten of eighty bits; in any case, without dashes, with O for 0 and I or L for 1."""
    dana.enrol_app()
    codes = dana.recovery_codes()
    assert 10 == len(set(codes))
    assert all(re.fullmatch(f"([{ALPHABET}]{{4}}-){{3}}[{ALPHABET}]{{4}}", code) for code in codes)
    typed = [
        codes[0],
        codes[1].lower(),
        codes[2].replace("-", ""),
        f" {codes[3]} ".replace("-", " "),
        codes[4].replace("0", "O").replace("1", "l"),
        codes[5].replace("0", "o").replace("1", "I"),
    ]
    assert ["ok"] * 6 == [dana.outcome(Way.RECOVERY_CODE, code) for code in typed]
    assert "AnswerUsed" == dana.outcome(Way.RECOVERY_CODE, codes[0])
    with dana.service.database.reading() as connection:
        assert 4 == codes_left(connection, account_id=dana.account_id)


@pytest.mark.parametrize("typed", ["", "AAAA", "\uff21" * 16, "U" * 16, "A" * 17, "0" * 1000, "\u0131" * 16])
def test_what_is_no_recovery_code(dana: Person, typed: str) -> None:
    """Wrong, and nobody learns how."""
    dana.enrol_app()
    dana.recovery_codes()
    assert "WrongAnswer" == dana.outcome(Way.RECOVERY_CODE, typed)


def test_a_recovery_code_is_spent_once_in_parallel(dana: Person) -> None:
    """T08: twenty at once, one succeeds."""
    dana.enrol_app()
    code = dana.recovery_codes()[0]
    outcomes = at_once(20, partial(dana.outcome, Way.RECOVERY_CODE, code))
    assert 1 == outcomes.count("ok")
    assert {"ok", "AnswerUsed", "TooManyGuesses"} >= set(outcomes)


def test_a_new_set_voids_the_old_and_tells_the_owner(dana: Person) -> None:
    """The first set comes with the factor and its own notice; a later one is told."""
    dana.enrol_app()
    old = dana.recovery_codes()
    assert "You have new recovery codes" not in [mail.subject for mail in deliver(dana.service)]
    new = dana.recovery_codes()
    assert "You have new recovery codes" in [mail.subject for mail in deliver(dana.service)]
    assert "WrongAnswer" == dana.outcome(Way.RECOVERY_CODE, old[0])
    assert "ok" == dana.outcome(Way.RECOVERY_CODE, new[0])
    assert "9 recovery codes are left." in deliver(dana.service)[0].text


def test_recovery_codes_are_stored_as_keyed_hashes_of_their_account(dana: Person) -> None:
    """A tag that is copied to another account is worth nothing there."""
    tom = Person(dana.service, add_person(dana.service, "tom"))
    dana.enrol_app()
    tom.enrol_app()
    code = dana.recovery_codes()[0]
    assert "WrongAnswer" == tom.outcome(Way.RECOVERY_CODE, code)
    with dana.service.database.writing() as connection:
        connection.execute(
            update(RECOVERY_CODES)
            .where(RECOVERY_CODES.c.account_id == dana.account_id)
            .values(account_id=tom.account_id)
        )
    assert "WrongAnswer" == tom.outcome(Way.RECOVERY_CODE, code)


def test_nobody_without_a_factor_has_recovery_codes(dana: Person) -> None:
    """They stand in for one."""
    with pytest.raises(NoSuchFactor):
        dana.recovery_codes()


def test_a_number_counts_once_its_code_was_typed(dana: Person) -> None:
    """The text says what its code does, and lets the telephone offer it on our page alone."""
    sent = dana.text_new()
    assert ("+49 \u2022\u2022\u2022 78", dana.service.clock() + 30.0) == (sent.number, sent.again_at)
    assert [] == factors_of(dana)
    code = texted_code(dana.service)
    assert (
        f"{code} adds this number to your account at Example Motor Finance. Good for 10 minutes. Give it to nobody,"
        f" whoever asks.\n\n@id.example.com #{code}\n"
    ) == texts(dana.service)[0]
    assert len(texts(dana.service)[0].strip()) <= 160
    with pytest.raises(WrongAnswer):
        dana.finish_number(wrong(code))
    factor = dana.finish_number(code)
    assert (Factor.SMS, NUMBER) == (factor.kind, factor.phone_number)
    assert NUMBER not in repr(factor)
    with pytest.raises(AnswerUsed):
        dana.finish_number(code)
    dana.later(31.0)
    with pytest.raises(FactorExists):
        dana.text_new("+49 151 12345678")


def test_a_code_by_text_signs_in_once(dana: Person) -> None:
    """It goes to the factor's own number, and its ten minutes begin when it is sent."""
    dana.add_number()
    dana.text()
    dana.later(300.0)
    code = texted_code(dana.service)
    dana.later(599.0)
    assert "ok" == dana.outcome(Way.SMS, code)
    assert "AnswerUsed" == dana.outcome(Way.SMS, code)


def test_a_code_by_text_is_over_after_ten_minutes(dana: Person) -> None:
    """ASVS 6.5.5."""
    dana.add_number()
    dana.text()
    code = texted_code(dana.service)
    dana.later(601.0)
    assert "AnswerTooLate" == dana.outcome(Way.SMS, code)


def test_a_text_that_nobody_waits_for_is_not_sent(dana: Person) -> None:
    """The worker finds a newer question, a disabled account, or nobody."""
    dana.add_number()
    before = len(texts(dana.service))
    dana.text()
    dana.later(31.0)
    dana.text()
    assert 1 == len(texts(dana.service)) - before


def test_a_code_by_text_is_stored_as_a_keyed_hash(dana: Person) -> None:
    """ASVS 6.5.2: six digits would be found behind a plain hash in no time."""
    dana.text_new()
    code = texted_code(dana.service)
    with dana.service.database.reading() as connection:
        row = connection.execute(select(TEXTED_CODES)).one()
    assert 32 == len(row.tag)
    assert row.tag not in {digest(code), digest(f"{dana.account_id}{code}")}
    assert code not in repr(tuple(row))


def test_texts_that_are_switched_off_are_neither_sent_nor_taken(
    database_url: str, tmp_path: Path, clock: SettableClock
) -> None:
    """The setting hides and refuses them, whatever was enrolled while it was on."""
    options: dict[str, Any] = {"clock": clock, "signing_algs": ("ES256",), "mail_folder": tmp_path / "mail"}
    with issuer_on(database_url, tmp_path, sms=True, **options) as on:
        dana = Person(on, add_person(on))
        dana.add_number()
        dana.text()
        code = texted_code(on)
    with issuer_on(database_url, tmp_path, keys=False, **options) as off:
        dana = Person(off, dana.account_id)
        assert "NoSuchFactor" == dana.outcome(Way.SMS, code)
        assert "NoSuchFactor" == outcome_of(dana.text)
        assert "NoSuchFactor" == outcome_of(partial(dana.text_new, OTHER_NUMBER))
        assert "NoSuchFactor" == outcome_of(partial(dana.finish_number, code))


def test_a_country_that_is_not_served_any_more(database_url: str, tmp_path: Path, clock: SettableClock) -> None:
    """What was enrolled there stays, and gets no texts."""
    options: dict[str, Any] = {
        "clock": clock,
        "signing_algs": ("ES256",),
        "mail_folder": tmp_path / "mail",
        "sms": True,
    }
    with issuer_on(database_url, tmp_path, **options) as before:
        dana = Person(before, add_person(before))
        dana.add_number()
    with issuer_on(database_url, tmp_path, keys=False, sms_regions=("GB",), **options) as after:
        dana = Person(after, dana.account_id)
        assert "NoSuchFactor" == outcome_of(dana.text)
        with pytest.raises(UnusableNumber):
            dana.text_new(OTHER_NUMBER)


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
