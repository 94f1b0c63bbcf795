"""What the commands that stay have in common: an address to listen on, and words for a start that cannot be."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import click

from idp.cli.opened import Unusable
from idp.cli.printing import one_a_line
from idp.wire.bind import Bind


def to_bind(_context: click.Context, _parameter: click.Parameter, value: str) -> Bind:
    """Read HOST:PORT, as a callback of Click."""
    try:
        return Bind.parse(value)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


@contextmanager
def faults_in_words() -> Iterator[None]:
    """Turn a start that cannot be into exit code 2 and a line for each reason."""
    from idp.operating.preflight import NotReadyToStart

    try:
        yield
    except NotReadyToStart as error:
        raise Unusable(one_a_line("cannot start", error.faults)) from None
