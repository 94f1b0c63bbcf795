"""The ways in: every command of ``idp``. They call the same acts as the pages; ``--json`` is for programs."""

from importlib import import_module
from typing import cast

import click

import idp

COMMANDS = {
    "demo": "Try it out: issuer, two portals and people, on this machine.",
    "serve": "Serve the issuer: request workers and the housekeeper.",
    "worker": "The housekeeper alone: pruning and the management port.",
    "doctor": "What is right, what is not, and what to do next.",
    "clients": "Relying parties: add, list, show, update, disable, enable, rotate-secret, explain.",
    "accounts": "People who sign in: add, import, show, stop, let back in, close, export.",
    "contracts": "The lender's contracts: import, show.",
    "approvals": "What waits for a second person: list, refuse.",
    "keys": "The key ring: make, look, rotate, try out, take out of service, wrap anew, back up.",
    "audit": "What happened: tail, export, verify, key, verifier.",
    "db": "The database: upgrade, check, prune, restored.",
}
"""Each command is the attribute of its own name in the module of its own name, imported when it runs."""


class Commands(click.Group):
    """Commands by name, so that `idp --help` need not import them all."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - Click's signature
        """Name the commands, in the order in which a newcomer meets them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Import a command."""
        if cmd_name not in COMMANDS:
            return None
        return _reading_any_id(cast("click.Command", getattr(import_module(f"idp.cli.{cmd_name}"), cmd_name)))

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """List the commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


def _reading_any_id(command: click.Command) -> click.Command:
    """Let kids, ids and references begin with a dash, as one in 64 does: what is no option is the argument."""
    for one in command.commands.values() if isinstance(command, click.Group) else (command,):
        one.ignore_unknown_options = any(isinstance(parameter, click.Argument) for parameter in one.params)
    return command


@click.command(cls=Commands)
@click.version_option(idp.__version__, prog_name="idp")
def main() -> None:
    """An OpenID Connect issuer that finance apps delegate login to.

    Exit codes: 0 done, 1 refused or not found, 2 the command or the settings cannot be used.
    """
