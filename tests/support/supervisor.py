"""Keeps one service of a test session alive, and ends it with the session whatever becomes of that.

Run as ``python -m tests.support.supervisor NAME DIRECTORY SESSION_PID``. It writes ``NAME.json`` when the service
answers (or why it does not), and stops the service when told to (SIGTERM) or when the session's process is gone.
Its own end, even by SIGKILL, ends the service: the kernel sees to it.
"""

import json
import os
import signal
import sys
from pathlib import Path
from threading import Event
from types import FrameType

import psutil

from tests.support.folders import remove_shared_folder
from tests.support.missing import Missing
from tests.support.postgresql import PostgresqlServer
from tests.support.valkey import ValkeyServer

SERVICES: dict[str, type[PostgresqlServer | ValkeyServer]] = {"postgresql": PostgresqlServer, "valkey": ValkeyServer}
LOOK_SECONDS = 0.5


def main(name: str, directory: Path, session: int) -> None:
    """Serve until the session ends."""
    told = Event()

    def on_signal(_number: int, _frame: FrameType | None) -> None:
        told.set()

    signal.signal(signal.SIGTERM, on_signal)
    signal.signal(signal.SIGINT, on_signal)
    session_process = psutil.Process(session)
    service = None
    try:
        service = SERVICES[name]()
        service.open()
        publish(directory / f"{name}.json", {"url": service.url(), "pid": os.getpid()})
        while not told.wait(LOOK_SECONDS) and session_process.is_running():
            pass
    except Missing as error:
        publish(directory / f"{name}.json", {"missing": str(error)})
    except Exception as error:  # noqa: BLE001 - whatever it is, the waiting test has to hear of it
        publish(directory / f"{name}.json", {"failed": str(error)})
    finally:
        if service is not None:
            service.close()
        if not session_process.is_running():
            remove_shared_folder()


def publish(file: Path, content: dict[str, object]) -> None:
    """Write the file so that no reader sees half of it."""
    draft = file.with_suffix(".draft")
    draft.write_text(json.dumps(content))
    draft.rename(file)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]))
