"""What the commands about clients have in common: finding one, saying why an act was refused, showing a secret once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click

from idp.acts.rotate_client_secret import ClientHasNoSecret
from idp.cli.opened import Opened
from idp.cli.printing import one_a_line
from idp.clients.client import Client
from idp.clients.directory import ClientDirectory
from idp.clients.policy import RegistrationRefused
from idp.clients.registration import ClientExists, ClientUnknown


@contextmanager
def refusals() -> Iterator[None]:
    """Say in words why an act was refused; the command ends with 1."""
    try:
        yield
    except RegistrationRefused as error:
        raise click.ClickException(one_a_line("the registration is refused", error.faults)) from None
    except ClientExists as error:
        raise click.ClickException(f"{error} is taken; `idp clients update {error}` changes it") from None
    except ClientUnknown as error:
        raise click.ClickException(f"no client is called {error.args[0]}; see `idp clients list`") from None
    except ClientHasNoSecret as error:
        raise click.ClickException(f"{error} has no secret: it authenticates by its own key, or not at all") from None


def directory(service: Opened) -> ClientDirectory:
    """Read all clients."""
    clients = ClientDirectory(service.database)
    clients.reload()
    return clients


def found(service: Opened, client_id: str) -> Client:
    """Give a client, disabled or not.

    Raises:
        ClientUnknown: there is none.
    """
    client = directory(service).find(client_id)
    if client is None:
        raise ClientUnknown(client_id)
    return client


def summary(client: Client) -> dict[str, Any]:
    """Give a client in a few members, for programs."""
    return {
        "client_id": client.client_id,
        "client_name": client.name,
        "token_endpoint_auth_method": client.auth_method,
        "profile": client.profile.name,
        "grant_types": sorted(client.grant_types),
        "disabled_at": client.disabled_at,
    }


def tell_secret(secret: str | None) -> None:
    """Show a secret, for the only time."""
    if secret is not None:
        click.echo(f"Its secret, shown this once: {secret}")
