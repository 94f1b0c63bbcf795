"""``idp serve``: request workers and the housekeeper beside them, until SIGTERM.

Exit codes: 0 stopped as told, 2 could not start (each reason on a line of its own, with the command that mends it).
"""

from __future__ import annotations

import secrets
import time
from pathlib import Path

import click

from idp.cli.opened import config_option, read_settings
from idp.cli.starting import faults_in_words, to_bind
from idp.cores import usable_cores
from idp.wire.bind import Bind


@click.command("serve")
@config_option
@click.option(
    "--bind",
    default="127.0.0.1:8000",
    show_default=True,
    metavar="HOST:PORT",
    callback=to_bind,
    help="Where to listen.",
)
@click.option(
    "--workers",
    type=click.IntRange(1, 256),
    show_default="one per core; 1 on SQLite, where more are refused",
    help="Request workers.",
)
def serve(config: Path | None, bind: Bind, workers: int | None) -> None:
    """Serve the issuer: request workers and one `idp worker` beside them."""
    from idp.metrics.exposition import shared_folder

    settings = read_settings(config)
    # The folder must be known before anything that counts is imported.
    with shared_folder(), faults_in_words():
        from idp.operating.preflight import is_sqlite
        from idp.operating.serving import serve as serve_until_told

        number = workers or (1 if is_sqlite(settings) else usable_cores())
        serve_until_told(settings, bind, workers=number, clock=time.time, entropy=secrets.token_bytes)
