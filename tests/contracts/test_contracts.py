"""The lender's feed on SQLite and PostgreSQL: who is a party to what, and who may sign in by a contract's number."""

from __future__ import annotations

import tracemalloc

import pytest

from idp.accounts.add import NewAccount, add_account
from idp.accounts.contract_policy import PartyRole
from idp.accounts.contracts import contracts_of, find_contract
from idp.accounts.disable import disable_account
from idp.accounts.find import find_by_identifier
from idp.accounts.policy import Kind
from idp.acts.import_contracts import BATCH
from idp.storage.database import Database
from idp.storage.handles import Entropy
from idp.storage.marks import Mark
from tests.support.contracts import VIN, batches, contract, take_in
from tests.support.racing import at_once


@pytest.fixture
def dana(database: Database, entropy: Entropy) -> str:
    """A customer; gives the id."""
    return person(database, entropy, "dana")


def person(database: Database, entropy: Entropy, user_id: str, kind: Kind = Kind.CONSUMER) -> str:
    """Add somebody."""
    with database.writing() as connection:
        return add_account(connection, NewAccount(user_id=user_id, kind=kind), now=5.0, entropy=entropy)


def seen_by(database: Database, account_id: str) -> dict[str, str]:
    """The contracts that somebody has a part in."""
    with database.reading() as connection:
        return {it.number: it.role for it in contracts_of(connection, account_id=account_id, now=100.0)}


def named(database: Database, typed: str) -> str | None:
    """Who a typed name stands for."""
    with database.reading() as connection:
        found = find_by_identifier(connection, identifier=typed)
    return None if found is None else found.id


def test_a_feed_is_taken_in(database: Database, dana: str) -> None:
    """The contract, its vehicle and its parties; who has no account yet is a party all the same."""
    done = take_in(database, contract("CF-1001", ("P-1", "holder", "DANA"), ("P-2", "guarantor", None)))
    assert (1, 0, 0, []) == (done.added, done.changed, done.unchanged, done.faults)
    with database.reading() as connection:
        (mine,) = contracts_of(connection, account_id=dana, now=100.0, vehicles=True)
        whole = find_contract(connection, number="cf 1001")
    assert (("view", "pay", "manage"), [VIN]) == (mine.permissions, [vehicle.vin for vehicle in mine.vehicles])
    assert whole is not None
    assert {"P-1": dana, "P-2": None} == {party["reference"]: party["account_id"] for party in whole["parties"]}


def test_a_second_time_changes_nothing(database: Database, dana: str) -> None:
    """An import that was interrupted is run again."""
    told = [contract(f"CF-{number}", ("P-1", "holder", "dana")) for number in range(1000, 2200)]
    assert dana
    assert 700 == take_in(database, *told[:700]).added
    again = take_in(database, *told)
    assert (500, 0, 700) == (again.added, again.changed, again.unchanged)


def test_who_is_not_named_is_no_party(database: Database, dana: str) -> None:
    """At once, on every node; and a change of role is a new part."""
    take_in(database, contract("CF-1001", ("P-1", "co_borrower", "dana")))
    marks: list[Mark] = []
    database.subscribe(marks.extend)
    assert 0 == take_in(database, contract("CF-1001", ("P-1", "guarantor", "dana")), at=20.0).parties_ended
    assert {"CF-1001": PartyRole.GUARANTOR} == seen_by(database, dana)
    assert 1 == take_in(database, contract("CF-1001"), at=30.0).parties_ended
    assert {} == seen_by(database, dana)
    assert [("account", dana, 20.0), ("account", dana, 30.0)] == [
        (mark.kind, mark.id, mark.not_before) for mark in marks
    ]


def test_one_person_has_one_account(database: Database, dana: str) -> None:
    """Whom one contract ties to an account, the others know by the reference in the lender's books."""
    take_in(database, contract("CF-1001", ("P-1", "holder", "dana")))
    take_in(database, contract("CF-1002", ("P-1", "holder", None)), contract("CF-1003", ("P-9", "holder", None)))
    assert {"CF-1001", "CF-1002"} == seen_by(database, dana).keys()
    take_in(database, contract("CF-1001", ("P-1", "holder", None)), at=20.0)
    assert {"CF-1001", "CF-1002"} == seen_by(database, dana).keys()


def test_unknown_people_are_named(database: Database, entropy: Entropy) -> None:
    """Nobody of that user ID, or a member of staff: the contract stays as it was, the others go in."""
    person(database, entropy, "sam", Kind.STAFF)
    told = [
        contract("CF-1001", ("P-1", "holder", "nobody")),
        contract("CF-1002", ("P-2", "holder", "sam")),
        contract("CF-1003"),
    ]
    done = take_in(database, *told)
    assert (1, [1, 2]) == (done.added, [number for number, _ in done.faults])


def test_a_dry_run_writes_nothing(database: Database, dana: str) -> None:
    """It tells what would become of each line."""
    assert 1 == take_in(database, contract("CF-1001", ("P-1", "holder", "dana")), dry_run=True).added
    assert {} == seen_by(database, dana)


def test_a_number_stands_for_its_only_holder(database: Database, entropy: Entropy, dana: str) -> None:
    """However it is typed; not for one of two, not for a guarantor, not once the part has ended."""
    cora = person(database, entropy, "cora")
    take_in(database, contract("CF-1001", ("P-1", "holder", "dana"), ("P-2", "guarantor", "cora")))
    assert {dana} == {named(database, typed) for typed in ("CF-1001", "cf 1001", "CF/10.01")}
    take_in(database, contract("CF-1001", ("P-1", "holder", "dana"), ("P-2", "holder", "cora")), at=20.0)
    assert None is named(database, "CF-1001")
    take_in(database, contract("CF-1001", ("P-1", "holder", "dana"), ("P-3", "holder", None)), at=30.0)
    assert None is named(database, "CF-1001")
    take_in(database, contract("CF-1001", ("P-2", "holder", "cora")), at=40.0)
    assert cora == named(database, "CF-1001")
    take_in(database, contract("CF-1001"), at=50.0)
    assert None is named(database, "CF-1001")


def test_a_name_goes_before_a_number(database: Database, entropy: Entropy, dana: str) -> None:
    """Who is called like a contract keeps the name."""
    other = person(database, entropy, "cf1001")
    take_in(database, contract("CF-1001", ("P-1", "holder", "dana")))
    assert (other, dana) == (named(database, "cf1001"), named(database, "CF-1001"))


def test_somebody_who_was_stopped_is_still_a_party(database: Database, dana: str) -> None:
    """The lender's books don't change because a person may not sign in."""
    with database.writing() as connection:
        disable_account(connection, account_id=dana, now=6.0)
    assert [] == take_in(database, contract("CF-1001", ("P-1", "holder", "dana"))).faults


def test_two_imports_at_once(database: Database, dana: str) -> None:
    """What one has taken in, the others pass over."""
    told = [contract(f"CF-{number}", ("P-1", "holder", "dana")) for number in range(1000, 1100)]

    def run() -> int:
        return sum(batch.added for batch in batches(database, told, at=9.0))

    assert [0, 0, 100] == sorted(at_once(3, run))
    with database.reading() as connection:
        assert 50 == len(contracts_of(connection, account_id=dana, now=100.0))


def test_the_length_of_a_file_takes_no_memory(database: Database) -> None:
    """Ten batches need what two need."""

    def peak(count: int) -> int:
        told = (contract(f"CF-{count}-{number:06}", (f"P-{number}", "holder", None)) for number in range(count))
        done = batches(database, told, at=9.0, dry_run=True)
        tracemalloc.start()
        try:
            assert count == sum(batch.added for batch in done)
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    peak(BATCH)
    assert peak(10 * BATCH) < peak(2 * BATCH) + 1_000_000
