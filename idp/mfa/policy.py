"""What each way of signing in is worth: pure rules from what was proved to `acr` and `amr`.

Three levels, each including those below it (OpenID Connect Core §2, NIST SP 800-63B-4): a password alone, a second
factor beside it, and a factor that a look-alike site cannot ask for. `amr` uses the words of RFC 8176. Codes by e-mail
prove an address and never a factor (NIST SP 800-63B-4 §3.1.3.1, OWASP ASVS 6.3.6). A remembered device saves showing
the second factor again; it is no factor, raises no level, and serves no app that asks for one.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from enum import StrEnum

PWD = "urn:idp:pwd"
MFA = "urn:idp:mfa"
PHISHING_RESISTANT = "urn:idp:phishing-resistant"
LEVELS = (PWD, MFA, PHISHING_RESISTANT)
"""The values of `acr` that can be reached here, weakest first."""


class Factor(StrEnum):
    """The kinds of factor that an account can have beside its password."""

    TOTP = "totp"
    PASSKEY = "passkey"
    SMS = "sms"


class Way(StrEnum):
    """What somebody can have proved in one sign-in."""

    PASSWORD = "password"
    TOTP = "totp"
    SMS = "sms"
    RECOVERY_CODE = "recovery_code"
    PASSKEY = "passkey"
    """A passkey whose private key stays in one device; the person was verified by it."""
    SYNCED_PASSKEY = "synced_passkey"
    """A passkey that its maker copies between devices; the person was verified by it."""


_PASSKEYS = frozenset({Way.PASSKEY, Way.SYNCED_PASSKEY})
_SECONDS = frozenset({Way.TOTP, Way.SMS, Way.RECOVERY_CODE})
_AMR = {
    Way.PASSWORD: ("pwd",),
    Way.TOTP: ("otp",),
    Way.SMS: ("sms",),
    Way.RECOVERY_CODE: ("otp",),
    Way.PASSKEY: ("hwk", "user"),
    Way.SYNCED_PASSKEY: ("swk", "user"),
}


def acr_of(ways: Collection[Way]) -> str | None:
    """Give the level that these ways reach together; None when they sign nobody in (a code without a password)."""
    if _PASSKEYS & set(ways):
        return PHISHING_RESISTANT
    if Way.PASSWORD not in ways:
        return None
    return MFA if _SECONDS & set(ways) else PWD


def amr_of(ways: Iterable[Way]) -> tuple[str, ...]:
    """Give the methods by RFC 8176, each once, in the order of `Way`; `mfa` when the ways are more than one factor."""
    used = set(ways)
    named = [word for way in Way if way in used for word in _AMR[way]]
    several = bool(_PASSKEYS & used) or (Way.PASSWORD in used and bool(_SECONDS & used))
    return tuple(dict.fromkeys([*named, *(("mfa",) if several else ())]))


def reaches(acr: str | None, wanted: str) -> bool:
    """Whether a level includes another; unknown levels are reached by nothing."""
    if acr not in LEVELS or wanted not in LEVELS:
        return False
    return LEVELS.index(acr) >= LEVELS.index(wanted)


def stronger(first: str, second: str) -> str:
    """Give the higher of two known levels."""
    return max(first, second, key=LEVELS.index)


def wanted_of(acr_values: Iterable[str]) -> str | None:
    """Give the level that an app's list of acceptable values asks for: the weakest known one satisfies it."""
    known = [value for value in acr_values if value in LEVELS]
    return min(known, key=LEVELS.index) if known else None


def owes_factor(factors: Collection[str], acr: str | None, *, remembered: bool) -> bool:
    """Whether an account's own second factor is still owed: it has one, did not show it, and nothing remembers it."""
    return bool(factors) and not reaches(acr, MFA) and not remembered


def can_reach(factors: Collection[str], wanted: str) -> bool:
    """Whether an account with a password and these kinds of factors can reach a level."""
    if wanted == PHISHING_RESISTANT:
        return Factor.PASSKEY in factors
    return wanted == PWD or (wanted == MFA and bool(factors))
