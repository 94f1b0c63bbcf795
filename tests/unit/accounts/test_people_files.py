"""What a feed of people may say, and how a broken line is told."""

from __future__ import annotations

import json
from typing import Any

import pytest

from idp.accounts.feed_lines import HeadingRefused
from idp.accounts.people_files import read_people_csv, read_people_json


def fault_of(**members: Any) -> str:  # noqa: ANN401 - any JSON
    """Why one line of JSON tells of nobody."""
    (line,) = read_people_json([json.dumps(members)])
    return line.fault


def test_a_person_is_read() -> None:
    """From JSON with an address, from CSV with words for true and false."""
    address = {"country": "GB"}
    members = {"user_id": "dana", "name": "Dana", "address": address, "email_verified": True}
    (told,) = read_people_json([json.dumps(members)])
    assert told.new is not None
    assert ({"name": "Dana", "address": address}, True) == (told.new.claims, told.new.email_verified)
    (row,) = read_people_csv(["user_id,email,email_verified,password_hash", "dana,dana@example.com,Yes,$2b$x"])
    assert row.new is not None
    assert ("dana@example.com", True, "$2b$x") == (row.new.email, row.new.email_verified, row.password_hash)
    assert "$2b$x" not in repr(row)


@pytest.mark.parametrize(
    ("members", "fault"),
    [
        ({}, "empty"),
        ({"user_id": 7}, "must be a text"),
        ({"user_id": "x\x00"}, "no name can hold"),
        ({"user_id": "d", "kind": "staff"}, "staff are invited"),
        ({"user_id": "d", "email_verified": "perhaps"}, "true or false"),
        ({"user_id": "d", "role": "security"}, "nobody knows 'role'"),
        ({"user_id": "d", "password": "secret"}, "nobody knows 'password'"),
    ],
)
def test_a_fault_is_named(members: dict[str, Any], fault: str) -> None:
    """Also a column that nobody knows: it may have been meant."""
    assert fault in fault_of(**members)


def test_nobody_is_told_of_twice() -> None:
    """In any spelling."""
    assert "further up" in list(read_people_csv(["user_id", "dana", "DANA "]))[1].fault


def test_the_heading_is_needed() -> None:
    """Without a user ID nobody is meant."""
    with pytest.raises(HeadingRefused, match="user_id"):
        list(read_people_csv(["name", "Dana"]))
