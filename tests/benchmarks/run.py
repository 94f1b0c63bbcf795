"""`make bench`: measure one request worker beside its floors and a peer (docs/performance.md says how and why).

Prints a Markdown table and writes it, with every single measurement, into var/bench/latest.json. Needs wrk (a Debian
package) and two cores; node-oidc-provider is measured where npm can install it.
"""

import argparse
import json
import statistics
import sys
import tempfile
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.benchmarks.bench import Bench, running
from tests.benchmarks.issuers import ROOT
from tests.benchmarks.load import Load
from tests.benchmarks.machine import busy_fraction, described
from tests.benchmarks.rounds import QUICK, Pace, Results, run_round
from tests.benchmarks.structure import trips_per_login
from tests.benchmarks.table import Summary, table
from tests.support.missing import Missing

OUTPUT = ROOT / "var" / "bench" / "latest.json"


def main() -> int:
    """Measure; 0 when it could be measured, 2 when something it needs is missing."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="one short round, two minutes: to see that it works")
    parser.add_argument("--rounds", type=int, help="how many rounds (3)")
    parser.add_argument("--without-peer", action="store_true", help="leave node-oidc-provider out")
    given = parser.parse_args()
    pace = QUICK if given.quick else Pace()
    try:
        measured = measure(pace, given.rounds or pace.rounds, with_peer=not given.without_peer)
    except Missing as error:
        print(error, file=sys.stderr)
        return 2
    OUTPUT.parent.mkdir(parents=True, exist_ok=True)
    OUTPUT.write_text(json.dumps(measured, indent=1))
    print(measured["table"])
    return 0


def measure(pace: Pace, rounds: int, *, with_peer: bool) -> dict[str, Any]:
    """Run everything and give what came out."""
    begun, busy, machine = time.perf_counter(), busy_fraction(), described()
    with tempfile.TemporaryDirectory(prefix="idp-bench-") as name, running(Path(name), with_peer=with_peer) as bench:
        starts = {subject.name: subject.cheap.started_in for subject in bench.subjects}
        time.sleep(2)
        idle = {subject.name: subject.cheap.memory_mb() for subject in bench.subjects}
        results = Results()
        for number in range(rounds):
            say(f"round {number + 1} of {rounds}")
            run_round(bench, pace, results, say)
        summary = Summary(
            medians=medians(results.loads),
            ratios=ratios(results.loads),
            argon2={name: statistics.median(rates) for name, rates in results.argon2.items()},
            starts=starts,
            idle=idle,
            loaded={subject.name: subject.cheap.memory_mb() for subject in bench.subjects},
            loaded_argon2={subject.name: (subject.native or subject.costly).memory_mb() for subject in bench.subjects},
            trips=trips_per_login(bench),
        )
        machine |= bench.versions
        return finished(bench, summary, results, machine | {"seconds": f"{time.perf_counter() - begun:.0f}"}, busy())


def medians(loads: dict[tuple[str, str], list[Load]]) -> dict[tuple[str, str], Load]:
    """Give the median of each figure over the rounds."""
    return {
        key: Load(
            per_cpu_second=statistics.median(one.per_cpu_second for one in measured),
            per_second=statistics.median(one.per_second for one in measured),
            p50_ms=statistics.median(one.p50_ms for one in measured),
            p99_ms=statistics.median(one.p99_ms for one in measured),
            refused=sum(one.refused for one in measured),
        )
        for key, measured in loads.items()
    }


def ratios(loads: dict[tuple[str, str], list[Load]]) -> dict[str, float]:
    """Give the median over the rounds of ours to the peer's, each pair measured one after the other.

    Sign-in storms are told by wall time, since tokens and sign-ins share the server's CPU time.
    """
    found: dict[str, float] = {}
    for row, server in loads:
        if server == "peer":
            pairs = zip(loads[row, "ours"], loads[row, "peer"], strict=True)
            found[row] = statistics.median(
                ours.per_second / peer.per_second
                if row.startswith("storm")
                else ours.per_cpu_second / peer.per_cpu_second
                for ours, peer in pairs
            )
    return found


def finished(bench: Bench, summary: Summary, results: Results, machine: dict[str, str], busy: float) -> dict[str, Any]:
    """Put together what is printed and what is written."""
    facts = " · ".join(f"{name} {value}" for name, value in machine.items())
    noise = f"All cores were busy {busy:.0%} of the time, whoever it was."
    return {
        "table": "\n\n".join(filter(None, [table(summary), facts, noise, bench.without_peer])),
        "machine": machine,
        "busy": busy,
        "measurements": {
            f"{row} {server}": [asdict(one) for one in loads] for (row, server), loads in results.loads.items()
        },
        "argon2_checks_per_cpu_second": results.argon2,
        "ratios": summary.ratios,
        "started_in_seconds": summary.starts,
        "memory_mb": {"idle": summary.idle, "loaded": summary.loaded, "loaded_argon2": summary.loaded_argon2},
        "trips_per_login": summary.trips,
    }


def say(line: str) -> None:
    """Tell how far it is, beside the table."""
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
