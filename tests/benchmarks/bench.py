"""The servers of one benchmark run, started together and measured in turns.

Everything that is compared is measured in the same round, one after the other on the same core: the speed of a shared
machine drifts by a third within the hour, ratios within a round do not.
"""

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.benchmarks import peer as peers
from tests.benchmarks.argon import native_binding
from tests.benchmarks.issuers import ROOT, IssuerPlan, python_path, serve_floors
from tests.benchmarks.load import Call
from tests.benchmarks.login import Browsers, collect
from tests.benchmarks.machine import APP_CORES, on_cores
from tests.benchmarks.peer import Peer
from tests.benchmarks.served import Served
from tests.benchmarks.settled import PEOPLE, SCOPE, SCOPE_WITH_PROFILE
from tests.support.missing import Missing
from tests.support.postgresql import PostgresqlServer
from tests.support.valkey import ValkeyServer

OUR_PATHS = {
    "token": "/token",
    "introspection": "/introspect",
    "userinfo": "/userinfo",
    "jwks": "/jwks",
    "discovery": "/.well-known/openid-configuration",
}
OUR_AUTHORIZE = "/authorize"
CHEAP, COSTLY = "cheapest-for-tests-only", "owasp"


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A server, where its endpoints are, and the same server with argon2id switched on."""

    name: str
    cheap: Served
    costly: Served
    native: Served | None = None
    """Ours with argon2's binding built for this processor."""
    paths: dict[str, str]
    authorize: str

    def all_served(self) -> list[Served]:
        """Give every server of it."""
        return [self.cheap, self.costly, *([self.native] if self.native else [])]

    def browsers(self, folder: Path) -> Path:
        """Give the file of the browsers that people have signed in with before, once `calls` has written it."""
        return folder / f"{self.name}.browsers"

    def calls(self, folder: Path) -> dict[str, Call]:
        """Sign everybody in once, and give the requests of each row with fresh tokens."""
        browsers = Browsers()
        tokens = asyncio.run(collect(self.cheap.address, self.authorize, PEOPLE, SCOPE, browsers))[: PEOPLE // 2]
        browsers.keep(self.browsers(folder))
        profile = asyncio.run(collect(self.cheap.address, self.authorize, 1, SCOPE_WITH_PROFILE))[0]
        chain = folder / f"{self.name}.tokens"
        chain.write_text("".join(f"{one['refresh_token']}\n" for one in tokens))
        access, paths = tokens[0]["access_token"], self.paths
        return {
            "client_credentials": Call(path=paths["token"], body="grant_type=client_credentials&scope=api"),
            "refresh": Call(path=paths["token"], tokens=chain),
            "introspection": Call(path=paths["introspection"], body=f"token={access}"),
            "userinfo": Call(path=paths["userinfo"], authorization=f"Bearer {access}"),
            "userinfo_profile": Call(path=paths["userinfo"], authorization=f"Bearer {profile['access_token']}"),
            "jwks": Call(path=paths["jwks"], authorization=""),
            "discovery": Call(path=paths["discovery"], authorization=""),
        }


@dataclass(kw_only=True)
class Bench:
    """Everything that runs."""

    folder: Path
    floors: Served
    ours: Subject
    peer: Subject | None
    postgresql: PostgresqlServer
    valkey: ValkeyServer
    binding: Path | None = None
    without_peer: str = ""
    versions: dict[str, str] = field(default_factory=dict)

    @property
    def subjects(self) -> list[Subject]:
        """Ours and the peer, if there is one."""
        return [self.ours, *([self.peer] if self.peer else [])]


@contextmanager
def running(folder: Path, *, with_peer: bool) -> Iterator[Bench]:
    """Start everything, and stop it in the end."""
    with ExitStack() as stack:
        postgresql = PostgresqlServer().open()
        stack.callback(postgresql.close)
        valkey = ValkeyServer().open()
        stack.callback(valkey.close)
        binding = native_binding(ROOT / "var" / "bench" / "argon2")
        ours = _ours(folder, postgresql, valkey, binding)
        floors = serve_floors(folder)
        peer, why_not, versions = _peer(folder, valkey) if with_peer else (None, "It was left out on request.", {})
        bench = Bench(
            folder=folder,
            floors=floors,
            ours=ours,
            peer=peer,
            postgresql=postgresql,
            valkey=valkey,
            binding=binding,
            without_peer=why_not,
            versions=versions,
        )
        for served in (floors, *(one for subject in bench.subjects for one in subject.all_served())):
            stack.callback(served.stop)
        yield bench


def _ours(folder: Path, postgresql: PostgresqlServer, valkey: ValkeyServer, binding: Path | None) -> Subject:
    names = (("ours", CHEAP), ("ours_argon2", COSTLY), ("ours_native", COSTLY))
    cheap, costly, native = (
        IssuerPlan(name, server_url=postgresql.url(), redis_url=valkey.url(place), folder=folder, hashing=hashing)
        for place, (name, hashing) in enumerate(names)
    )
    return Subject(
        name="ours",
        cheap=cheap.serve(),
        costly=costly.serve(),
        native=native.serve(binding) if binding else None,
        paths=OUR_PATHS,
        authorize=OUR_AUTHORIZE,
    )


def _peer(folder: Path, valkey: ValkeyServer) -> tuple[Subject | None, str, dict[str, str]]:
    try:
        peer = Peer(ROOT / "var" / "bench" / "node")
    except (Missing, OSError, subprocess.SubprocessError) as error:
        return None, f"node-oidc-provider was not measured: {error}", {}
    cheap = peer.serve("peer", redis_url=valkey.url(3), hashing="none", folder=folder)
    costly = peer.serve("peer_argon2", redis_url=valkey.url(4), hashing="argon2", folder=folder)
    subject = Subject(name="peer", cheap=cheap, costly=costly, paths=peers.PATHS, authorize=peers.AUTHORIZE)
    return subject, "", peer.described()


def argon2_checks_per_cpu_second(seconds: float, binding: Path | None) -> float:
    """Say how fast a binding is (None: the installed one), on the app's core."""
    command = on_cores(APP_CORES, [sys.executable, "-m", "tests.benchmarks.argon", str(seconds)])
    environment = {**os.environ, "PYTHONPATH": python_path(binding)}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    return float(done.stdout)
