"""Which passwords may be chosen: pure rules, each with its reason.

Length is what counts (NIST SP 800-63B-4 §3.1.1.2, OWASP ASVS 6.2.1): 15 characters when the password stands alone, 8
when a second factor stands beside it. No rules about kinds of characters, no change for its age alone (ASVS 6.2.5,
6.2.10). A code point counts as one character.
"""

from __future__ import annotations

from idp.passwords.normal_form import normalise

ALONE = 15
BESIDE_A_SECOND_FACTOR = 8


class PasswordTooShort(ValueError):
    """The password has fewer characters than it needs; `at_least` says how many that are."""

    def __init__(self, at_least: int) -> None:
        super().__init__(f"shorter than {at_least} characters")
        self.at_least = at_least


def accept_new_password(password: str, *, second_factor: bool) -> None:
    """Let a new password pass, or say why not.

    Raises:
        UnusablePassword: it could never be checked.
        PasswordTooShort: fewer characters than its place needs.
    """
    normalise(password)
    at_least = BESIDE_A_SECOND_FACTOR if second_factor else ALONE
    if len(password) < at_least:
        raise PasswordTooShort(at_least)
