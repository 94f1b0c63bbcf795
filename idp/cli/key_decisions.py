"""``idp keys destroy`` and ``idp keys override``: what takes two people."""

from __future__ import annotations

from pathlib import Path

import click

from idp.acts.two_person_acts import TwoPersonAct
from idp.cli.key_lives import refused_in_words
from idp.cli.opened import config_option, json_option, opened, yes_option
from idp.cli.printing import confirm, print_json
from idp.cli.two_people import break_glass_option, with_two_people
from idp.storage.key_rows import read_ring
from keys.errors import UnknownKey


def _decided(
    act: TwoPersonAct,
    kid: str,
    question: str,
    done: str,
    *,
    alone: str | None,
    yes: bool,
    config: Path | None,
    as_json: bool,
) -> None:
    with opened(config) as service, refused_in_words():
        with service.database.reading() as connection:
            if not any(key.kid == kid and key.public_jwk for key in read_ring(connection).records):
                raise UnknownKey(f"no signing key has the kid {kid}")
        confirm(question, yes=yes)
        told = with_two_people(service, act, {"kid": kid}, alone=alone)
    if as_json:
        print_json({"kid": kid, "done": told.outcome is not None, "reference": told.reference, **told.proposal})
    elif told.outcome is None:
        click.echo(f"{kid} is as it was; {told.said()}")
    else:
        click.echo(f"{kid} {done} Reference {told.reference}.")


@click.command("destroy")
@click.argument("kid")
@break_glass_option
@yes_option
@config_option
@json_option
def destroy_command(kid: str, *, alone: str | None, yes: bool, config: Path | None, as_json: bool) -> None:
    """Destroy the private part of a key that has left the JWKS. Takes two people.

    \b
    idp keys destroy KID
    """
    question = f"The private part of {kid} is gone for good; what it has signed can still be verified."
    done = "has no private part any more; backups made before still do."
    _decided(TwoPersonAct.DESTROY_KEY, kid, question, done, alone=alone, yes=yes, config=config, as_json=as_json)


@click.command("override")
@click.argument("kid")
@break_glass_option
@yes_option
@config_option
@json_option
def override_command(kid: str, *, alone: str | None, yes: bool, config: Path | None, as_json: bool) -> None:
    """Let a staged key sign although apps have not fetched it. Takes two people; then `idp keys rotate`.

    \b
    idp keys override KID
    """
    question = f"Nobody is waited for any more before {kid} signs: apps that have not fetched it refuse its tokens."
    _decided(
        TwoPersonAct.OVERRIDE_PICK_UP,
        kid,
        question,
        "waits for nobody any more.",
        alone=alone,
        yes=yes,
        config=config,
        as_json=as_json,
    )
