"""Run the example portals beside the demo's issuer: the files that a developer copies, as they are."""

from __future__ import annotations

import importlib
import logging
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from wsgiref.types import WSGIApplication

from werkzeug.serving import BaseWSGIServer, make_server

from idp.demo.clients import DemoClient
from idp.demo.one_name import OneName
from idp.resources import resource_directory

HOST = "127.0.0.1"


def load_portal(client: DemoClient, *, issuer: str) -> WSGIApplication:
    """Make the portal of a client from its example folder, with the settings that its first lines name.

    Raises:
        FileNotFoundError: the examples are missing from this installation.
    """
    create_app = _loaded(resource_directory("examples"), client.client_id.replace("-", "_"))
    settings = {
        "ISSUER": issuer,
        "CLIENT_ID": client.client_id,
        "CLIENT_SECRET": client.client_secret or "",
        "ADDRESS": client.address.rstrip("/"),
    }
    return OneName(create_app(settings), settings["ADDRESS"])


def serve_portals(clients: Sequence[DemoClient], *, issuer: str, port: int) -> list[BaseWSGIServer]:
    """Serve the portals on the ports after the issuer's, each in a thread that ends with the process.

    Raises:
        OSError: a port is taken.
    """
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    servers = [
        make_server(HOST, port + place, load_portal(client, issuer=issuer), threaded=True)
        for place, client in enumerate(clients, start=1)
    ]
    for server in servers:
        threading.Thread(target=server.serve_forever, name=f"portal-{server.port}", daemon=True).start()
    return servers


def _loaded(examples: Path, name: str) -> Callable[[Mapping[str, str]], WSGIApplication]:
    """Import a portal as its own first lines say: as a package in the folder of all examples."""
    if not (examples / name / "app.py").is_file():
        raise FileNotFoundError(examples / name)
    if str(examples) not in sys.path:
        sys.path.append(str(examples))
    create_app: Callable[[Mapping[str, str]], WSGIApplication] = importlib.import_module(f"{name}.app").create_app
    return create_app
