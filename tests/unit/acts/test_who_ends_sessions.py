"""Sessions end in one place, so that no path forgets the grants, the marks or the apps."""

from __future__ import annotations

import ast
from pathlib import Path

import idp

ROOT = Path(idp.__file__).parent
ENDERS = {"end_session", "end_all_of_account", "end_grants_of_session", "end_grants_of_account"}
CHAPTERS = {"idp.sessions.end", "idp.issuance.grants"}
ALLOWED = {"acts/end_sessions.py"}


def reaches(source: str) -> set[str]:
    """Name what a module takes from the chapters that end sessions and grants."""
    taken: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and node.module in CHAPTERS:
            taken |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module in {"idp.sessions", "idp.issuance"}:
            taken |= ENDERS if {"end", "grants"} & {alias.name for alias in node.names} else set()
        elif isinstance(node, ast.Import):
            taken |= ENDERS if CHAPTERS & {alias.name for alias in node.names} else set()
    return taken & ENDERS


def test_only_the_one_act_ends_sessions() -> None:
    """Whoever else imports what ends them, by whatever way, is named here."""
    found = {str(path.relative_to(ROOT)) for path in ROOT.rglob("*.py") if reaches(path.read_text(encoding="utf-8"))}
    assert ALLOWED == found


def test_every_way_of_importing_is_seen() -> None:
    """From the chapter, from the package, or as a whole."""
    assert {"end_session"} == reaches("from idp.sessions.end import end_session, end_if_over")
    assert ENDERS == reaches("from idp.sessions import end") == reaches("import idp.issuance.grants")
    assert set() == reaches("from idp.sessions.end import end_if_over\nfrom idp.issuance.grants import end_grant")
