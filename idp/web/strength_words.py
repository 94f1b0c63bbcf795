"""How strong a password is, in whole sentences: the level, what weakens it, and what would help."""

from collections.abc import Mapping
from typing import Final, LiteralString

from idp.passwords.strength import Advice, Level, Strength, Weakness
from idp.wording import Translator, msgid

LEVELS: Final[Mapping[Level, LiteralString]] = {
    Level.VERY_WEAK: msgid("This password is very weak."),
    Level.WEAK: msgid("This password is weak."),
    Level.FAIR: msgid("This password is fair."),
    Level.GOOD: msgid("This password is good."),
    Level.STRONG: msgid("This password is strong."),
}
WEAKNESSES: Final[Mapping[Weakness, LiteralString]] = {
    Weakness.COMMON: msgid("Many people use it, so it is tried first."),
    Weakness.LIKE_COMMON: msgid("It is much like one that many people use."),
    Weakness.KEYS: msgid("Keys that lie side by side are easy to guess."),
    Weakness.REPEATED: msgid("Repeating something adds little."),
    Weakness.SEQUENCE: msgid("Runs such as abc or 6543 are easy to guess."),
    Weakness.DATE: msgid("Dates and years are easy to guess."),
    Weakness.WORD: msgid("A single word is easy to guess."),
    Weakness.NAME: msgid("Names are easy to guess."),
}
ADVICE: Final[Mapping[Advice, LiteralString]] = {
    Advice.WORDS: msgid("Add a word or two that do not belong together."),
    Advice.NO_TRICKS: msgid("Capital letters and signs in place of letters help little."),
    Advice.NO_DATES: msgid("Leave out dates that have to do with you."),
}


def strength_words(translator: Translator, strength: Strength) -> str:
    """Return the sentences, as plain text in the reader's language."""
    sentences = [LEVELS[strength.level]]
    if strength.weakness is not None:
        sentences.append(WEAKNESSES[strength.weakness])
    sentences += [ADVICE[advice] for advice in strength.advice]
    return " ".join(translator.say(words) for words in sentences)
