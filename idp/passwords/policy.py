"""Which passwords may be chosen: pure rules, each with its reason.

Length is what counts (NIST SP 800-63B-4 §3.1.1.2, OWASP ASVS 6.2.1): 15 characters when the password stands alone, 8
when a second factor stands beside it. Common ones and those made of the person's own or the lender's names are refused
(ASVS 6.1.2, 6.2.4), and the last four. No rules about kinds of characters, no change for its age alone (ASVS 6.2.5,
6.2.10), save where the profile of PCI DSS asks for them. A code point counts as one character.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from idp.passwords.common import COMMON
from idp.passwords.normal_form import normalise

ALONE = 15
BESIDE_A_SECOND_FACTOR = 8
PCI_AT_LEAST = 12
"""PCI DSS 4.0.1, 8.3.6, whatever stands beside the password."""
REMEMBERED = 4
"""How many passwords of an account, the present one among them, are not taken again."""

SHORTEST_NAME = 4
"""Shorter names stand in too many words by chance."""

_ROWS = (
    "abcdefghijklmnopqrstuvwxyz",
    "0123456789",
    "1234567890",
    "qwertyuiop",
    "asdfghjkl",
    "zxcvbnm",
    "qwertzuiop",
    "yxcvbnm",
    "azertyuiop",
    "qsdfghjklm",
)
_RUN = 4
# A short number before or after words adds little; one that is all there is, is a password like any other.
_NUMBER = re.compile(r"^[0-9]{1,4}(?=[^0-9])|(?<=[^0-9])[0-9]{1,4}$")
_LONGEST_PIECE = 32


class Profile(StrEnum):
    """Which rules new passwords follow: ours, or these and what PCI DSS asks for besides (8.3.6, 8.3.7)."""

    DEFAULT = "default"
    PCI_STRICT = "pci_strict"


class PasswordRefused(ValueError):
    """The password may not be chosen; each kind of reason is a class of its own."""


class PasswordTooShort(PasswordRefused):
    """The password has fewer characters than it needs; `at_least` says how many that are."""

    def __init__(self, at_least: int) -> None:
        super().__init__(f"shorter than {at_least} characters")
        self.at_least = at_least


class PasswordTooCommon(PasswordRefused):
    """The password is one that many people choose, or is made of nothing but such ones, runs and repetitions."""

    def __init__(self) -> None:
        super().__init__("among the first that strangers try")


class PasswordHoldsName(PasswordRefused):
    """Without a name that others know, too little is left of the password; `name` is the one that it holds."""

    def __init__(self, name: str) -> None:
        super().__init__(f"made of a known name ({name})")
        self.name = name


class PasswordUsedBefore(PasswordRefused):
    """The password is the account's own already (`present`), or was not long ago."""

    def __init__(self, *, present: bool) -> None:
        super().__init__("the present one" if present else "one that was used before")
        self.present = present


class PasswordBreached(PasswordRefused):
    """The password stands in a collection that strangers have (ASVS 6.2.12)."""

    def __init__(self) -> None:
        super().__init__("in strangers' collections")


class PasswordNotMixed(PasswordRefused):
    """The profile asks for a letter and a digit, and one of them is missing (PCI DSS 8.3.6)."""

    def __init__(self) -> None:
        super().__init__("without a letter or without a digit")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What one person's new password is held to; `names` are those of the person and of the service."""

    second_factor: bool
    names: tuple[str, ...] = ()
    profile: Profile = Profile.DEFAULT

    @property
    def at_least(self) -> int:
        """How many characters it needs."""
        own = BESIDE_A_SECOND_FACTOR if self.second_factor else ALONE
        return max(own, PCI_AT_LEAST) if self.mixed else own

    @property
    def mixed(self) -> bool:
        """Whether it needs a letter and a digit."""
        return self.profile is Profile.PCI_STRICT

    def accept(self, password: str) -> None:
        """Let a new password pass, or say why not.

        Raises:
            UnusablePassword: it could never be checked.
            PasswordRefused: one of its kinds.
        """
        normalise(password)
        if len(password) < self.at_least:
            raise PasswordTooShort(self.at_least)
        if self.mixed and not _is_mixed(password):
            raise PasswordNotMixed
        folded = _folded(password)
        for name, written in names_in(self.names):
            if name in folded and len(folded.replace(name, "")) < self.at_least:
                raise PasswordHoldsName(written)
        if _is_common(folded):
            raise PasswordTooCommon


def stands_alone(password: str) -> bool:
    """Whether a password is long enough to go on when no second factor stands beside it any more."""
    return len(password) >= ALONE


def names_in(names: Iterable[str]) -> list[tuple[str, str]]:
    """Give what must not make up a password: each name and each word of it, folded and as written, longest first."""
    known = [name.partition("@")[0] for name in names]
    parts = [part for name in known for part in (name, *re.split(r"[\W_]+", name))]
    found = {_folded(part): part for part in reversed(parts)}
    return sorted(
        ((name, written) for name, written in found.items() if len(name) >= SHORTEST_NAME),
        key=lambda pair: (-len(pair[0]), pair[0]),
    )


def _folded(text: str) -> str:
    """Give letters and digits alone, without case and accents: what stays the same when people decorate."""
    plain = unicodedata.normalize("NFKD", text).casefold()
    letters = "".join(char for char in plain if char.isalnum())
    # A password that is signs for the most part is judged by its signs.
    return letters if 2 * len(letters) >= len(plain) else plain


def _is_mixed(password: str) -> bool:
    return any(char.isalpha() for char in password) and any(char.isdigit() for char in password)


def _is_common(folded: str) -> bool:
    """Whether it is nothing but common passwords, runs of the keyboard and repetitions."""
    return not folded or folded in COMMON or _is_repeated(folded) or _all_common(_NUMBER.sub("", folded))


def _is_repeated(folded: str) -> bool:
    """Whether it is one short piece over and over: aaaaaaaa, abcabcabc, passwordpassword."""
    period = (folded + folded).find(folded, 1)
    return period < len(folded) and (period <= _RUN or folded[:period] in COMMON)


def _all_common(folded: str) -> bool:
    """Whether it can be cut into common passwords and runs; `reached` holds where cuts can be."""
    reached = {0}
    for start in range(len(folded)):
        if start in reached:
            reached |= {
                end
                for end in range(start + 1, min(len(folded), start + _LONGEST_PIECE) + 1)
                if _is_piece(folded[start:end])
            }
    return len(folded) in reached


def _is_piece(piece: str) -> bool:
    return piece in COMMON or (len(piece) >= _RUN and any(piece in row or piece in row[::-1] for row in _ROWS))
