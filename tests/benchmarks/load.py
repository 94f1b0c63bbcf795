"""Drive a server from the other core: wrk for single endpoints, our own login client for whole sign-ins.

wrk's scripts end with one line of JSON, and so does the login client; `Load` is what both say, with the CPU seconds
that the server spent meanwhile.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from tests.benchmarks.login import BASIC
from tests.benchmarks.machine import DRIVER_CORES, on_cores
from tests.benchmarks.served import Served
from tests.support.missing import Missing

CONNECTIONS = 16
_SCRIPTS = Path(__file__).parent / "lua"
_ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What one stretch of load came to."""

    per_cpu_second: float
    per_second: float
    p50_ms: float
    p99_ms: float
    refused: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request to repeat; an empty body makes it a GET. With `tokens` (a file) it is a chain of refresh tokens."""

    path: str
    body: str = ""
    authorization: str = BASIC
    tokens: Path | None = None


class Wrk:
    """One run of wrk, started at once; `load` waits for its end."""

    def __init__(self, server: Served, call: Call, *, seconds: float, connections: int = CONNECTIONS) -> None:
        program = shutil.which("wrk")
        if program is None:
            raise Missing("wrk is not installed: apt-get install -y wrk")
        script = _SCRIPTS / ("rotation.lua" if call.tokens else "fixed.lua")
        arguments = [program, "-t1", f"-c{connections}", f"-d{max(1, round(seconds))}s", "-s", str(script)]
        self._server = server
        self._run = _Driver(server, [*arguments, server.address + call.path], _environment(call))

    def load(self) -> Load:
        """Wait for the end and say what it came to."""
        return self._run.load()


class Logins:
    """One stretch of sign-ins, started at once; `load` waits for its end.

    `browsers` is the file of the browsers that people come back in, or "new": then each comes in a new one.
    """

    def __init__(
        self,
        server: Served,
        authorize: str,
        *,
        clients: int,
        seconds: float,
        scope: str,
        browsers: Path | Literal["new"] | None = None,
    ) -> None:
        arguments = ["--clients", str(clients), "--seconds", str(seconds), "--scope", scope]
        if browsers is not None:
            arguments += ["--new-browsers"] if browsers == "new" else ["--browsers", str(browsers)]
        program = [sys.executable, "-m", "tests.benchmarks.login", server.address, authorize]
        self._run = _Driver(server, [*program, *arguments], {})

    def load(self) -> Load:
        """Wait for the end and say what it came to."""
        return self._run.load()


class _Driver:
    def __init__(self, server: Served, command: list[str], environment: Mapping[str, str]) -> None:
        self._server = server
        self._before = server.cpu_seconds()
        self._process = subprocess.Popen(
            on_cores(DRIVER_CORES, command),
            cwd=_ROOT,
            env={**os.environ, **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def load(self) -> Load:
        output, errors = self._process.communicate()
        spent = self._server.cpu_seconds() - self._before
        said = [line for line in output.splitlines() if line.startswith("{")]
        if not said:
            raise RuntimeError(f"the load driver failed: {errors or output}")
        return _read(json.loads(said[-1]), spent)


def _read(said: Mapping[str, Any], spent: float) -> Load:
    if said["broken"] or not said["requests"]:
        raise RuntimeError(f"the server broke connections or answered nothing: {dict(said)}")
    done = said["requests"] - (0 if "first_failure" in said else said["refused"])
    return Load(
        per_cpu_second=done / max(spent, 0.01),
        per_second=done / said["seconds"],
        p50_ms=said["p50_ms"],
        p99_ms=said["p99_ms"],
        refused=said["refused"],
    )


def _environment(call: Call) -> dict[str, str]:
    return {
        "WRK_METHOD": "POST" if call.body else "GET",
        "WRK_BODY": call.body,
        "WRK_AUTHORIZATION": call.authorization,
        "WRK_TOKENS": str(call.tokens or ""),
        "WRK_REPORT": str(_SCRIPTS / "report.lua"),
    }
