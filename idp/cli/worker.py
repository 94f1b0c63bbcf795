"""``idp worker``: the housekeeper by itself, beside a server that does not bring one (gunicorn)."""

from __future__ import annotations

import secrets
import time
from pathlib import Path

import click

from idp.cli.opened import config_option, read_settings
from idp.cli.starting import faults_in_words
from idp.wire.bind import Bind


@click.command("worker")
@config_option
def worker(config: Path | None) -> None:
    """Deliver mail, prune, and answer /metrics, /livez and /readyz on the management port.

    `idp serve` runs one by itself.
    """
    from idp.journal import keep_journal_of
    from idp.operating.housekeeping import keep_house
    from idp.operating.preflight import require_free, require_ready

    settings = read_settings(config)
    with faults_in_words():
        require_ready(settings, workers=1, now=time.time(), entropy=secrets.token_bytes)
        require_free(Bind.parse(settings.management_bind))
    keep_journal_of(settings, "housekeeper")
    keep_house(settings)
