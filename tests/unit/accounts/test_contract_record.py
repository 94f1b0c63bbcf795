"""What a feed may say of a contract: numbers, VINs and names in every shape, and files with broken rows."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idp.accounts.contract_files import COLUMNS, Line, read_csv, read_json_lines
from idp.accounts.contract_policy import ContractRefused, contract_key
from idp.accounts.contract_record import read_contract
from idp.accounts.feed_lines import HeadingRefused
from idp.accounts.vin import VinRefused, canonical_vin

VIN = "WVWZZZ1JZXW000001"


def told(**changes: Any) -> dict[str, Any]:  # noqa: ANN401 - any JSON
    """A contract as a feed tells it."""
    whole = {
        "number": "CF-2024-1001",
        "kind": "loan",
        "status": "active",
        "vehicles": [{"vin": VIN, "make": "Volkswagen", "model": "Golf", "registration": "AB12 CDE"}],
        "parties": [{"reference": "P-1", "role": "holder", "user_id": "Dana"}],
    }
    return whole | changes


@pytest.mark.parametrize(
    "typed", [VIN, VIN.lower(), f" {VIN[:3]} {VIN[3:9]}-{VIN[9:]}\n", "".join(chr(ord(c) + 0xFEE0) for c in VIN)]
)
def test_a_vin_is_one_however_it_is_typed(typed: str) -> None:
    """Small letters, groups, wide forms."""
    assert VIN == canonical_vin(typed)


@pytest.mark.parametrize("typed", ["", VIN[:-1], f"{VIN}1", VIN.replace("W", "O"), VIN.replace("1", "I"), "x" * 10_000])
def test_what_is_no_vin(typed: str) -> None:
    """Too short, too long, letters that are taken for digits."""
    with pytest.raises(VinRefused):
        canonical_vin(typed)


def test_a_check_digit_counts_where_the_law_has_one() -> None:
    """A known number of a North American maker; with two digits swapped it is none."""
    assert canonical_vin("1M8GDM9AXKP042788")
    with pytest.raises(VinRefused, match="mistaken"):
        canonical_vin("1M8GDM9AXKP042787")


@pytest.mark.parametrize(
    "typed",
    [
        "cf-2024-1001",
        "CF 2024/1001",
        "CF.2024.1001 ",
        "".join(chr(ord(c) + 0xFEE0) for c in "CF20241001"),
        "cf2024\u200b1001",
    ],
)
def test_a_number_is_one_however_it_is_typed(typed: str) -> None:
    """Case, separators, wide and invisible characters make no difference."""
    assert "cf20241001" == contract_key(typed)


@pytest.mark.parametrize(
    "typed", ["", "CF1", "CF-20\u00e44", "'; DROP TABLE contracts", "x" * 41, "\ud800aaaa", "a\x00aaa"]
)
def test_what_is_no_number(typed: str) -> None:
    """Too short, too long, letters that no contract has."""
    with pytest.raises(ContractRefused):
        contract_key(typed)


@given(st.text(max_size=80))
def test_any_text_is_a_number_or_refused(typed: str) -> None:
    """Nothing else comes out, and a key is its own key."""
    try:
        key = contract_key(typed)
    except ContractRefused:
        return
    assert key == contract_key(key)


def test_a_contract_is_read() -> None:
    """Names keep their accents, in one form."""
    record = read_contract(told(parties=[{"reference": "Mu\u0308ller", "role": "co_borrower"}]))
    assert ("cf20241001", "M\u00fcller", None) == (
        record.key,
        record.parties[0].reference,
        record.parties[0].user_id_key,
    )
    assert record.digest() != read_contract(told()).digest()


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"number": None}, "number is missing"),
        ({"number": 7}, "number must be a text"),
        ({"kind": "gift"}, "kind must be one of loan"),
        ({"status": []}, "status must be one of active"),
        ({"vehicles": {"vin": VIN}}, "vehicles must be a list"),
        ({"vehicles": [{"vin": "nothing"}]}, "a VIN has 17"),
        ({"vehicles": [{"vin": VIN}, {"vin": VIN.lower()}]}, "named twice"),
        ({"vehicles": [{"vin": VIN, "make": "a\x1b[2J"}]}, "make must be a text"),
        ({"parties": [{"role": "holder"}]}, "reference is missing"),
        ({"parties": [{"reference": "P", "role": "owner"}]}, "role must be one of holder"),
        ({"parties": [{"reference": "P", "role": "holder", "user_id": "\x00"}]}, "user_id must be a text"),
        ({"parties": [{"reference": "P", "role": "holder"}] * 2}, "named twice"),
        ({"parties": [{"reference": "P", "role": "holder"}] * 51}, "at most 50"),
    ],
)
def test_a_fault_is_named(changes: dict[str, Any], fault: str) -> None:
    """Whoever sent the feed can find it."""
    with pytest.raises(ContractRefused, match=fault):
        read_contract(told(**changes))


def test_broken_lines_stand_alone() -> None:
    """Each is named by its number; the others are read."""
    texts = [
        "not json",
        "",
        "[]",
        json.dumps(told()),
        json.dumps(told(number="CF20241001")),
        '{"number": "' + "x" * 2_000_000,
    ]
    lines = list(read_json_lines(texts))
    assert [1, 3, 4, 5, 6] == [line.number for line in lines]
    assert [False, False, True, False, False] == [line.record is not None for line in lines]
    assert "stood further up" in lines[3].fault


def csv_of(*rows: str) -> list[Line]:
    """Read rows under the usual heading."""
    return list(read_csv([",".join(COLUMNS), *rows]))


def test_csv_has_a_line_for_each_party() -> None:
    """Lines of one contract stand together."""
    lines = csv_of(
        f"CF-1001,lease,active,{VIN} 1M8GDM9AXKP042788,P-1,holder,dana",
        f"CF-1001,lease,active,{VIN} 1M8GDM9AXKP042788,P-2,guarantor,",
    )
    assert [2] == [line.number for line in lines]
    assert lines[0].record is not None
    assert (2, 2) == (len(lines[0].record.vehicles), len(lines[0].record.parties))


@pytest.mark.parametrize(
    ("rows", "fault"),
    [
        (["CF-1001,loan,active"], "fewer columns"),
        (["CF-1001,loan,active,,P-1,holder,dana,more"], "fewer columns"),
        (["CF-1001,loan,active,,P-1,holder,", "CF-1001,lease,active,,P-2,guarantor,"], "differ in kind"),
        (['CF-1001,loan,active,,"P-1"x,holder,'], "expected"),
        (
            ["CF-1001,loan,active,,P-1,holder,", "CF-1002,loan,active,,,,", "CF-1001,loan,active,,P-2,holder,"],
            "further up",
        ),
    ],
)
def test_broken_csv(rows: list[str], fault: str) -> None:
    """The last line that is read says what is wrong."""
    assert fault in csv_of(*rows)[-1].fault


def test_a_file_of_another_kind_is_refused_at_once() -> None:
    """Its heading says so."""
    with pytest.raises(HeadingRefused, match="missing"):
        list(read_csv(["name,address", "Dana,Example Street"]))
