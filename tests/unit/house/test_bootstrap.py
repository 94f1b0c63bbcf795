"""`make` tells a newcomer in one line what the machine lacks."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[3]
TOO_OLD = """#!/bin/sh
case "$2" in
*sys.version.split*) echo 3.9.2 ;;
*) exit 1 ;;
esac
"""
WITHOUT_VENV = """#!/bin/sh
case "$2" in
*ensurepip*) exit 1 ;;
*sys.version.split*) echo 3.12.1 ;;
esac
"""


@pytest.fixture
def fresh(tmp_path: Path) -> Path:
    """Copy what setting up reads into a folder without .venv."""
    (tmp_path / "scripts").mkdir()
    shutil.copy(CHECKOUT / "scripts" / "bootstrap", tmp_path / "scripts")
    for name in ("Makefile", "pyproject.toml", "requirements-bootstrap.lock", "requirements.lock"):
        shutil.copy(CHECKOUT / name, tmp_path)
    return tmp_path


def complaint_of(folder: Path, **variables: str) -> str:
    """Return what `make run` says, on its first line, when it can't."""
    done = subprocess.run(
        ["make", "--silent", "run"], cwd=folder, env=os.environ | variables, capture_output=True, text=True, check=False
    )
    assert done.returncode != 0
    return done.stderr.splitlines()[0]


def pretending(folder: Path, script: str) -> str:
    """Put a stand-in for Python into a folder and return its path."""
    path = folder / "python"
    path.write_text(script)
    path.chmod(0o755)
    return str(path)


def test_a_python_that_is_too_old_is_named(fresh: Path) -> None:
    """The version found and the way to name another are said."""
    said = complaint_of(fresh, PYTHON=pretending(fresh, TOO_OLD))
    assert said.startswith("idp: Python 3.11 or newer is needed, but ")
    assert said.endswith(" is 3.9.2; name a newer one: make PYTHON=python3.12")


def test_a_missing_venv_module_is_named(fresh: Path) -> None:
    """Debian ships venv apart from Python: the command that brings it is said."""
    said = complaint_of(fresh, PYTHON=pretending(fresh, WITHOUT_VENV))
    assert said.endswith(" has no venv module; on Debian and Ubuntu: apt-get install python3-venv")


def test_no_python_at_all_is_said(fresh: Path) -> None:
    """A name that runs nothing is no Python."""
    said = complaint_of(fresh, PYTHON="no-such-python")
    assert said.startswith("idp: Python 3.11 or newer is needed, but none of these runs: no-such-python;")


@pytest.mark.slow
def test_being_offline_is_said(fresh: Path) -> None:
    """An index that refuses the connection is not reported as a missing package."""
    nowhere = {"PIP_CONFIG_FILE": os.devnull, "PIP_INDEX_URL": "http://127.0.0.1:9/", "PIP_FIND_LINKS": ""}
    said = complaint_of(fresh, **nowhere)
    assert said.startswith("idp: offline: the package index was not reached;")
