"""``idp clients``: register relying parties, look at them, change them, and explain why one was refused."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from idp.acts.disable_client import disable_client, enable_client
from idp.acts.register_client import needs_secret, register_client
from idp.acts.rotate_client_secret import ClientHasNoSecret, rotate_client_secret
from idp.acts.update_client import update_client
from idp.cli.client_options import registration_from, registration_options
from idp.cli.opened import Opened, config_option, json_option, opened, yes_option
from idp.cli.printing import confirm, print_facts, print_json, print_table, when
from idp.clients.client import Client
from idp.clients.directory import ClientDirectory
from idp.clients.policy import RegistrationRefused
from idp.clients.registration import ClientExists, ClientUnknown, read_metadata

DAY = 86_400.0


@click.group("clients")
def clients() -> None:
    """Relying parties: add, list, show, update, disable, enable, rotate-secret, explain."""


@contextmanager
def _refusals() -> Iterator[None]:
    """Say in words why an act was refused; the command ends with 1."""
    try:
        yield
    except RegistrationRefused as error:
        faults = "\n".join(f"  {fault}" for fault in error.faults)
        raise click.ClickException(f"the registration is refused:\n{faults}") from None
    except ClientExists as error:
        raise click.ClickException(f"{error} is taken; `idp clients update {error}` changes it") from None
    except ClientUnknown as error:
        raise click.ClickException(f"no client is called {error.args[0]}; see `idp clients list`") from None
    except ClientHasNoSecret as error:
        raise click.ClickException(f"{error} has no secret: it authenticates by its own key, or not at all") from None


@clients.command("add")
@click.argument("client_id")
@registration_options
@config_option
@json_option
def add_command(client_id: str, *, config: Path | None, as_json: bool, **options: Any) -> None:  # noqa: ANN401
    """Register a client. A secret, if it needs one, is generated and shown this once.

    \b
    idp clients add portal --name "Portal" --redirect-uri https://portal.example.com/callback \\
        --grant authorization_code --grant refresh_token --scope "openid profile offline_access"
    idp clients add app --auth none --redirect-uri com.example.app:/callback
    idp clients add billing --grant client_credentials --scope "invoices:read"
    """
    metadata = registration_from(options)
    with opened(config) as service, _refusals(), service.database.writing() as connection:
        secret = register_client(
            connection,
            client_id=client_id,
            metadata=metadata,
            actor=service.actor,
            entropy=service.entropy,
            now=service.clock(),
        )
    if as_json:
        print_json({"client_id": client_id, "client_secret": secret, "issuer": service.settings.issuer})
        return
    click.echo(f"{client_id} is registered.")
    _tell_secret(secret)
    click.echo(f"Its issuer: {service.settings.issuer}")


@clients.command("list")
@config_option
@json_option
def list_command(*, config: Path | None, as_json: bool) -> None:
    """List all clients.

    \b
    idp clients list --json
    """
    with opened(config) as service:
        found = _directory(service).all()
    if as_json:
        print_json([_summary(client) for client in found])
        return
    print_table(
        ("CLIENT ID", "NAME", "AUTH", "PROFILE", "GRANTS", "STATE"),
        [
            (
                client.client_id,
                client.name,
                client.auth_method,
                client.profile.name,
                sorted(client.grant_types),
                "disabled" if client.disabled_at else "in service",
            )
            for client in found
        ],
    )


@clients.command("show")
@click.argument("client_id")
@config_option
@json_option
def show_command(client_id: str, *, config: Path | None, as_json: bool) -> None:
    """Show what is registered of a client; secrets are not kept, so none is shown.

    \b
    idp clients show portal
    """
    with opened(config) as service, _refusals():
        client = _found(service, client_id)
        with service.database.reading() as connection:
            metadata = read_metadata(connection, client_id=client_id)
    secrets_end = [secret.expires_at for secret in client.secrets]
    if as_json:
        print_json(_summary(client) | {"metadata": metadata, "secrets": [{"expires_at": end} for end in secrets_end]})
        return
    state = f"disabled since {when(client.disabled_at)}" if client.disabled_at else "in service"
    ends = [f"counts until {when(end)}" if end else "counts" for end in secrets_end]
    print_facts({"client_id": client_id, "state": state, **metadata, "secret": ends or "none"})


@clients.command("update")
@click.argument("client_id")
@click.option("--remove", "removed", multiple=True, metavar="MEMBER", help="A member to take away, as `show` names it.")
@registration_options
@config_option
@json_option
def update_command(
    client_id: str,
    *,
    removed: tuple[str, ...],
    config: Path | None,
    as_json: bool,
    **options: Any,  # noqa: ANN401
) -> None:
    """Change what is registered; an option that may be repeated replaces all that was there.

    \b
    idp clients update portal --redirect-uri https://portal.example.com/callback
    idp clients update portal --remove logo_uri
    """
    changes = registration_from(options) | dict.fromkeys(removed)
    if not changes:
        raise click.UsageError("nothing to change was named; see `idp clients update --help`")
    with opened(config) as service, _refusals():
        with service.database.writing() as connection:
            update_client(
                connection,
                client_id=client_id,
                changes=changes,
                actor=service.actor,
                entropy=service.entropy,
                now=service.clock(),
            )
        client = _found(service, client_id)
    if as_json:
        print_json({"client_id": client_id, "changed": sorted(changes)})
        return
    click.echo(f"{client_id} is changed: {', '.join(sorted(changes))}.")
    if needs_secret({"token_endpoint_auth_method": client.auth_method}) and not client.secrets:
        click.echo(f"It has no secret yet: `idp clients rotate-secret {client_id}` makes one.")


@clients.command("disable")
@click.argument("client_id")
@yes_option
@config_option
@json_option
def disable_command(client_id: str, *, yes: bool, config: Path | None, as_json: bool) -> None:
    """Take a client out of service at once; whatever was issued to it is refused from then on.

    \b
    idp clients disable portal --yes
    """
    with opened(config) as service, _refusals():
        client = _found(service, client_id)
        confirm(
            f"{client.name} ({client_id}) can sign nobody in any more, and every token it holds is refused.\n"
            "It can be enabled again; its tokens stay refused, so people sign in anew.",
            yes=yes,
        )
        with service.database.writing() as connection:
            ended = disable_client(
                connection, client_id=client_id, actor=service.actor, entropy=service.entropy, now=service.clock()
            )
    if as_json:
        print_json({"client_id": client_id, "disabled": True, "grants_ended": ended})
        return
    click.echo(f"{client_id} is disabled; {ended} grants ended.")


@clients.command("enable")
@click.argument("client_id")
@config_option
@json_option
def enable_command(client_id: str, *, config: Path | None, as_json: bool) -> None:
    """Put a disabled client back into service.

    \b
    idp clients enable portal
    """
    with opened(config) as service, _refusals(), service.database.writing() as connection:
        enable_client(
            connection, client_id=client_id, actor=service.actor, entropy=service.entropy, now=service.clock()
        )
    if as_json:
        print_json({"client_id": client_id, "disabled": False})
        return
    click.echo(f"{client_id} is in service.")


@clients.command("rotate-secret")
@click.argument("client_id")
@click.option("--keep-days", default=7.0, show_default=True, help="How long the previous secret still counts.")
@yes_option
@config_option
@json_option
def rotate_secret_command(client_id: str, *, keep_days: float, yes: bool, config: Path | None, as_json: bool) -> None:
    """Make a new secret, shown this once; the previous one counts for a while. 0 days: it is refused at once.

    \b
    idp clients rotate-secret portal
    idp clients rotate-secret portal --keep-days 0 --yes
    """
    if keep_days < 0:
        raise click.UsageError("--keep-days is 0 or more")
    with opened(config) as service, _refusals():
        _found(service, client_id)
        previous_until = service.clock() + keep_days * DAY
        confirm(
            f"{client_id} gets a new secret. The present one counts until {when(previous_until)}; "
            "one that was still counting from before that is refused at once.",
            yes=yes,
        )
        with service.database.writing() as connection:
            secret = rotate_client_secret(
                connection,
                client_id=client_id,
                previous_until=previous_until,
                actor=service.actor,
                entropy=service.entropy,
                now=service.clock(),
            )
    if as_json:
        print_json({"client_id": client_id, "client_secret": secret, "previous_until": previous_until})
        return
    click.echo(f"{client_id} has a new secret; the previous one counts until {when(previous_until)}.")
    _tell_secret(secret)


@clients.command("explain")
@click.argument("reference")
@config_option
@json_option
def explain_command(reference: str, *, config: Path | None, as_json: bool) -> None:
    """Tell which check refused a request, what was sent and what is registered.

    REFERENCE is the number on an error page, or the X-Request-Id of an answer to an app.

    \b
    idp clients explain KTMR-4821
    """
    from idp.cli.explain import explain

    with opened(config) as service:
        explanations = explain(service, reference)
    if not explanations:
        raise click.ClickException(
            f"nothing is recorded under {reference}. Only refused requests are; "
            "an expired page or form is told on the page itself."
        )
    if as_json:
        print_json([explanation.as_document() for explanation in explanations])
        return
    click.echo("\n\n".join(explanation.as_text() for explanation in explanations))


def _directory(service: Opened) -> ClientDirectory:
    directory = ClientDirectory(service.database)
    directory.reload()
    return directory


def _found(service: Opened, client_id: str) -> Client:
    client = _directory(service).find(client_id)
    if client is None:
        raise ClientUnknown(client_id)
    return client


def _summary(client: Client) -> dict[str, Any]:
    return {
        "client_id": client.client_id,
        "client_name": client.name,
        "token_endpoint_auth_method": client.auth_method,
        "profile": client.profile.name,
        "grant_types": sorted(client.grant_types),
        "disabled_at": client.disabled_at,
    }


def _tell_secret(secret: str | None) -> None:
    if secret is not None:
        click.echo(f"Its secret, shown this once: {secret}")
