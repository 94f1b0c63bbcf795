"""The table of one run: each row beside its floor and the peer, with the goal it has and whether it was reached."""

from dataclasses import dataclass

from tests.benchmarks.load import Load

Loads = dict[tuple[str, str], Load]
Memory = dict[str, tuple[float, float]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """The medians of a run."""

    medians: Loads
    ratios: dict[str, float]
    """Ours to the peer's by row: the median over the rounds of what one round gave."""
    argon2: dict[str, float]
    starts: dict[str, float]
    idle: Memory
    loaded: Memory
    loaded_argon2: Memory
    trips: dict[str, float]


@dataclass(frozen=True, slots=True)
class Row:
    """One line: its key, its name, the least ratio to the peer that is wished for, and which floor lies under it."""

    key: str
    name: str
    goal: float
    floor: str


ROWS = (
    Row("client_credentials", "client_credentials, ES256", 2.0, "wsgi"),
    Row("refresh", "refresh with rotation", 2.0, "wsgi"),
    Row("introspection", "introspection", 1.3, "wsgi"),
    Row("userinfo", "userinfo, `sub` alone", 1.1, "wsgi"),
    Row("userinfo_profile", "userinfo, with profile", 1.1, "wsgi"),
    Row("jwks", "JWKS", 2.0, "wsgi"),
    Row("discovery", "discovery", 2.0, "wsgi"),
    Row("login", "sign-in, hashing off", 1.3, "flask"),
    Row("login_new", "sign-in in a new browser, hashing off", 1.3, "flask"),
    Row("login_argon2", "sign-in, argon2id as the wheel has it", 1.0, "installed"),
    Row("login_native", "sign-in, argon2id built for this processor", 1.0, "native"),
)
_BUILDS = {"installed": "the wheel's build", "native": "built for this processor"}
_FLOORS = {"wsgi": "empty WSGI", "flask": "empty Flask", "installed": "its hash", "native": "its hash"}
HEAD = (
    "| row | per CPU second | p50 ms | p99 ms | of its floor | peer per CPU second | ratio | goal | |",
    "|---|--:|--:|--:|--:|--:|--:|--:|---|",
)


def table(summary: Summary) -> str:
    """Write the table in Markdown."""
    floors = [_floor(name, summary) for name in ("wsgi", "flask")]
    argon2 = [
        f"| raw argon2id check, {_BUILDS[name]} | {rate:.1f} | | | | | | | |" for name, rate in summary.argon2.items()
    ]
    rows = [_line(row, summary) for row in ROWS if row.floor != "native" or "native" in summary.argon2]
    return "\n".join([*HEAD, *floors, *argon2, *rows, *_storm(summary), "", *_rest(summary)])


def _floor(name: str, summary: Summary) -> str:
    load = summary.medians[name, "floor"]
    title = {"wsgi": "empty WSGI function", "flask": "empty Flask view"}[name]
    return f"| {title} | {_number(load.per_cpu_second)} | {load.p50_ms:.2f} | {load.p99_ms:.2f} | | | | | |"


def _line(row: Row, summary: Summary) -> str:
    ours, peer = summary.medians[row.key, "ours"], summary.medians.get((row.key, "peer"))
    under = summary.argon2.get(row.floor) or summary.medians[row.floor, "floor"].per_cpu_second
    share = f"{ours.per_cpu_second / under:.0%} of {_FLOORS[row.floor]}"
    refused = f" ({ours.refused} refused)" if ours.refused else ""
    cells = [_number(ours.per_cpu_second) + refused, f"{ours.p50_ms:.2f}", f"{ours.p99_ms:.2f}", share]
    return _joined(row.name, cells, summary.ratios.get(row.key), peer.per_cpu_second if peer else None, row.goal)


def _joined(name: str, cells: list[str], ratio: float | None, peer: float | None, goal: float) -> str:
    if peer is None or ratio is None:
        return f"| {name} | {' | '.join(cells)} | | | ≥ {goal} | |"
    verdict = "reached" if ratio >= goal else "not reached"
    return f"| {name} | {' | '.join(cells)} | {_number(peer)} | {ratio:.2f} | ≥ {goal} | {verdict} |"


def _storm(summary: Summary) -> list[str]:
    """During a storm, requests per second of wall time are what counts: the core is shared with the hashes."""
    medians = summary.medians
    lines = []
    for key, name, goal in (
        ("storm_tokens", "tokens per second while 16 people sign in", 8.0),
        ("storm_logins", "sign-ins per second in that storm", 1.0),
    ):
        ours, peer = medians[key, "ours"], medians.get((key, "peer"))
        alone = f"{_number(medians['storm_alone', 'ours'].per_second)} alone" if key == "storm_tokens" else ""
        cells = [_number(ours.per_second), f"{ours.p50_ms:.2f}", f"{ours.p99_ms:.2f}", alone]
        lines.append(_joined(name, cells, summary.ratios.get(key), peer.per_second if peer else None, goal))
    return lines


def _rest(summary: Summary) -> list[str]:
    head = ["| | " + " | ".join(summary.starts) + " |", "|---|" + "--:|" * len(summary.starts)]
    lines = [
        ("start to first 200, seconds", {name: f"{value:.2f}" for name, value in summary.starts.items()}),
        ("memory idle, MB (all processes / the largest)", _memory(summary.idle)),
        ("memory after the load, MB", _memory(summary.loaded)),
        ("memory after sign-ins with argon2id, MB", _memory(summary.loaded_argon2)),
    ]
    p99 = {name: summary.medians["storm_tokens", name].p99_ms for name in summary.starts}
    lines.append(("p99 of tokens in the storm, ms", {name: f"{value:.1f}" for name, value in p99.items()}))
    rows = [f"| {name} | " + " | ".join(values[server] for server in summary.starts) + " |" for name, values in lines]
    counted = ", ".join(f"{count:g} {name}" for name, count in summary.trips.items())
    return [*head, *rows, "", f"One sign-in of ours, code exchange included: {counted}."]


def _memory(memory: Memory) -> dict[str, str]:
    return {name: f"{whole:.0f} / {largest:.0f}" for name, (whole, largest) in memory.items()}


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}"
