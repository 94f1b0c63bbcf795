"""What the terminal says once the demo runs: addresses, people, and what to try in five steps."""

from __future__ import annotations

from pathlib import Path

import click

from idp.demo.clients import port_of, portals
from idp.demo.factors import FIRST_RECOVERY_CODE
from idp.demo.people import PASSWORD, PEOPLE


def tour(issuer: str, settings_file: Path, *, command: str = "idp") -> str:
    """Tell what runs where, who can sign in, and what to try, in five steps; `command` is what to type for `idp`."""
    driver, fleet = portals(port_of(issuer))
    people = "\n".join(f"    {click.style(f'{who.user_id:8}', bold=True)}{who.name}: {who.shows}" for who in PEOPLE)
    factors = "\n".join(
        f"    {who.user_id}’s authenticator app holds {who.totp_secret}; first recovery code: {FIRST_RECOVERY_CODE}"
        for who in PEOPLE
        if who.totp_secret
    )
    return f"""
{click.style("The demo runs.", bold=True)} Everything is on this machine; people, contracts and vehicles are invented.

    Issuer          {issuer}
    {driver.name}   {driver.address}
    {fleet.name}    {fleet.address}

People, all with the password {click.style(PASSWORD, bold=True)}
{people}
{factors}
    What it shows at this moment stands on the page {issuer}

  1. Open {driver.address} and press Sign in: the issuer asks who you are.
  2. Sign in as one of the people above.
  3. Look at what the app was told, at the foot of its page.
  4. Open {fleet.address} and press Sign in: one session serves both.
  5. Sign out, then connect an app of your own: {issuer}/demo/connect

When something goes wrong:
    Forget a password: {issuer}/recover; the mail is in the mailbox.
    Lose tom’s phone: sign in as tom, follow “I lost my device”, enter the recovery code (good once for each start).
    Say “This wasn’t me”: {issuer}/lock-down locks the account until a new password is chosen.

    Mailbox         {issuer}/demo/mailbox
    Commands        {command} clients list --config {settings_file}

Ctrl-C ends it. What you did is kept for the next time; without the folder {settings_file.parent} it starts afresh."""


def facts(issuer: str, settings_file: Path) -> dict[str, object]:
    """Tell a program what the tour tells a person."""
    return {
        "issuer": issuer,
        "portals": {client.client_id: client.address for client in portals(port_of(issuer))},
        "people": [person.user_id for person in PEOPLE],
        "password": PASSWORD,
        "totp_secrets": {person.user_id: person.totp_secret for person in PEOPLE if person.totp_secret},
        "settings": str(settings_file),
    }
