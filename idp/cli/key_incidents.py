"""``idp keys compromise | incident | review``: the worst night, and the day after."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from idp.acts.close_incident import (
    ClosedAlready,
    IncidentUnknown,
    ReviewedByTheSame,
    review_incident,
    withdraw_incident,
)
from idp.acts.compromise_key import Containment, compromise_key
from idp.cli.incident_report import Report, report_on
from idp.cli.opened import Opened, config_option, json_option, opened, yes_option
from idp.cli.printing import confirm, print_json, print_table, when
from idp.clients.directory import ClientDirectory
from idp.storage.incident_rows import Incident, find_incident, list_incidents
from idp.storage.key_rows import RingMoved
from keys.errors import KekRefused, SignerAway, UnknownKey
from keys.kek import Kek


@click.command("compromise")
@click.argument("kid")
@click.option("--reason", default="", help="What makes you think so; it stands in the report.")
@click.option("--withdraw", is_flag=True, help="It was a false alarm: close the incident. The key stays retired.")
@yes_option
@config_option
@json_option
def compromise_command(kid: str, *, reason: str, withdraw: bool, yes: bool, config: Path | None, as_json: bool) -> None:
    """Take a leaked key out of service at once; one person is enough, and people stay signed in.

    \b
    idp keys compromise KID --reason "laptop stolen"
    """
    with opened(config) as service, _refused_in_words():
        if withdraw:
            with service.database.writing() as connection:
                closed = withdraw_incident(connection, reference=kid, **service.acting())
            _shown(service, closed, as_json=as_json, markdown=False)
            return
        confirm(_plan(kid), yes=yes)
        done = compromise_key(
            service.database,
            _kek_if_there(service),
            kid=kid,
            reason=reason,
            actor=service.actor,
            clock=service.clock,
            entropy=service.entropy,
        )
        report = _report(service, done.incident)
    if as_json:
        print_json(report.document() | {"already": done.already, "nothing_signs": done.nothing_signs})
    else:
        click.echo("\n".join(_told(done, report)))


@click.command("incident")
@click.argument("incident", required=False)
@click.option("--markdown", is_flag=True, help="The whole report, to send on.")
@config_option
@json_option
def incident_command(incident: str | None, *, markdown: bool, config: Path | None, as_json: bool) -> None:
    """List incidents, or report on one: by its id, or by the kid of its key.

    \b
    idp keys incident KID --markdown > report.md
    """
    with opened(config) as service:
        with service.database.reading() as connection:
            found = list_incidents(connection) if incident is None else [find_incident(connection, incident)]
        if incident is not None:
            if found[0] is None:
                raise click.ClickException(f"there is no incident {incident}, nor one about a key of that kid")
            _shown(service, found[0], as_json=as_json, markdown=markdown)
            return
        _listed([one for one in found if one is not None], service.clock(), as_json=as_json)


@click.command("review")
@click.argument("incident")
@config_option
@json_option
def review_command(incident: str, *, config: Path | None, as_json: bool) -> None:
    """Note that you have looked at what somebody else did alone; due within 24 hours.

    \b
    idp keys review KID
    """
    with opened(config) as service, _refused_in_words():
        with service.database.writing() as connection:
            reviewed = review_incident(connection, reference=incident, **service.acting())
        _shown(service, reviewed, as_json=as_json, markdown=False)


@contextmanager
def _refused_in_words() -> Iterator[None]:
    try:
        yield
    except (ClosedAlready, IncidentUnknown, ReviewedByTheSame, RingMoved, UnknownKey) as error:
        raise click.ClickException(str(error)) from None


def _kek_if_there(service: Opened) -> Kek | None:
    """Give the key-encryption key, if this shell has it: containment goes on without."""
    try:
        return service.kek()
    except (KekRefused, SignerAway) as error:
        click.echo(f"{error}\nGoing on without it: the key that takes over is not tried out first.", err=True)
        return None


def _plan(kid: str) -> str:
    return (
        f"{kid} goes out of service now, for good: every token that it has signed is refused within a second.\n"
        "The standby key signs instead. People stay signed in; apps fetch new tokens by themselves."
    )


def _told(done: Containment, report: Report) -> Iterator[str]:
    incident = done.incident
    if done.already:
        yield f"This was done at {when(incident.opened_at)} by {incident.opened_by}; nothing was done twice."
    yield f"Done: {incident.kid} is out of service and refused everywhere since {when(incident.opened_at)}."
    if done.nothing_signs:
        yield f"NOW: nothing signs with {incident.algorithm}. Run: idp keys stage {incident.algorithm}"
        yield f"NOW: then idp keys list, and idp keys activate KID for the staged {incident.algorithm} key."
    elif incident.replaced_by:
        yield f"Done: {incident.replaced_by} signs instead; apps have held it in their JWKS."
    yield f"Now: tell {len(report.clients)} apps' security contacts: idp keys incident {incident.id} --markdown"
    yield f"Wait: until {when(report.apps_follow_until)} apps may still believe the key from their caches."
    yield f"Then: a second person runs `idp keys review {incident.id}` before {when(incident.review_due_at)}."


def _report(service: Opened, incident: Incident) -> Report:
    directory = ClientDirectory(service.database)
    directory.reload()
    with service.database.reading() as connection:
        return report_on(
            connection, incident, issuer=service.settings.issuer, clients=directory.all(), now=service.clock()
        )


def _shown(service: Opened, incident: Incident, *, as_json: bool, markdown: bool) -> None:
    report = _report(service, incident)
    if as_json:
        print_json(report.document())
    elif markdown:
        click.echo(report.markdown(), nl=False)
    else:
        _listed([incident], service.clock(), as_json=False)


def _listed(found: list[Incident], now: float, *, as_json: bool) -> None:
    if as_json:
        print_json([{name: getattr(one, name) for name in one.__slots__} for one in found])
        return
    print_table(
        ("INCIDENT", "KEY", "ALGORITHM", "WHEN", "BY", "REVIEW"),
        [(one.id, one.kid, one.algorithm, when(one.opened_at), one.opened_by, _standing(one, now)) for one in found],
    )


def _standing(incident: Incident, now: float) -> str:
    if incident.withdrawn_at is not None:
        return f"withdrawn by {incident.withdrawn_by}"
    if incident.reviewed_at is not None:
        return f"by {incident.reviewed_by}"
    return "OVERDUE" if incident.is_overdue(now) else f"due {when(incident.review_due_at)}"
