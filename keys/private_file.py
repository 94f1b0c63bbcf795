"""A secret on disk: written whole or not at all, for its owner only, never over something; read if nobody else can.

The content goes to a neighbour of a name that nobody knows and is linked to its own name once it is safely on disk; a
crash or a full disk on the way leaves nothing under that name.
"""

import errno
import os
import stat
import tempfile
from pathlib import Path

from keys.errors import KekRefused


def write_once(path: Path, content: bytes) -> None:
    """Write a new file, mode 0600; a missing folder is made with mode 0700.

    Raises:
        FileExistsError: the name is taken.
        OSError: the disk refused; nothing is left behind.
    """
    _make_folder(path.parent)
    descriptor, draft = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # 0600 from its first moment
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.link(draft, path)
    finally:
        Path(draft).unlink()
    _sync_folder(path.parent)


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except FileExistsError:
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(folder)) from None


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def read_private(path: Path, *, what: str, absent: str = "write it there") -> bytes:
    """Read a small file that only its owner may open; the check is made on the opened file, not on its name.

    Raises:
        KekRefused: no such file (`absent` says what to do), or others can read it; `what` names it.
    """
    try:
        with path.open("rb") as file:
            _require_private(path, os.fstat(file.fileno()).st_mode)
            return file.read(4096)
    except FileNotFoundError as error:
        raise KekRefused(f"no {what.removeprefix('the ')} at {path}: {absent}") from error
    except OSError as error:
        raise KekRefused(f"can't read {what} at {path}: {error.strerror}") from error


def _require_private(path: Path, mode: int) -> None:
    if not stat.S_ISREG(mode):
        raise KekRefused(f"{path} is not a plain file")
    if mode & 0o077:
        raise KekRefused(f"{path} can be read or written by others (mode {stat.S_IMODE(mode):04o}): chmod 600 {path}")
