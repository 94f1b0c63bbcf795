"""What is measured in each round, in which order, and for how long."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from tests.benchmarks.bench import Bench, Subject, argon2_checks_per_cpu_second
from tests.benchmarks.load import CONNECTIONS, Call, Load, Logins, Wrk
from tests.benchmarks.served import Served
from tests.benchmarks.settled import SCOPE

FLOORS = {"wsgi": "/wsgi", "flask": "/flask"}
CALLS = (
    "client_credentials",
    "refresh",
    "introspection",
    "userinfo",
    "userinfo_profile",
    "jwks",
    "discovery",
)
STORM_CLIENTS = 16
STORM_CONNECTIONS = 2
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds for each kind of measurement, and how many rounds."""

    call: float = 2
    login: float = 3
    costly: float = 4
    storm: float = 4
    rounds: int = 3


QUICK = Pace(call=1, login=2, costly=2, storm=2, rounds=1)


@dataclass
class Results:
    """Every measurement by (row, server), in the order of the rounds."""

    loads: dict[tuple[str, str], list[Load]] = field(default_factory=dict)
    argon2: dict[str, list[float]] = field(default_factory=dict)

    def add(self, row: str, server: str, load: Load) -> None:
        """Keep one."""
        self.loads.setdefault((row, server), []).append(load)


def run_round(bench: Bench, pace: Pace, results: Results, say: Say) -> None:
    """Measure every row once, server by server within the row."""
    for name, path in FLOORS.items():
        results.add(name, "floor", Wrk(bench.floors, Call(path=path, authorization=""), seconds=pace.call).load())
    calls = {subject.name: subject.calls(bench.folder) for subject in bench.subjects}
    for row in CALLS:
        for subject in bench.subjects:
            _keep(results, say, row, subject, Wrk(subject.cheap, calls[subject.name][row], seconds=pace.call).load())
    for subject in bench.subjects:
        _sign_ins(subject, pace, results, say, known=subject.browsers(bench.folder))
    for name, binding in (("installed", None), ("native", bench.binding)):
        if name == "installed" or binding:
            results.argon2.setdefault(name, []).append(argon2_checks_per_cpu_second(1.0, binding))
    for subject in bench.subjects:
        for row, server in (("login_argon2", subject.costly), ("login_native", subject.native or subject.costly)):
            _keep(results, say, row, subject, _logins(subject, server, seconds=pace.costly).load())
    for subject in bench.subjects:
        _storm(subject, pace, results, say, calls[subject.name]["client_credentials"])


def _sign_ins(subject: Subject, pace: Pace, results: Results, say: Say, *, known: Path) -> None:
    """Sign people in where they have been before, and in browsers that are new for them, of which owners are told."""
    rows: tuple[tuple[str, Path | Literal["new"]], ...] = (("login", known), ("login_new", "new"))
    for row, browsers in rows:
        _keep(results, say, row, subject, _logins(subject, subject.cheap, seconds=pace.login, browsers=browsers).load())


def _logins(
    subject: Subject, server: Served, *, seconds: float, browsers: Path | Literal["new"] | None = None
) -> Logins:
    return Logins(server, subject.authorize, clients=CONNECTIONS, seconds=seconds, scope=SCOPE, browsers=browsers)


def _storm(subject: Subject, pace: Pace, results: Results, say: Say, call: Call) -> None:
    """Ask for machine tokens while many people sign in on the same core."""
    server = subject.native or subject.costly
    alone = Wrk(server, call, seconds=pace.call, connections=STORM_CONNECTIONS).load()
    storm = Logins(server, subject.authorize, clients=STORM_CLIENTS, seconds=pace.storm + 1, scope=SCOPE)
    tokens = Wrk(server, call, seconds=pace.storm, connections=STORM_CONNECTIONS).load()
    _keep(results, say, "storm_alone", subject, alone)
    _keep(results, say, "storm_tokens", subject, tokens)
    _keep(results, say, "storm_logins", subject, storm.load())


def _keep(results: Results, say: Say, row: str, subject: Subject, load: Load) -> None:
    results.add(row, subject.name, load)
    say(
        f"{row:20} {subject.name:5} {load.per_cpu_second:9.0f} per CPU second {load.per_second:9.0f} per second"
        f"  p50 {load.p50_ms:8.2f} ms  p99 {load.p99_ms:8.2f} ms  refused {load.refused}"
    )
