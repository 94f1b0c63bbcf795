"""``idp approvals``: what waits for a second person, and a no to it. A yes is given in the console, by a passkey."""

from __future__ import annotations

from pathlib import Path

import click

from idp.acts.approvals import ApprovalUnknown, DecidedAlready, refuse_from_shell
from idp.acts.two_person_acts import Doing
from idp.cli.opened import config_option, json_option, opened
from idp.cli.printing import print_json, print_table, when
from idp.cli.two_people import approve_at
from idp.storage.approval_rows import Approval, open_approvals
from idp.web.reference import new_reference


@click.group("approvals")
def approvals() -> None:
    """What waits for a second person: list, refuse."""


@approvals.command("list")
@config_option
@json_option
def list_command(*, config: Path | None, as_json: bool) -> None:
    """List what waits for a second person: what, proposed by whom, since when, and where it is approved.

    \b
    idp approvals list
    """
    with opened(config) as service:
        now, settings = service.clock(), service.settings
        with service.database.reading() as connection:
            waiting = open_approvals(connection, now)
    if as_json:
        print_json([_document(one, approve_at(settings, one), now) for one in waiting])
        return
    if not waiting:
        click.echo("Nothing waits for a second person.")
        return
    print_table(
        ("REFERENCE", "ACT", "ON", "BY", "AGE", "UNTIL", "APPROVE AT"),
        [
            (
                one.id,
                one.act,
                _subject(one),
                one.proposed_by,
                _age(one, now),
                when(one.expires_at),
                approve_at(settings, one),
            )
            for one in waiting
        ],
    )


@approvals.command("refuse")
@click.argument("reference")
@config_option
@json_option
def refuse_command(reference: str, *, config: Path | None, as_json: bool) -> None:
    """Say no to what somebody proposed, or take back your own. REFERENCE as `list` shows it, or its address.

    \b
    idp approvals refuse REFERENCE
    """
    with opened(config) as service:
        doing = Doing(reference=new_reference(service.entropy), **service.acting())
        try:
            with service.database.writing() as connection:
                refused = refuse_from_shell(connection, reference.rpartition("/")[2], doing=doing)
        except ApprovalUnknown:
            raise click.ClickException("nobody has proposed that; `idp approvals list` shows what waits") from None
        except DecidedAlready as error:
            raise click.ClickException(str(error)) from None
    if as_json:
        print_json({"approval": refused.id, "act": refused.act, "state": refused.state, "reference": doing.reference})
        return
    click.echo(f"{refused.act}, proposed by {refused.proposed_by}, is refused. Reference {doing.reference}.")


def _subject(approval: Approval) -> str:
    """Name every argument: a list that leaves one out would hide what is waited for."""
    return " ".join(f"{name}={value}" for name, value in sorted(approval.arguments.items()))


def _age(approval: Approval, now: float) -> str:
    return f"{(now - approval.proposed_at) / 60:.0f} min"


def _document(approval: Approval, address: str, now: float) -> dict[str, object]:
    return {
        "approval": approval.id,
        "act": approval.act,
        "arguments": dict(approval.arguments),
        "reason": approval.reason,
        "proposed_by": approval.proposed_by,
        "proposed_at": approval.proposed_at,
        "age_seconds": round(now - approval.proposed_at),
        "expires_at": approval.expires_at,
        "approve_at": address,
    }
