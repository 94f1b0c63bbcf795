"""What must hold after any fault, whatever failed and when: asked of the database, tokens handed out and logs.

I1: a code pays for one token family. I2: one active key for each algorithm. I3: every live token's key is published.
I6: no secret in any log. I7: nothing without its audit row. The catalogue numbers them so.
"""

from __future__ import annotations

import base64
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import Connection, text

from idp.storage.database import Database
from tests.support.in_process import App

Tokens = Mapping[str, Any]
"""The body of a token response."""


def check_database(database: Database) -> None:
    """Check all that can be told from the rows alone (I1, I2, I7)."""
    with database.reading() as connection:
        _one_family_for_each_code(connection)
        _one_active_key_for_each_algorithm(connection)
        _everything_recorded(connection)


def check_keys(jwks: Mapping[str, Any], issued: Iterable[Tokens]) -> None:
    """I3: whoever holds one of these tokens finds its key in the JWKS."""
    published = {key["kid"] for key in jwks["keys"]}
    used = {
        _header(tokens[name])["kid"] for tokens in issued for name in ("access_token", "id_token") if name in tokens
    }
    assert set() == used - published


def check_logs(logs: Iterable[str], secrets: Iterable[str]) -> None:
    """I6: none of the secrets that went in or came out can be read in a log."""
    written = "\n".join(logs)
    # The secret itself must not stand in the failure's message, which is a log too.
    assert [] == [place for place, secret in enumerate(secrets) if secret and secret in written]


def secrets_of(issued: Iterable[Tokens]) -> list[str]:
    """Give everything in token responses that opens something."""
    names = ("access_token", "refresh_token", "id_token")
    return [tokens[name] for tokens in issued for name in names if name in tokens]


def check_refused(app: App, tokens: Tokens) -> None:
    """Tokens of an ended grant are refused wherever they can be shown."""
    assert 401 == app.userinfo(tokens["access_token"]).status_code
    assert {"active": False} == app.introspect(tokens["access_token"])
    if "refresh_token" in tokens:
        assert {"active": False} == app.introspect(tokens["refresh_token"])
        assert "invalid_grant" == app.refresh(tokens["refresh_token"]).get_json()["error"]


def winners(answers: Iterable[tuple[int, Any]]) -> list[Tokens]:
    """Give the token responses among answers (status, body)."""
    return [body for status, body in answers if status == 200]


def _one_family_for_each_code(connection: Connection) -> None:
    doubled = """SELECT grant_id FROM authorization_codes GROUP BY grant_id HAVING count(*) > 1"""
    assert [] == _rows(connection, doubled)
    # A family is a chain: one first token, and one more for each that was rotated.
    families = """
        SELECT g.offline, count(DISTINCT c.digest) AS codes, count(DISTINCT r.digest) AS tokens,
            count(DISTINCT CASE WHEN c.used_at IS NOT NULL THEN c.digest END) AS spent,
            count(DISTINCT CASE WHEN r.rotated_at IS NOT NULL THEN r.digest END) AS rotated
        FROM grants g JOIN authorization_codes c ON c.grant_id = g.id LEFT JOIN refresh_tokens r ON r.grant_id = g.id
        GROUP BY g.id, g.offline"""
    for offline, codes, tokens, spent, rotated in _rows(connection, families):
        assert 1 == codes
        assert (1 + rotated if offline and spent else 0) == tokens
    assert [] == _rows(connection, "SELECT grant_id FROM refresh_tokens WHERE grant_id NOT IN (SELECT id FROM grants)")


def _one_active_key_for_each_algorithm(connection: Connection) -> None:
    counted = Counter(
        row[0] for row in _rows(connection, "SELECT algorithm FROM keys WHERE state = 'active' AND purpose = 'tokens'")
    )
    assert {1} == set(counted.values())


def _everything_recorded(connection: Connection) -> None:
    """I7: rows and events are of one transaction, so neither is there without the other."""
    events = Counter(dict(_pairs(connection, "SELECT type, count(*) FROM audit_events GROUP BY type")))
    unrecorded = (
        "SELECT sid FROM sessions WHERE sid NOT IN (SELECT sid FROM audit_events WHERE type = 'session.opened')"
    )
    assert [] == _rows(connection, unrecorded)
    assert events["session.opened"] == _count(connection, "sessions")
    assert events["code.issued"] == _count(connection, "authorization_codes")
    assert events["code.redeemed"] == _count(connection, "authorization_codes WHERE used_at IS NOT NULL")
    assert events["token.refreshed"] >= _count(connection, "refresh_tokens WHERE rotated_at IS NOT NULL")
    reused = events["code.reuse"] + events["refresh.reuse"]
    assert (reused > 0) <= (_count(connection, "grants WHERE ended_at IS NOT NULL") > 0)
    orphans = "SELECT grant_id FROM authorization_codes WHERE grant_id NOT IN (SELECT id FROM grants)"
    assert [] == _rows(connection, orphans)


def _header(token: str) -> dict[str, Any]:
    part = token.partition(".")[0]
    header: dict[str, Any] = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return header


def _rows(connection: Connection, query: str) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in connection.execute(text(query))]


def _pairs(connection: Connection, query: str) -> list[tuple[str, int]]:
    return [(row[0], row[1]) for row in connection.execute(text(query))]


def _count(connection: Connection, what: str) -> int:
    return int(connection.execute(text(f"SELECT count(*) FROM {what}")).scalar_one())  # noqa: S608 - our own words
