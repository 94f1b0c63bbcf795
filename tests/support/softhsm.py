"""A token of SoftHSM for a test of its own: a PKCS#11 module that keeps its keys in a folder.

A process reads the configuration when it loads the module, and tests share processes; so all tokens of a test process
lie in one folder, each under a label of its own. `pulled_out` takes a token away and puts it back.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from itertools import count
from pathlib import Path

from tests.support.folders import new_folder
from tests.support.missing import Missing

PIN = "5678-for-tests"
_NUMBERS = count()


@dataclass(frozen=True)
class SoftToken:
    """An initialised token."""

    label: str
    module: Path
    pin_file: Path
    folder: Path

    def address(self, key: str = "") -> str:
        """Give its PKCS#11 URI, as the settings have it."""
        named = f";object={key}" if key else ""
        return f"pkcs11:token={self.label}{named}?module-path={self.module}&pin-source={self.pin_file}"

    @contextmanager
    def pulled_out(self) -> Iterator[None]:
        """Have the token out of the machine for a while."""
        away = self.folder.with_name(f"{self.folder.name}.away")
        shutil.move(self.folder, away.parent.parent / away.name)
        try:
            yield
        finally:
            shutil.move(away.parent.parent / away.name, self.folder)


def soft_token() -> SoftToken:
    """Make a token.

    Raises:
        Missing: SoftHSM is not installed.
    """
    module, home = _module(), _home()
    label = f"idp-{os.getpid()}-{next(_NUMBERS)}"
    before = set((home / "tokens").iterdir())
    subprocess.run(
        ["softhsm2-util", "--init-token", "--free", "--label", label, "--so-pin", "so-" + PIN, "--pin", PIN],
        check=True,
        capture_output=True,
    )
    (made,) = set((home / "tokens").iterdir()) - before
    pin_file = home / f"{label}.pin"
    pin_file.touch(mode=0o600)
    pin_file.write_text(f"{PIN}\n")
    return SoftToken(label, module, pin_file, made)


def _module() -> Path:
    for place in ("/usr/lib/softhsm/libsofthsm2.so", *map(str, Path("/usr/lib").glob("*/softhsm/libsofthsm2.so"))):
        if Path(place).exists() and shutil.which("softhsm2-util"):
            return Path(place)
    raise Missing("SoftHSM is not installed: apt-get install -y softhsm2")


@cache
def _home() -> Path:
    """Give the folder of this process's tokens, and tell the module of it, which reads that once."""
    home = new_folder("idp-softhsm-")
    (home / "tokens").mkdir()
    (home / "softhsm2.conf").write_text(f"directories.tokendir = {home}/tokens\nlog.level = ERROR\n")
    os.environ["SOFTHSM2_CONF"] = str(home / "softhsm2.conf")
    return home
