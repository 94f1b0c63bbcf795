"""The options that describe a relying party, and the registration (RFC 7591 §2 names) that they come to."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click

from idp.clients.policy import ACR_VALUES, AUTH_METHODS, GRANT_TYPES, PRIVATE_MEMBERS, SIGNING_ALGS, RegistrationRefused
from idp.clients.profiles import PROFILES

_Command = TypeVar("_Command", bound=Callable[..., Any])

# Option, the member that it sets, and how Click reads it; a tuple's option may be given several times.
_OPTIONS: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("--name", "client_name", {"help": "What people read: the app's name."}),
    ("--redirect-uri", "redirect_uris", {"multiple": True, "help": "Where sign-ins return to, to the letter."}),
    (
        "--post-logout-redirect-uri",
        "post_logout_redirect_uris",
        {"multiple": True, "help": "Where people may return to after signing out."},
    ),
    ("--backchannel-logout-uri", "backchannel_logout_uri", {"help": "Where the app hears of sign-outs."}),
    ("--frontchannel-logout-uri", "frontchannel_logout_uri", {"help": "Its page that signs out, in a frame."}),
    (
        "--security-event-uri",
        "security_event_uri",
        {"help": "Where it hears that a signing key leaked (RFC 8935)."},
    ),
    ("--security-contact", "security_contact", {"help": "The mail address to write to on that night."}),
    ("--grant", "grant_types", {"multiple": True, "type": click.Choice(GRANT_TYPES), "help": "What it may do."}),
    (
        "--auth",
        "token_endpoint_auth_method",
        {"type": click.Choice(AUTH_METHODS), "help": "How it proves who it is; none is a public client."},
    ),
    ("--scope", "scope", {"help": "All scopes that it may ask for, separated by spaces."}),
    (
        "--jwks",
        "jwks",
        {"type": click.Path(path_type=Path, exists=True, dir_okay=False), "help": "Its public keys, as a JWK set."},
    ),
    ("--jwks-uri", "jwks_uri", {"help": "Where it publishes its keys."}),
    ("--profile", "profile", {"type": click.Choice(list(PROFILES)), "help": "The set of rules that it keeps."}),
    (
        "--alg",
        "id_token_signed_response_alg",
        {"type": click.Choice(SIGNING_ALGS), "help": "How its tokens are signed."},
    ),
    (
        "--minimum-acr",
        "minimum_acr",
        {"type": click.Choice(ACR_VALUES), "help": "The least sure sign-in that it takes."},
    ),
    (
        "--default-acr",
        "default_acr_values",
        {"multiple": True, "type": click.Choice(ACR_VALUES), "help": "What it asks for where it names nothing."},
    ),
    ("--audience", "audiences", {"multiple": True, "help": "Whom its access tokens are for, if not itself."}),
    ("--rotate-refresh/--keep-refresh", "rotate_refresh", {"default": None, "help": "A new refresh token each time."}),
    ("--first-party/--third-party", "first_party", {"default": None, "help": "The lender's own: asks no consent."}),
    (
        "--own-jwks/--shared-jwks",
        "own_jwks",
        {"default": None, "help": "It fetches our keys from /jwks/CLIENT_ID, so that rotations wait for it."},
    ),
    ("--logo-uri", "logo_uri", {"help": "Its logo, on our pages."}),
    ("--policy-uri", "policy_uri", {"help": "Its privacy policy."}),
    ("--tos-uri", "tos_uri", {"help": "Its terms."}),
    ("--accent", "accent", {"help": "Its colour, as #1a2b3c."}),
    ("--support-phone", "support_phone", {"help": "Its support's number."}),
)


class Unreadable(click.UsageError):
    """A file that an option names is not what it should be."""


def registration_options(command: _Command) -> _Command:
    """Give a command the options that describe a client."""
    for option, member, attributes in reversed(_OPTIONS):
        command = click.option(option, member, **attributes)(command)
    return command


def registration_from(options: dict[str, Any]) -> dict[str, Any]:
    """Give the members that were named; what was not mentioned is left out.

    Raises:
        Unreadable: the file of --jwks holds no set of public keys.
    """
    given = {name: value for name, value in options.items() if value is not None and value != ()}
    if "jwks" in given:
        given["jwks"] = _public_keys(given["jwks"])
    return {name: list(value) if isinstance(value, tuple) else value for name, value in given.items()}


def _public_keys(path: Path) -> dict[str, Any]:
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise Unreadable(f"{path}: is not JSON ({error})") from None
    keys = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(keys, list) or not keys or not all(isinstance(key, dict) for key in keys):
        raise Unreadable(f'{path}: is not a JWK set: {{"keys": [...]}} (RFC 7517 §5)')
    if any(PRIVATE_MEMBERS & key.keys() for key in keys):
        raise Unreadable(f"{path}: holds a private or symmetric key; register public keys only, and replace that one")
    return {"keys": keys}


def require_enabled(registration: Mapping[str, Any], signing_algs: Sequence[str]) -> None:
    """Let a registration pass that asks for no algorithm, or for one that this issuer signs with.

    Raises:
        RegistrationRefused: nothing here would sign its tokens, so that every sign-in would end in an error.
    """
    wanted = registration.get("id_token_signed_response_alg")
    if wanted not in {None, *signing_algs}:
        raise RegistrationRefused(
            [f"{wanted} is not one of signing_algs ({', '.join(signing_algs)}): name it there, then `idp keys init`"]
        )
