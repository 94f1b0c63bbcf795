"""The ways in: every command of ``idp``. Commands call the same acts as the pages, and each takes ``--json``."""

import click

from idp.cli.db import db


@click.group()
def main() -> None:
    """An OpenID Connect issuer that finance apps delegate login to."""


main.add_command(db)
