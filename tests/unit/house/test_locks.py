"""The locks say what is installed, to uv and pip alike, and name no host."""

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

CHECKOUT = Path(__file__).parents[3]
PROJECT = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())
LOCKS = ("requirements-bootstrap.lock", "requirements.lock", "requirements-dev.lock", "requirements-extra.lock")


def entries(lock: str) -> list[str]:
    """Return a lock's entries, each with its continuation lines joined."""
    return (CHECKOUT / lock).read_text().replace("\\\n", " ").splitlines()


def pins(lock: str) -> dict[str, str]:
    """Return the version of each package in a lock."""
    found = (re.match(r"([A-Za-z0-9._-]+)(?:\[[^]]*])?==(\S+)", entry) for entry in entries(lock))
    return {canonicalize_name(match[1]): match[2] for match in found if match}


def asked(group: str) -> list[Requirement]:
    """Return what pyproject.toml asks for in a dependency group, included groups aside."""
    return [Requirement(line) for line in PROJECT["dependency-groups"][group] if isinstance(line, str)]


def extra(name: str) -> list[Requirement]:
    """Return what an extra of the package asks for."""
    return [Requirement(line) for line in PROJECT["project"]["optional-dependencies"][name]]


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_names_no_address(lock: str) -> None:
    """Where packages come from is the machine's affair: a mirror serves the same hashes."""
    assert "://" not in (CHECKOUT / lock).read_text()


@pytest.mark.parametrize("lock", LOCKS)
def test_every_entry_is_pinned_and_hashed(lock: str) -> None:
    """Without a hash, pip refuses the whole file; without a pin, a hash means nothing."""
    assert [] == [entry for entry in entries(lock) if "==" not in entry or "--hash=sha256:" not in entry]


@pytest.mark.parametrize(
    ("lock", "requirements"),
    [
        ("requirements-bootstrap.lock", asked("bootstrap")),
        ("requirements.lock", [*map(Requirement, PROJECT["project"]["dependencies"]), *asked("build")]),
        ("requirements-dev.lock", [*asked("dev"), *extra("hsm")]),
        ("requirements-extra.lock", [*asked("extra"), *extra("aws"), *extra("hsm"), *extra("vault")]),
    ],
)
def test_a_lock_satisfies_what_is_asked(lock: str, requirements: list[Requirement]) -> None:
    """A changed dependency without `make lock` is found here instead of on someone's machine."""
    locked = pins(lock)
    unmet = [str(it) for it in requirements if not it.specifier.contains(locked.get(canonicalize_name(it.name), "0"))]
    assert [] == unmet


def test_the_developers_lock_holds_the_runtime_lock() -> None:
    """What is tested is what runs: the same versions, so that installing one over the other changes nothing."""
    assert pins("requirements.lock").items() <= pins("requirements-dev.lock").items()
