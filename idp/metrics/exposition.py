"""Where processes put their numbers, and how the management port tells them.

Processes that share a service share a folder of small mapped files (prometheus-client's multiprocess mode), named by
PROMETHEUS_MULTIPROC_DIR. Without it a process knows its own numbers only.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

FOLDER = "PROMETHEUS_MULTIPROC_DIR"


@contextmanager
def shared_folder() -> Iterator[Path]:
    """Give this process and its children an empty folder for their numbers; before anything imports prometheus_client.

    The operator's own, if PROMETHEUS_MULTIPROC_DIR names one, else one that goes when the process ends.
    """
    named = os.environ.get(FOLDER)
    folder = Path(named) if named else Path(tempfile.mkdtemp(prefix="idp-metrics-"))
    folder.mkdir(parents=True, exist_ok=True)
    for file in folder.glob("*.db"):
        file.unlink(missing_ok=True)
    os.environ[FOLDER] = str(folder)
    try:
        yield folder
    finally:
        if not named:
            del os.environ[FOLDER]
            shutil.rmtree(folder, ignore_errors=True)


def forget(process: int) -> None:
    """Drop the gauges of a process that has ended; its counts stay."""
    from prometheus_client.multiprocess import mark_process_dead  # noqa: PLC0415 - only once the folder is known

    if FOLDER in os.environ:
        mark_process_dead(process)  # type: ignore[no-untyped-call]
