"""Writing a secret to disk: whole or not at all, for its owner only, and never over something that is there.

The content goes to a neighbour of a name that nobody knows and is linked to its own name once it is safely on disk; a
crash or a full disk on the way leaves nothing under that name.
"""

import errno
import os
import tempfile
from pathlib import Path


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
