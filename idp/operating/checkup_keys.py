"""The part of the check-up about keys: do they open, does each algorithm sign, who stands by, when does it rotate?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from idp.custody import kek_source, load_kek
from idp.operating.checkup import Finding, Status
from idp.operating.preflight import INITIALISE
from idp.settings import Settings
from idp.storage.database import Database
from idp.storage.key_rows import StoredRing, read_ring
from keys.canary import check_canary
from keys.errors import KeysError
from keys.kek import Kek
from keys.records import LOCAL, KeyRecord
from keys.ring import KeyRing, prove
from keys.rotation import keys_of
from keys.schedule import StepKind, planned
from keys.states import PUBLISHED, KeyState

OVERDUE_SECONDS = 7200.0
"""The housekeeper looks every minute, and after a jump of its clock waits an hour: twice that is worth a word."""

WAITING = "`idp keys list` names the apps that it waits for; if there are none: is `idp worker` running?"


def look_at_keys(database: Database, settings: Settings, now: float) -> Iterator[Finding]:
    """Open the keys, and look at each algorithm of the settings."""
    try:
        kek: Kek = load_kek(settings)
        with database.reading() as connection:
            stored = read_ring(connection)
        check_canary(stored.records, kek)
    except KeysError as error:
        yield Finding("kek", Status.FAIL, str(error), _first_command(str(error)))
        return
    yield Finding("kek", Status.OK, f"{kek_source(settings).where} is private and opens the keys")
    yield from _signing(stored, kek, settings, now)


def _first_command(text: str) -> str:
    return "idp keys init" if "`idp keys init`" in text else "see above"


def _signing(stored: StoredRing, kek: Kek, settings: Settings, now: float) -> Iterator[Finding]:
    try:
        ring = KeyRing.open(stored.records, kek, epoch=stored.epoch)
    except KeysError as error:
        yield Finding("keys", Status.FAIL, f"no key opens: {error}", "restore the key ring from backup")
        return
    for kid, reason in ring.damaged.items():
        yield Finding("keys", Status.FAIL, f"{kid} is damaged: {reason}", "restore the key ring from backup")
    yield from _homes(stored.records, kek)
    signing = ring.algorithms(now)
    for name in settings.signing_algs:
        if name in signing:
            yield _of_algorithm(name, stored.records, settings, now)
        else:
            remedy = INITIALISE.removeprefix("run ").strip("`")
            yield Finding("keys", Status.FAIL, f"{name}: nothing signs", remedy)


def _homes(records: Sequence[KeyRecord], kek: Kek) -> Iterator[Finding]:
    """Let every key that lives elsewhere, and may be needed tonight, sign once."""
    for key in (key for key in records if key.home != LOCAL and key.state in PUBLISHED - {KeyState.RETIRING}):
        try:
            prove(key, kek)
        except KeysError as error:
            yield Finding("keys", Status.FAIL, f"{key.kid} ({key.state}): {error}", "see docs/runbooks/new-hsm.md")
        else:
            yield Finding("keys", Status.OK, f"{key.kid} ({key.algorithm}, {key.state}) signs in {key.home}")


def _of_algorithm(name: str, records: Sequence[KeyRecord], settings: Settings, now: float) -> Finding:
    states = [key.state for key in keys_of(records, algorithm=name)]
    staged, standby = states.count(KeyState.STAGED), states.count(KeyState.STANDBY)
    if not staged:
        return Finding("keys", Status.WARN, f"{name}: signs, but no key is staged to follow it", "idp keys init")
    text = f"{name}: signs, {staged} staged, {standby or 'none'} on standby"
    if not standby:
        text += ": if the key that signs leaks, apps hold no other one"
        return Finding("keys", Status.WARN, text, f"idp keys stage {name} --standby")
    due_at = _rotates_at(name, records, settings, now)
    if due_at is None:
        return Finding("keys", Status.OK, f"{text}; rotates at this moment")
    if now - due_at > OVERDUE_SECONDS:
        return Finding("keys", Status.WARN, f"{text}; should have rotated on {_day(due_at)}", WAITING)
    return Finding("keys", Status.OK, f"{text}; rotates on {_day(due_at)}")


def _rotates_at(name: str, records: Sequence[KeyRecord], settings: Settings, now: float) -> float | None:
    """Give when the schedule lets the staged key sign; None while a rotation is under way."""
    steps = planned(records, settings.timetable, algorithms=(name,), now=now)
    rotations = (step.due_at for step in steps if step.kind is StepKind.ROTATE and step.algorithm == name)
    return next(rotations, None)


def _day(instant: float) -> str:
    return datetime.fromtimestamp(instant, UTC).strftime("%Y-%m-%d")
