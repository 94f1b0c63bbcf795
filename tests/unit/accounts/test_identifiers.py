"""One name has one key, whatever its spelling; whatever is no name is refused at once."""

import unicodedata
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idp.accounts.identifiers import MAX_CODE_POINTS, InvalidIdentifier, canonical


@pytest.mark.parametrize(
    "spelling",
    [
        "tom@example.com",
        "Tom@Example.COM",
        "  tom@example.com\t",
        "tom@example.com.",
        "tom@example.com . . ",
        "\u00a0tom@example.com\u3000",
        "\uff54\uff4f\uff4d@example.com",
        "\U0001d42d\U0001d428\U0001d426@example.com",
        "t\u200bo\u00adm@example.com",
        "\ufefftom@example.com",
        "\u202etom@example.com\u202c",
        "tom\ufe0f@example.com",
    ],
)
def test_spellings_of_one_name_share_a_key(spelling: str) -> None:
    """Case, surrounding space, trailing dots, compatibility forms and invisible characters make no second person."""
    assert "tom@example.com" == canonical(spelling)


def test_composed_and_decomposed_names_share_a_key() -> None:
    """Keyboards differ in how they type an accent."""
    assert canonical(unicodedata.normalize("NFC", "Zoë")) == canonical(unicodedata.normalize("NFD", "Zoë"))


def test_sharp_s_folds() -> None:
    """`ß` is `ss` to a person who reads it aloud, so that the two are one name and not two."""
    assert canonical("strasse") == canonical("STRAẞE") == canonical("straße")


def test_look_alikes_stay_apart() -> None:
    """A Cyrillic letter is another letter: names are not guessed from looks, mail goes to the stored address alone."""
    assert canonical("tom") != canonical("t\u043em")


@pytest.mark.parametrize(
    "typed", ["", "   ", "...", " . ", "\u200b", "\x00", "to\x00m", "tom\ud800", "\udfff", "a" * 255]
)
def test_what_is_no_name_is_refused(typed: str) -> None:
    """Nothing left, NUL, lone surrogates and overlong text raise, and never reach a database."""
    with pytest.raises(InvalidIdentifier):
        canonical(typed)


def test_a_name_that_grows_is_refused() -> None:
    """U+FDFA is one character that folds to eighteen: the key is bounded as well as the name."""
    with pytest.raises(InvalidIdentifier):
        canonical("\ufdfa" * 20)


def test_the_refusal_does_not_repeat_what_was_typed() -> None:
    """People type passwords as user IDs; the message may end in a log."""
    with pytest.raises(InvalidIdentifier) as refused:
        canonical("hunter2\x00")
    assert "hunter2" not in str(refused.value)


def test_a_megabyte_of_combining_marks_is_refused_at_once() -> None:
    """The length is checked before anything is folded."""
    started = process_time()
    with pytest.raises(InvalidIdentifier):
        canonical("a" + "\u0301" * 1_000_000)
    assert process_time() - started < 0.5


@given(st.text(max_size=MAX_CODE_POINTS))
def test_a_key_is_its_own_key(typed: str) -> None:
    """Folding what is folded changes nothing, and nothing but InvalidIdentifier is ever raised."""
    try:
        key = canonical(typed)
    except InvalidIdentifier:
        return
    assert key == canonical(key)
    assert len(key) <= MAX_CODE_POINTS


@given(st.text(min_size=1, max_size=100))
def test_typing_in_other_forms_changes_no_key(typed: str) -> None:
    """Canonically equivalent text with space around it has the same key."""
    try:
        key = canonical(typed)
        other = canonical(f" {unicodedata.normalize('NFD', typed)} ")
    except InvalidIdentifier:
        return
    assert key == other
