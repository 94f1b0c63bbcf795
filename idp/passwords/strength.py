"""How hard a password would be to guess, and what makes it easy: a pure estimate by zxcvbn, in terms of our own.

It advises and refuses nothing: what may be chosen stands in `policy.py`. Invariant: what is judged is bounded, since
the estimate's time grows with the square of the length and more; nothing of the password is kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, TypeVar

from zxcvbn_rs_py import Feedback, Suggestion, Warning, zxcvbn  # noqa: A004 - the library's name

JUDGED = 32
"""So many characters are judged: the rest makes a password stronger, never weaker."""
NAMES = 40
"""So many names are known to the estimate, each cut to as many characters as are judged."""


class Level(StrEnum):
    """How strong a password is."""

    VERY_WEAK = "very_weak"
    WEAK = "weak"
    FAIR = "fair"
    GOOD = "good"
    STRONG = "strong"


class Weakness(StrEnum):
    """What makes a password easy to guess."""

    COMMON = "common"
    LIKE_COMMON = "like_common"
    KEYS = "keys"
    REPEATED = "repeated"
    SEQUENCE = "sequence"
    DATE = "date"
    WORD = "word"
    NAME = "name"


class Advice(StrEnum):
    """What would make it harder."""

    WORDS = "words"
    NO_TRICKS = "no_tricks"
    NO_DATES = "no_dates"


@dataclass(frozen=True, slots=True, kw_only=True)
class Strength:
    """The estimate: a level, the one thing that weakens it most, and at most two pieces of advice."""

    level: Level
    weakness: Weakness | None = None
    advice: tuple[Advice, ...] = ()


# The library's values cannot be keys of a dict, only compared.
_WEAKNESSES: Final[Sequence[tuple[Warning, Weakness]]] = (
    (Warning.ThisIsATop10Password, Weakness.COMMON),
    (Warning.ThisIsATop100Password, Weakness.COMMON),
    (Warning.ThisIsACommonPassword, Weakness.COMMON),
    (Warning.ThisIsSimilarToACommonlyUsedPassword, Weakness.LIKE_COMMON),
    (Warning.StraightRowsOfKeysAreEasyToGuess, Weakness.KEYS),
    (Warning.ShortKeyboardPatternsAreEasyToGuess, Weakness.KEYS),
    (Warning.RepeatsLikeAaaAreEasyToGuess, Weakness.REPEATED),
    (Warning.RepeatsLikeAbcAbcAreOnlySlightlyHarderToGuess, Weakness.REPEATED),
    (Warning.SequencesLikeAbcAreEasyToGuess, Weakness.SEQUENCE),
    (Warning.RecentYearsAreEasyToGuess, Weakness.DATE),
    (Warning.DatesAreOftenEasyToGuess, Weakness.DATE),
    (Warning.AWordByItselfIsEasyToGuess, Weakness.WORD),
    (Warning.NamesAndSurnamesByThemselvesAreEasyToGuess, Weakness.NAME),
    (Warning.CommonNamesAndSurnamesAreEasyToGuess, Weakness.NAME),
)
_ADVICE: Final[Sequence[tuple[Suggestion, Advice]]] = (
    (Suggestion.UseAFewWordsAvoidCommonPhrases, Advice.WORDS),
    (Suggestion.AddAnotherWordOrTwo, Advice.WORDS),
    (Suggestion.UseALongerKeyboardPatternWithMoreTurns, Advice.WORDS),
    (Suggestion.AvoidRepeatedWordsAndCharacters, Advice.WORDS),
    (Suggestion.AvoidSequences, Advice.WORDS),
    (Suggestion.NoNeedForSymbolsDigitsOrUppercaseLetters, Advice.WORDS),
    (Suggestion.CapitalizationDoesntHelpVeryMuch, Advice.NO_TRICKS),
    (Suggestion.AllUppercaseIsAlmostAsEasyToGuessAsAllLowercase, Advice.NO_TRICKS),
    (Suggestion.ReversedWordsArentMuchHarderToGuess, Advice.NO_TRICKS),
    (Suggestion.PredictableSubstitutionsDontHelpVeryMuch, Advice.NO_TRICKS),
    (Suggestion.AvoidRecentYears, Advice.NO_DATES),
    (Suggestion.AvoidYearsThatAreAssociatedWithYou, Advice.NO_DATES),
    (Suggestion.AvoidDatesAndYearsThatAreAssociatedWithYou, Advice.NO_DATES),
)
_LEVELS: Final = tuple(Level)
_Theirs = TypeVar("_Theirs")
_Ours = TypeVar("_Ours")


def strength_of(password: str, names: Iterable[str] = ()) -> Strength:
    """Estimate a password; `names` are what a guesser who knows the person would try."""
    # The estimate knows names in lower case only, and finds them as whole words.
    words = (word for name in names for word in (name, *name.partition("@")[0].split()))
    known = list(dict.fromkeys(word[:JUDGED].lower() for word in words))[:NAMES]
    estimate = zxcvbn(password[:JUDGED], known)
    level = _LEVELS[int(estimate.score)]
    return Strength(level=level, weakness=_weakness(estimate.feedback), advice=_advice(estimate.feedback))


def _weakness(feedback: Feedback | None) -> Weakness | None:
    return None if feedback is None else _ours(feedback.warning, _WEAKNESSES)


def _advice(feedback: Feedback | None) -> tuple[Advice, ...]:
    if feedback is None:
        return ()
    found = {_ours(suggestion, _ADVICE) for suggestion in feedback.suggestions}
    return tuple(advice for advice in Advice if advice in found)[:2]


def _ours(theirs: _Theirs | None, pairs: Sequence[tuple[_Theirs, _Ours]]) -> _Ours | None:
    """Translate a value; what a newer library says that we do not know is left out."""
    return next((mine for name, mine in pairs if name == theirs), None)
