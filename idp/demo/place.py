"""Where the demo keeps its data: var/demo/PORT of the current folder, else of the user's own state folder.

The folder of a port has a settings file, so that commands work on the demo, too: `idp clients list --config FILE`.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from idp.resources import resource_directory


@dataclass(frozen=True, slots=True)
class Place:
    """The folder of a demo on one port."""

    folder: Path

    @property
    def settings_file(self) -> Path:
        """The settings of this demo."""
        return self.folder / "idp.toml"

    @property
    def database_url(self) -> str:
        """Its SQLite database."""
        return f"sqlite:///{self.folder / 'idp.sqlite'}"

    @property
    def mail_folder(self) -> Path:
        """Where its mail goes."""
        return self.folder / "mail"

    @property
    def kek_file(self) -> Path:
        """Its key-encryption key."""
        return self.folder / "kek"


def make_place(port: int, environment: Mapping[str, str]) -> Place:
    """Make the folder for a demo on this port, where this user may write.

    Raises:
        OSError: neither folder can be made or written.
    """
    here = Path.cwd() / "var" / "demo" / str(port)
    try:
        return _usable(here)
    except OSError:
        state = environment.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
        return _usable(Path(state) / "idp" / "demo" / str(port))


def write_settings(place: Place, *, issuer: str, management_bind: str) -> None:
    """Write the settings of this demo: those of config/demo.toml, and what depends on place and port."""
    values = {
        "issuer": issuer,
        "database_url": place.database_url,
        "kek_file": str(place.kek_file),
        "mail_folder": str(place.mail_folder),
        "management_bind": management_bind,
    }
    # A JSON string is a TOML string.
    lines = [f"{name} = {json.dumps(value, ensure_ascii=False)}\n" for name, value in values.items()]
    general = (resource_directory("config") / "demo.toml").read_text(encoding="utf-8")
    place.settings_file.write_text(
        f"{general}\n# Written by `idp demo` at each start.\n{''.join(lines)}", encoding="utf-8"
    )


def _usable(folder: Path) -> Place:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not os.access(folder, os.W_OK | os.X_OK):
        raise PermissionError(f"{folder} cannot be written")
    return Place(folder)
