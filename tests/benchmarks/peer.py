"""node-oidc-provider on the node that it wants, with its state in Redis: the peer of every row that it can do.

Installed once into var/bench/node from the lock beside this module. Without npm, or offline, there is no peer and the
report says so.
"""

import os
import shutil
import subprocess
from pathlib import Path

from tests.benchmarks.served import Served, new_port, serve
from tests.benchmarks.settled import CALLBACK, CLIENT_SECRET, PASSWORD
from tests.support.missing import Missing

SOURCE = Path(__file__).parent / "node"
INSTALL_SECONDS = 300
AUTHORIZE = "/auth"
PATHS = {
    "token": "/token",
    "introspection": "/token/introspection",
    "userinfo": "/me",
    "jwks": "/jwks",
    "discovery": "/.well-known/openid-configuration",
}


class Peer:
    """The installed peer."""

    def __init__(self, folder: Path) -> None:
        """Install it into `folder`, unless what is there was installed from the same lock.

        Raises:
            Missing: there is no npm, or it could not install.
        """
        self._folder = folder
        npm = shutil.which("npm")
        if npm is None:
            raise Missing("npm is not installed: apt-get install -y npm")
        folder.mkdir(parents=True, exist_ok=True)
        installed = folder / "installed.lock"
        lock = (SOURCE / "package-lock.json").read_text()
        for file in SOURCE.iterdir():
            shutil.copy(file, folder)
        if installed.exists() and installed.read_text() == lock:
            return
        done = subprocess.run(
            [npm, "ci"], cwd=folder, capture_output=True, text=True, timeout=INSTALL_SECONDS, check=False
        )
        if done.returncode != 0 or not self.node.exists():
            raise Missing(f"npm could not install the peer: {done.stderr.strip()[-300:]}")
        installed.write_text(lock)

    @property
    def node(self) -> Path:
        """The node that the lock brought."""
        return self._folder / "node_modules" / ".bin" / "node"

    def described(self) -> dict[str, str]:
        """Give the versions of what was installed."""
        package = (self._folder / "node_modules" / "oidc-provider" / "package.json").read_text()
        node = subprocess.run([self.node, "--version"], capture_output=True, text=True, check=True).stdout.strip()
        return {"node": node, "oidc-provider": package.partition('"version": "')[2].partition('"')[0]}

    def serve(self, name: str, *, redis_url: str, hashing: str, folder: Path) -> Served:
        """Run it on the app's core; `hashing` is argon2 or none."""
        port = new_port()
        environment = {
            "PORT": str(port),
            "REDIS_URL": redis_url,
            "HASHING": hashing,
            "CLIENT_SECRET": CLIENT_SECRET,
            "CALLBACK": CALLBACK,
            "PASSWORD": PASSWORD,
            "NODE_ENV": "production",
        }
        return serve(
            name,
            [self.node, self._folder / "server.js"],
            port=port,
            probe="/jwks",
            folder=folder,
            environment={**os.environ, **environment},
        )
