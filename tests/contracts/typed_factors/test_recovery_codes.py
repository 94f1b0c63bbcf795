"""Recovery codes, on SQLite and PostgreSQL: typed as people type, spent once, void when a new set is made."""

from __future__ import annotations

import re
from functools import partial

import pytest
from sqlalchemy import update

from idp.mfa.models import RECOVERY_CODES
from idp.mfa.policy import Way
from idp.mfa.recovery_codes import ALPHABET, codes_left
from idp.mfa.verified import NoSuchFactor
from tests.support.in_process import add_person
from tests.support.racing import at_once
from tests.support.recovery import deliver
from tests.support.typed_factors import Person


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
