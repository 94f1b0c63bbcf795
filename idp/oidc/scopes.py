"""Which scopes a token request gets: never more than was granted or registered (RFC 6749 §3.3, §6)."""

from __future__ import annotations

from idp.clients.client import STANDARD_SCOPES, Client
from idp.oidc.errors import ProtocolError

# What makes sense only with a person who signs in.
PERSONAL_SCOPES = frozenset(STANDARD_SCOPES)


def split_scope(value: str) -> tuple[str, ...]:
    """Split a scope parameter, each token once, in the order sent."""
    return tuple(dict.fromkeys(token for token in value.split(" ") if token))


def narrowed_scopes(requested: str | None, granted: tuple[str, ...]) -> tuple[str, ...]:
    """Give the scopes of a refreshed token: what is asked for, if all of it was granted; all, if nothing is asked.

    Raises:
        ProtocolError: invalid_scope.
    """
    if requested is None:
        return granted
    scopes = split_scope(requested)
    if not scopes or not set(scopes) <= set(granted):
        raise ProtocolError("invalid_scope", "The scope goes beyond what was granted.")
    return scopes


def requested_client_scopes(requested: str | None, client: Client) -> tuple[str, ...]:
    """Give the scopes of a client's own token.

    Raises:
        ProtocolError: invalid_scope, for personal scopes and those that are not registered.
    """
    own = client.scopes - PERSONAL_SCOPES
    if requested is None:
        return tuple(sorted(own))
    scopes = split_scope(requested)
    if not scopes or not set(scopes) <= own:
        raise ProtocolError("invalid_scope", "The client may not have this scope.")
    return scopes
