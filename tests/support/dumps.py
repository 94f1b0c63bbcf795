"""A dump of a database in use, and a new database restored from it, by the programs that operators use."""

from __future__ import annotations

import sqlite3
import subprocess
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from tests.support.postgresql import find_programs


def dump(database_url: str, file: Path) -> Path:
    """Write everything that is committed to a file."""
    if database_url.startswith("sqlite"):
        source = database_url.removeprefix("sqlite:///")
        with closing(sqlite3.connect(source)) as live, closing(sqlite3.connect(file)) as copy:
            live.backup(copy)
        return file
    _run("pg_dump", "--format", "custom", "--file", str(file), plain(database_url))
    return file


def restore(file: Path, new_url: Callable[[], str]) -> str:
    """Make a new database of a dump; gives its address. `new_url` makes one on PostgreSQL, with a schema to replace."""
    with file.open("rb") as opened:
        if opened.read(6) == b"SQLite":
            copy = file.with_suffix(".restored")
            copy.write_bytes(file.read_bytes())
            return f"sqlite:///{copy}"
    url = new_url()
    _run("pg_restore", "--clean", "--if-exists", "--exit-on-error", "--no-owner", "--dbname", plain(url), str(file))
    return url


def plain(database_url: str) -> str:
    """Give the address as PostgreSQL's own programs read it."""
    scheme, _, rest = database_url.partition("://")
    return f"{scheme.partition('+')[0]}://{rest}"


def _run(program: str, *arguments: str) -> None:
    done = subprocess.run([str(find_programs() / program), *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
