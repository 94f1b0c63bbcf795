"""What an app asks for, in plain words with the actual values, for the consent page.

Invariant: every scope and every claim asked for by name is listed; an unknown one under its own name, never left out.
"""

import datetime as dt
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, LiteralString

from idp.issuance.claims import SCOPE_CLAIMS
from idp.wording import Translator, msgid

_SCOPES: Final[dict[str, tuple[LiteralString, LiteralString]]] = {
    "openid": (
        msgid("Who you are"),
        msgid("A code that stands for you, so that the app knows you again"),
    ),
    "profile": (msgid("Your profile"), msgid("Name, date of birth and the like")),
    "email": (msgid("Your e-mail address"), msgid("And whether it is confirmed")),
    "phone": (msgid("Your phone number"), msgid("And whether it is confirmed")),
    "address": (msgid("Your postal address"), msgid("Street, place and country")),
    "account": (msgid("The kind of your account"), msgid("Private or business")),
    "contracts": (msgid("Your contracts"), msgid("Their numbers, how they stand, and what you may do with each")),
    "vehicles": (msgid("Your vehicles"), msgid("Make, model, registration and VIN")),
    "offline_access": (msgid("Lasting access"), msgid("The app may fetch this while you are not there")),
}

_CLAIMS: Final[dict[str, LiteralString]] = {
    "name": msgid("Full name"),
    "given_name": msgid("First name"),
    "family_name": msgid("Last name"),
    "middle_name": msgid("Middle name"),
    "nickname": msgid("Nickname"),
    "preferred_username": msgid("User ID"),
    "profile": msgid("Profile page"),
    "picture": msgid("Picture"),
    "website": msgid("Website"),
    "gender": msgid("Gender"),
    "birthdate": msgid("Date of birth"),
    "zoneinfo": msgid("Time zone"),
    "locale": msgid("Language"),
    "updated_at": msgid("Last changed"),
    "email": msgid("E-mail"),
    "email_verified": msgid("E-mail confirmed"),
    "address": msgid("Address"),
    "phone_number": msgid("Phone"),
    "phone_number_verified": msgid("Phone confirmed"),
    "account_type": msgid("Account"),
    "contracts": msgid("Contracts"),
    "vehicles": msgid("Vehicles"),
}


_KINDS: Final[dict[str, LiteralString]] = {
    "consumer": msgid("Private"),
    "business": msgid("Business"),
    "staff": msgid("Staff"),
}
_NAMED_BY: Final[dict[str, tuple[str, ...]]] = {
    "contracts": ("number",),
    "vehicles": ("make", "model", "registration", "vin"),
}


@dataclass(frozen=True, slots=True)
class SharedData:
    """One thing that an app receives: plain texts in the reader's language, and pairs of label and value."""

    title: str
    explanation: str
    values: Sequence[tuple[str, str]] = ()


def shared_data(
    translator: Translator, *, scopes: Iterable[str], claims: Mapping[str, object], named: Collection[str] = ()
) -> list[SharedData]:
    """Return what the scopes share, and the claims asked for by name (`named`) beyond them.

    `claims` are the account's standard claims as userinfo would give them.
    """
    asked = list(dict.fromkeys(scopes))
    shared = [_scope(translator, scope, claims) for scope in asked]
    covered = {name for scope in asked for name in SCOPE_CLAIMS.get(scope, ())}
    beyond = tuple(name for name in named if name not in covered)
    if beyond:
        title, explanation = msgid("Further details"), msgid("Asked for one by one")
        none = translator.say(msgid("nothing on file"))
        values = tuple(_values(translator, beyond, {**dict.fromkeys(beyond, none), **claims}))
        shared.append(SharedData(translator.say(title), translator.say(explanation), values))
    return shared


def _scope(translator: Translator, scope: str, claims: Mapping[str, object]) -> SharedData:
    if scope not in _SCOPES:
        return SharedData(scope, translator.say(msgid("A permission that the app defines itself")))
    title, explanation = _SCOPES[scope]
    values = tuple(_values(translator, SCOPE_CLAIMS.get(scope, ()), claims))
    return SharedData(translator.say(title), translator.say(explanation), values)


def _values(translator: Translator, names: Iterable[str], claims: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    for name in names:
        if name in claims:
            label = translator.say(_CLAIMS[name]) if name in _CLAIMS else name
            yield label, _shown(translator, name, claims[name])


def _birthdate(translator: Translator, value: str) -> str:
    """Return the day in words; a year alone, or a day of an unknown year (OpenID Connect Core §5.1), as it is."""
    try:
        day = dt.date.fromisoformat(value)
    except ValueError:
        return value
    return translator.day(day)


def _shown(translator: Translator, name: str, value: object) -> str:
    if isinstance(value, bool):
        return translator.say(msgid("yes")) if value else translator.say(msgid("no"))
    if name == "updated_at" and isinstance(value, int | float):
        return translator.date(value)
    if name == "birthdate":
        return _birthdate(translator, str(value))
    if name == "locale":
        return translator.language_name(str(value))
    if name == "account_type":
        return translator.say(_KINDS[str(value)])
    if isinstance(value, list):
        return ", ".join(" ".join(str(row[key]) for key in _NAMED_BY[name] if key in row) for row in value)
    if isinstance(value, Mapping):
        return str(value.get("formatted") or ", ".join(str(part) for part in value.values()))
    return str(value)
