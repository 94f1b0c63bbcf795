"""Rules of the house that no linter knows: what a policy may touch, whose models are whose, what no file may say."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[3]
TEXTS = {
    "",
    ".cfg",
    ".css",
    ".html",
    ".in",
    ".ini",
    ".js",
    ".json",
    ".lock",
    ".mako",
    ".md",
    ".po",
    ".py",
    ".sh",
    ".toml",
    ".txt",
}
PLACES = (".ci", "config", "docs", "examples", "idp", "keys", "scripts", "templates", "tests")
# What does something: databases, sockets, files, clocks, chance. A decision is made from values alone.
EFFECTS = {
    "flask",
    "orjson",
    "os",
    "pathlib",
    "redis",
    "requests",
    "secrets",
    "socket",
    "sqlalchemy",
    "subprocess",
    "time",
}
# Hot paths are one statement over several chapters' tables; migrations see every table.
SPANNING = ("idp/acts/", "idp/cli/db.py")
PURE = sorted(
    [*CHECKOUT.glob("idp/*/policy.py"), *CHECKOUT.glob("idp/flows/next_step.py"), CHECKOUT / "keys" / "states.py"]
)


def modules_of(*folders: str) -> list[Path]:
    """Return every module of some folders."""
    return sorted(path for folder in folders for path in (CHECKOUT / folder).rglob("*.py"))


def imported_by(path: Path) -> Iterator[str]:
    """Yield the full name of each module that a module imports (`from a import b` as `a.b` too, since b may be one)."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def shown(path: Path) -> str:
    """Return a path as a person names it."""
    return path.relative_to(CHECKOUT).as_posix()


@pytest.mark.parametrize("path", PURE, ids=shown)
def test_a_policy_is_pure(path: Path) -> None:
    """A decision has no effect and asks nobody: `now` and every fact are arguments."""
    assert [] == [name for name in imported_by(path) if name.split(".")[0] in EFFECTS or name.startswith("idp.storage")]


def test_nobody_reads_another_chapters_models() -> None:
    """Rows are reached through their chapter's functions, save where one statement must span chapters (acts/)."""
    found = [
        f"{shown(path)} imports {name}"
        for path in modules_of("idp")
        for name in imported_by(path)
        if (match := re.fullmatch(r"idp\.(\w+)\.models", name))
        and match[1] not in {"storage", path.relative_to(CHECKOUT).parts[1]}
        and not shown(path).startswith(SPANNING)
    ]
    assert [] == found


def test_no_file_names_a_machine_or_a_registry() -> None:
    """The project runs anywhere: no path of the machine it was written on, no host that packages came from."""
    forbidden = re.compile(r"/(?:work|root)/|\b(?:pypi|pythonhosted|npmjs|deb\.debian)\.(?:org|com)\b")
    files = [
        path for place in PLACES for path in (CHECKOUT / place).rglob("*") if path.is_file() and path.suffix in TEXTS
    ]
    files += [path for path in CHECKOUT.iterdir() if path.is_file() and path.suffix in TEXTS]
    assert [] == [shown(path) for path in files if forbidden.search(path.read_text(errors="replace"))]


def test_every_chapter_says_what_it_is() -> None:
    """A folder's `__init__.py` opens with what the chapter does and the invariant it keeps."""
    folders = [path.parent for path in modules_of("idp", "keys") if "migrations" not in path.parts]
    silent = {
        shown(folder)
        for folder in folders
        if not (folder / "__init__.py").exists()
        or not ast.get_docstring(ast.parse((folder / "__init__.py").read_text()))
    }
    assert set() == silent
