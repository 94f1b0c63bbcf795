"""The command `idp` on a real database, by Click's runner."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from idp.cli import main


@dataclass(frozen=True)
class Cli:
    """Runs commands with the settings of one service in the environment."""

    environment: dict[str, str]

    def __call__(self, *arguments: str, stdin: str = "", **more: str) -> Result:
        """Run a command; `more` are further variables."""
        return CliRunner().invoke(main, list(arguments), input=stdin, env={**self.environment, **more})

    def json(self, *arguments: str, stdin: str = "") -> Any:  # noqa: ANN401 - any JSON
        """Run a command that must succeed, and read its JSON."""
        result = self(*arguments, "--json", stdin=stdin)
        assert (0, "") == (result.exit_code, result.stderr)
        return json.loads(result.stdout)


@pytest.fixture
def cli(sqlite_url: str, tmp_path: Path) -> Cli:
    """Give the command on a database with the schema and no rows."""
    return Cli(
        {
            "IDP_MODE": "development",
            "IDP_ISSUER": "http://localhost:8000",
            "IDP_DATABASE_URL": sqlite_url,
            "IDP_KEK_FILE": str(tmp_path / "kek"),
            "IDP_PASSWORD_HASHING": "cheapest-for-tests-only",
            "IDP_SIGNING_ALGS": "ES256",
            "IDP_PICK_UP_HOURS": "0",
        }
    )
