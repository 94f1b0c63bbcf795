"""What an audit row may hold: anything that was sent fits, and personal values can be forgotten."""

import json
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idp.audit.events import EventType, Personal
from idp.audit.policy import fitting_details, fitting_personal, fitting_text, personal_hash
from idp.audit.typed_identifier import typed_identifier_details
from keys.mac import MacKey

KEY = MacKey({1: b"1" * 32}, "lookup")
ROW = {"salt": b"s" * 16, "address": "192.0.2.7", "user_agent": "Browser", "place": None}


@given(st.text(st.characters(codec=None)), st.integers(min_value=1, max_value=300))
def test_any_text_fits(text: str, longest: int) -> None:
    """No stranger's text is longer than its column or holds what a database or a terminal chokes on."""
    fitted = fitting_text(text, longest)
    assert len(fitted) <= longest
    fitted.encode()
    assert "\x00" not in fitted
    assert "\x1b" not in fitted


def test_ordinary_text_is_kept() -> None:
    """Only what must be is changed, and a cut shows."""
    assert "Zoë & Söhne 🚗" == fitting_text("Zoë & Söhne 🚗")
    assert "abcd…" == fitting_text("abcdefgh", 5)
    assert "a�b�" == fitting_text("a\x00b\ud800")


def test_a_megabyte_is_cut_at_once() -> None:
    """The rest of an overlong text is not even looked at."""
    started = process_time()
    assert 300 == len(fitting_text("\x00" * 10_000_000))
    assert process_time() - started < 0.5


def test_details_stay_small() -> None:
    """Whatever a caller puts in, the document has few members, short texts and flat lists."""
    details = {f"member {number}": "x" * 1000 for number in range(1000)}
    assert len(json.dumps(fitting_details(details))) < 10_000
    assert {"a": [f"{number}" for number in range(20)]} == fitting_details({"a": list(range(1000))})
    assert {"a": 1, "b": None, "c": True, "d": "{'x': 1}"} == fitting_details(
        {"a": 1, "b": None, "c": True, "d": {"x": 1}}
    )
    assert {"scopes": ["a", "b"]} == fitting_details({"scopes": {"b", "a"}})


def test_personal_values_fit() -> None:
    """A browser may call itself anything, at any length."""
    fitted = fitting_personal(Personal(address="1" * 100, user_agent="x" * 1000, place=None))
    assert (45, 300, None) == (len(fitted.address or ""), len(fitted.user_agent or ""), fitted.place)


@pytest.mark.parametrize(
    "changed",
    [
        {"salt": b"t" * 16},
        {"address": "192.0.2.8"},
        {"address": None},
        {"place": ""},
        {"address": "192.0.2.7B", "user_agent": "rowser"},
        {"user_agent": None, "place": "Browser"},
    ],
)
def test_the_hash_depends_on_every_value(changed: dict[str, object]) -> None:
    """What stands beside an event can be checked against it; no two sets of values read alike."""
    assert personal_hash(ROW) != personal_hash(ROW | changed)


def test_what_was_typed_is_kept_only_when_it_is_a_name() -> None:
    """People type passwords as user IDs: what resolves to nobody becomes a keyed hash."""
    assert {"user_id": "tom"} == typed_identifier_details(KEY, identifier="tom", resolved=True)
    unresolved = typed_identifier_details(KEY, identifier="hunter2", resolved=False)
    assert ["user_id_tag"] == list(unresolved)
    assert "hunter2" not in unresolved["user_id_tag"]
    assert unresolved == typed_identifier_details(KEY, identifier="hunter2", resolved=False)


def test_event_types_are_words_with_a_dot() -> None:
    """Exports and alarms rely on the form: what it is about, a dot, what happened."""
    assert [] == [kind.value for kind in EventType if not kind.value.replace("_", "").replace(".", "", 1).isalpha()]
    assert all(kind.value.count(".") == 1 for kind in EventType)
