"""Entity tags and If-None-Match."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idp.wire.etag import make_etag, none_match


@pytest.mark.parametrize(
    "field",
    ['"v1"', 'W/"v1"', "*", " * ", '"v0", "v1"', 'W/"v0",W/"v1"', '"v1",', ',, "v1" ,', '"a,b" , "v1"', ' "v1"\t'],
)
def test_a_tag_that_is_held_already(field: str) -> None:
    """RFC 9110 §13.1.2: weak comparison, lists, and the asterisk for anything."""
    assert not none_match(field, '"v1"')
    assert not none_match(field, 'W/"v1"')


@pytest.mark.parametrize(
    "field",
    ["", '"v0"', "v1", '"v1', 'w/"v1"', '"v1" "v0"', '"v0";"v1"', '*, "v1"', '"v\n1"', '"V1"', "W/v1", '"v1"x', "é"],
)
def test_a_tag_that_is_not_held_or_cannot_be_read(field: str) -> None:
    """What we cannot read gets the whole answer."""
    assert none_match(field, '"v1"')


def test_a_long_list_is_not_read() -> None:
    """A field beyond 4 Ki characters is not worth the work."""
    assert none_match('"v0",' * 1000 + '"v1"', '"v1"')


def test_a_made_tag_follows_the_body() -> None:
    """Same bytes, same tag; other bytes, another tag; well-formed both."""
    assert make_etag(b"a") == make_etag(b"a")
    assert make_etag(b"a") != make_etag(b"b")
    assert not none_match(f'"x", {make_etag(b"a")}', make_etag(b"a"))


@given(st.text(st.characters(), max_size=80) | st.text('W/", *v1', max_size=40))
def test_any_field_is_read(field: str) -> None:
    """No field whatever raises."""
    assert none_match(field, '"v1"') in {True, False}
