"""Forms and queries: read strictly, or refused with a reason."""

from urllib.parse import quote, urlencode

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from idp.wire.forms import Form, MalformedForm, parse_form, parse_query

FORM = "application/x-www-form-urlencoded"


@pytest.mark.parametrize(
    ("body", "parameters"),
    [
        (b"", {}),
        (b"&&", {}),
        (b"a=1&b=2", {"a": "1", "b": "2"}),
        (b"a=1&&b=2&", {"a": "1", "b": "2"}),
        (b"scope=openid+profile%20email", {"scope": "openid profile email"}),
        (b"a=b=c", {"a": "b=c"}),
        (b"a%3Db=%26%3D%25", {"a=b": "&=%"}),
        (b"n%C3%A4me=Zo%C3%AB", {"näme": "Zoë"}),
        ("name=Zoë".encode(), {"name": "Zoë"}),
        (b"a[]=1&b[c]=2", {"a[]": "1", "b[c]": "2"}),
        (b"q=%22it's%22;b=2", {"q": '"it\'s";b=2'}),
        (b"empty=&alone", {}),
        (b"a=%2500", {"a": "%00"}),
        (b"a=%EF%BB%BF%E2%80%AE%0D%0A", {"a": "\ufeff\u202e\r\n"}),
        (b"a=%f0%9F%98%80", {"a": "\U0001f600"}),
    ],
)
def test_a_form_is_its_parameters(body: bytes, parameters: dict[str, str]) -> None:
    """Each parameter by its decoded name; one without a value counts as not sent (RFC 6749 §3.1)."""
    assert parameters == dict(parse_form(body, FORM))


@pytest.mark.parametrize(
    "body",
    [
        b"a=%",
        b"a=%4",
        b"a=%zz",
        b"a=%u0041",
        b"%=1",
        b"a=% 41",
        b"a=%+1",
        b"a=%\xc3\xa9",
        b"a=\x00",
        b"a=%00",
        b"\x00=a",
        b"a=%C3",
        b"a=\xff",
        b"a=%ED%A0%80",
        b"a=%C0%AF",
        b"a=%F5%80%80%80",
        b"=a",
        b"a=1&=b",
        b"a=" + b"x" * (32 * 1024 + 1),
        b"a=1&" * 100 + b"b=2",
        b"x" * (64 * 1024 + 1),
        b"a=" + b"%41" * 333_333,
    ],
)
def test_what_is_no_form_is_refused(body: bytes) -> None:
    """Bad escapes, bad UTF-8, NUL, surrogates, nameless and oversize parameters: 400, and the input is not repeated."""
    with pytest.raises(MalformedForm) as refused:
        parse_form(body, FORM)

    assert (400, "invalid_request") == (refused.value.status, refused.value.error)
    assert refused.value.description


@pytest.mark.parametrize(
    "content_type",
    [FORM, FORM.upper(), f"{FORM};charset=utf-8", f'{FORM} ; charset="UTF-8"', f"{FORM};"],
)
def test_forms_are_known_by_their_type(content_type: str) -> None:
    """The type of forms, in any case, in UTF-8."""
    assert {"a": "1"} == dict(parse_form(b"a=1", content_type))


@pytest.mark.parametrize(
    "content_type",
    [
        None,
        "",
        "application/json",
        "multipart/form-data; boundary=x",
        f"{FORM}; charset=iso-8859-1",
        f"{FORM}, {FORM}",
        f"{FORM}x",
        "text/plain",
        "\x00",
    ],
)
def test_another_type_is_refused(content_type: str | None) -> None:
    """A body of another type, or of none, is not guessed at."""
    with pytest.raises(MalformedForm):
        parse_form(b"a=1", content_type)


def test_no_body_needs_no_type() -> None:
    """An empty POST is an empty form."""
    assert {} == dict(parse_form(b"", None))


def test_repeated_parameters_are_named() -> None:
    """RFC 6749 §3.2: the endpoint learns which stood there twice, also where one of the two was empty."""
    form = parse_form(b"a=1&b=2&a=3&c=&c=4&a=1", FORM)

    assert {"a", "c"} == form.duplicates
    assert ["1", "3", "1"] == form.getlist("a")
    assert (["2"], []) == (form.getlist("b"), form.getlist("z"))
    assert "1" == form["a"]


@pytest.mark.parametrize("body", [b"a=1&a=1", b"a=&a=", b"a&a", b"a=x&%61=x"])
def test_repeating_the_same_value_is_repeating(body: bytes) -> None:
    """Equal values, empty values and escaped names make no difference."""
    assert {"a"} == parse_form(body, FORM).duplicates


def test_duplicates_are_refused_but_for_those_that_may_repeat() -> None:
    """RFC 8707 lets `resource` repeat, nothing lets `scope`."""
    form = parse_form(b"resource=a&resource=b", FORM)
    form.refuse_duplicates(except_for=frozenset({"resource"}))

    with pytest.raises(MalformedForm):
        form.refuse_duplicates()


def test_a_form_prints_no_value() -> None:
    """Names and values may be secret."""
    assert "canary" not in repr(parse_form(b"canary=canary", FORM))


def test_a_form_is_a_mapping() -> None:
    """It answers as mappings do."""
    form = Form({"a": "1"})

    assert ("1", None, "d", True, False, 1) == (
        form.get("a"),
        form.get("b"),
        form.get("b", "d"),
        "a" in form,
        "b" in form,
        len(form),
    )


def test_a_query_is_read_like_a_form() -> None:
    """WSGI hands raw bytes over as Latin-1 characters."""
    assert {"a": "é", "b": "é"} == dict(parse_query("a=%C3%A9&b=" + "é".encode().decode("latin-1")))
    assert {} == dict(parse_query(""))


@pytest.mark.parametrize("query", ["a=\u20ac", "a=\xe9", "a=%GG", "a=\ud800"])
def test_a_query_that_is_none_is_refused(query: str) -> None:
    """Characters that are no bytes, and bytes that are no UTF-8."""
    with pytest.raises(MalformedForm):
        parse_query(query)


@given(st.binary(max_size=300) | st.text("a=&%+[]\"'0Cé\x00;", max_size=60).map(str.encode))
@example(b"%")
@example(b"a=%00")
def test_any_body_is_parsed_or_refused(body: bytes) -> None:
    """No bytes whatever raise anything but MalformedForm."""
    try:
        form = parse_form(body, FORM)
    except MalformedForm:
        return
    assert all(value and "\x00" not in value for value in form.values())


@given(st.text(st.characters(), max_size=100))
def test_any_query_is_parsed_or_refused(query: str) -> None:
    """No text whatever raises anything but MalformedForm."""
    try:
        parse_query(query)
    except MalformedForm:
        return


@given(
    st.dictionaries(
        st.text(st.characters(codec="utf-8", exclude_characters="\x00"), min_size=1, max_size=20),
        st.text(st.characters(codec="utf-8", exclude_characters="\x00"), min_size=1, max_size=40),
        max_size=20,
    )
)
def test_what_others_encode_is_read_back(parameters: dict[str, str]) -> None:
    """Forms as the standard library writes them, in both its ways, come back whole."""
    assert parameters == dict(parse_form(urlencode(parameters).encode(), FORM))
    assert parameters == dict(parse_query(urlencode(parameters, quote_via=quote)))
