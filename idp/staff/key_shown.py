"""The keys as /security/keys shows them: by algorithm, by what they do, each with its life and its apps."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import groupby
from typing import Any

from markupsafe import Markup
from sqlalchemy import Connection

from idp.issuance.pick_up import PickUp, fetched
from idp.staff.charts import Span, life
from idp.storage.key_rows import read_ring
from keys.purposes import Purpose
from keys.records import KeyRecord
from keys.states import KeyState

DAY = 86_400.0
HORIZON = 100 * DAY
ORDER = (
    KeyState.ACTIVE,
    KeyState.STAGED,
    KeyState.STANDBY,
    KeyState.RETIRING,
    KeyState.COMPROMISED,
    KeyState.REMOVED,
)


def shown_families(connection: Connection, pick_up: PickUp, now: float) -> list[dict[str, Any]]:
    """Give the token keys of each algorithm, those that left long ago aside."""
    records = read_ring(connection).records
    keys = [key for key in records if key.purpose == Purpose.TOKENS and _of_interest(key, now)]
    keys.sort(key=lambda key: (key.algorithm, ORDER.index(key.state), key.created_at, key.kid))
    families = groupby(keys, key=lambda key: key.algorithm)
    return [_family(connection, algorithm, list(own), pick_up, now) for algorithm, own in families]


def _family(
    connection: Connection, algorithm: str, keys: Sequence[KeyRecord], pick_up: PickUp, now: float
) -> dict[str, Any]:
    # The one that a rotation and a trial take: what was staged longest.
    following = next((key for key in keys if key.state is KeyState.STAGED), None)
    return {
        "algorithm": algorithm,
        "keys": [_shown(connection, key, pick_up, now) for key in keys],
        "following": following.kid if following else None,
        "on_trial": bool(following and following.canaries),
        "apps": _apps(connection, following, pick_up, now) if following else [],
    }


def _apps(connection: Connection, key: KeyRecord, pick_up: PickUp, now: float) -> list[dict[str, Any]]:
    """Give the apps that a staged key can sign for, and which of them do not have it yet."""
    known = fetched(connection, key.kid)
    return [
        {
            "client_id": client.client_id,
            "name": client.name,
            "chosen": client.client_id in key.canaries,
            "ready": replace(pick_up, clients=(client,)).waited_for(known, key, now) == ((), None),
        }
        for client in pick_up.clients
        if key.algorithm in client.token_algs
    ]


def _of_interest(key: KeyRecord, now: float) -> bool:
    gone = key.state in {KeyState.REMOVED, KeyState.COMPROMISED}
    return not gone or key.effective_at > now - HORIZON


def _shown(connection: Connection, key: KeyRecord, pick_up: PickUp, now: float) -> dict[str, Any]:
    staged = key.state is KeyState.STAGED
    names = {client.client_id: client.name for client in pick_up.clients}
    missing, wait_until = pick_up.waited_for(fetched(connection, key.kid), key, now) if staged else ((), None)
    return {
        "kid": key.kid,
        "state": key.state.value,
        "since": key.effective_at,
        "before": [(span.state, span.begin) for span in life_of(key, now)][:-1],
        "chart": _chart(key, now),
        "home": key.home,
        "tried_by": [names.get(client_id, client_id) for client_id in sorted(key.canaries)],
        "missing": [names.get(client_id, client_id) for client_id in missing],
        "wait_until": wait_until,
        "contained": key.state is KeyState.COMPROMISED,
        "destroyable": key.state in {KeyState.REMOVED, KeyState.COMPROMISED} and key.wrapped is not None,
    }


def _chart(key: KeyRecord, now: float) -> Markup:
    begin, end = now - HORIZON, now + HORIZON
    spans = [span for span in life_of(key, end) if span.state != KeyState.REMOVED.value]
    return life(spans, begin=begin, end=end, now=now)


def life_of(key: KeyRecord, end: float) -> Iterator[Span]:
    """Give the parts of a key's life that are known; what it is in now goes on to the end."""
    first = KeyState.STANDBY if key.state is KeyState.STANDBY else KeyState.STAGED
    steps = [
        (first, key.staged_at or key.created_at),
        (KeyState.ACTIVE, key.activated_at),
        (KeyState.RETIRING, key.retired_at),
        (KeyState.REMOVED, key.removed_at),
        (KeyState.COMPROMISED, key.effective_at if key.state is KeyState.COMPROMISED else None),
    ]
    known = [(state, at) for state, at in steps if at is not None]
    # A key born active was never next in line.
    known = [step for step, after in zip(known, [*known[1:], None], strict=True) if not after or after[1] > step[1]]
    for (state, at), following in zip(known, [*(at for _, at in known[1:]), end], strict=True):
        yield Span(state=state.value, begin=at, end=max(following, at))
