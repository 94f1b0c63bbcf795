"""The wheel holds the service and what it shows, and works where there is no checkout."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[3]

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel without network and lay it out as an installer would."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)]
    subprocess.run(build, cwd=CHECKOUT, check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "site")
    return folder / "site"


@pytest.mark.parametrize(
    "path",
    [
        "keys/__init__.py",
        "idp/config/default.toml",
        "idp/examples/driver_portal",
        "idp/examples/fleet_portal",
        "idp/storage/migrations/env.py",
        "idp/storage/migrations/versions",
        "idp/templates/sign_in.html",
    ],
)
def test_the_wheel_brings(installed: Path, path: str) -> None:
    """Code, configuration, examples, migrations and templates come along."""
    assert (installed / path).exists()


def test_the_command_runs_outside_the_checkout(installed: Path, tmp_path: Path) -> None:
    """`idp --help` starts from the installed copy, with no checkout to fall back to."""
    run = "import sys, idp; assert idp.__file__.startswith(sys.argv.pop(1)); from idp.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", run, str(installed), "--help"],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(installed)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (0, "") == (done.returncode, done.stderr)
    assert "Usage" in done.stdout
