"""``idp clients``: register relying parties, look at them, change them, and explain why one was refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from idp.acts.register_client import needs_secret, register_client
from idp.acts.two_person_acts import TwoPersonAct, weakens
from idp.acts.update_client import update_client
from idp.cli.client_options import registration_from, registration_options, require_enabled
from idp.cli.client_states import disable_command, enable_command, rotate_secret_command
from idp.cli.client_words import directory, found, refusals, summary, tell_secret
from idp.cli.opened import config_option, json_option, opened
from idp.cli.printing import print_facts, print_json, print_table, when
from idp.cli.two_people import break_glass_option, with_two_people
from idp.clients.registration import read_metadata


@click.group("clients")
def clients() -> None:
    """Relying parties: add, list, show, update, disable, enable, rotate-secret, explain."""


for state_command in (disable_command, enable_command, rotate_secret_command):
    clients.add_command(state_command)


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
    with opened(config) as service, refusals(), service.database.writing() as connection:
        require_enabled(metadata, service.settings.signing_algs)
        secret = register_client(
            connection,
            client_id=client_id,
            metadata=metadata,
            **service.acting(),
        )
    if as_json:
        print_json({"client_id": client_id, "client_secret": secret, "issuer": service.settings.issuer})
        return
    click.echo(f"{client_id} is registered.")
    tell_secret(secret)
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
        everyone = directory(service).all()
    if as_json:
        print_json([summary(client) for client in everyone])
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
            for client in everyone
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
    with opened(config) as service, refusals():
        client = found(service, client_id)
        with service.database.reading() as connection:
            metadata = read_metadata(connection, client_id=client_id)
    secrets_end = [secret.expires_at for secret in client.secrets]
    if as_json:
        print_json(summary(client) | {"metadata": metadata, "secrets": [{"expires_at": end} for end in secrets_end]})
        return
    state = f"disabled since {when(client.disabled_at)}" if client.disabled_at else "in service"
    ends = [f"counts until {when(end)}" if end else "counts" for end in secrets_end]
    print_facts({"client_id": client_id, "state": state, **metadata, "secret": ends or "none"})


@clients.command("update")
@click.argument("client_id")
@click.option("--remove", "removed", multiple=True, metavar="MEMBER", help="A member to take away, as `show` names it.")
@registration_options
@break_glass_option
@config_option
@json_option
def update_command(
    client_id: str,
    *,
    removed: tuple[str, ...],
    alone: str | None,
    config: Path | None,
    as_json: bool,
    **options: Any,  # noqa: ANN401
) -> None:
    """Change what is registered; an option that may be repeated replaces all that was there.

    To ask for weaker sign-ins than before (--minimum-acr) takes two people.

    \b
    idp clients update portal --redirect-uri https://portal.example.com/callback
    idp clients update portal --remove logo_uri
    """
    changes = registration_from(options) | dict.fromkeys(removed)
    if not changes:
        raise click.UsageError("nothing to change was named; see `idp clients update --help`")
    with opened(config) as service, refusals():
        require_enabled(changes, service.settings.signing_algs)
        told = None
        if weakens(found(service, client_id).minimum_acr, changes):
            weaker = {"client_id": client_id, "changes": changes}
            told = with_two_people(service, TwoPersonAct.WEAKEN_CLIENT, weaker, alone=alone)
        else:
            with service.database.writing() as connection:
                update_client(connection, client_id=client_id, changes=changes, **service.acting())
        client = found(service, client_id)
    if told is not None and told.outcome is None:
        if as_json:
            print_json({"client_id": client_id, "changed": [], "reference": told.reference, **told.proposal})
        else:
            click.echo(f"{client_id} is as it was, since a weaker sign-in takes two people; {told.said()}")
        return
    if as_json:
        print_json({"client_id": client_id, "changed": sorted(changes)})
        return
    click.echo(f"{client_id} is changed: {', '.join(sorted(changes))}.")
    if needs_secret({"token_endpoint_auth_method": client.auth_method}) and not client.secrets:
        click.echo(f"It has no secret yet: `idp clients rotate-secret {client_id}` makes one.")


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
