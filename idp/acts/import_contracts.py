"""Take in the lender's feed of contracts, a batch in each transaction.

The feed is the truth about contracts: what it says of one replaces what was known, and who is not named in it any more
is no party from that moment. Which account a person of the lender's books has, the feed may say; once known, it holds
for every contract that names the same person. What has not changed is passed over, so an import that was interrupted
is simply run again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from idp.accounts.contract_files import Line
from idp.accounts.contract_models import CONTRACTS, VEHICLES
from idp.accounts.contract_record import ContractRecord
from idp.accounts.parties import Holders, change_parties
from idp.acts.dry_run import writing_or_trying
from idp.acts.share_contract import end_shares_without_giver
from idp.audit.events import Event, EventType
from idp.audit.record import record
from idp.issuance.ceiling import Ceiling, end_grants_beyond
from idp.storage.database import Database
from idp.storage.handles import Clock, Entropy, new_id
from idp.storage.marks import write_mark

BATCH = 500


@dataclass(slots=True, kw_only=True)
class Imported:
    """What became of a batch; `lines` is how far in the file it reached, `faults` are (line, sentence)."""

    lines: int = 0
    added: int = 0
    changed: int = 0
    unchanged: int = 0
    parties_ended: int = 0
    faults: list[tuple[int, str]] = field(default_factory=list)


def import_contracts(
    database: Database,
    lines: Iterable[Line],
    *,
    ceiling: Ceiling,
    dry_run: bool,
    actor: str,
    clock: Clock,
    entropy: Entropy,
) -> Iterator[Imported]:
    """Write what is new or different, and tell of each batch once it is committed; of a dry run nothing stays.

    A contract with a fault is left as it was, and named; the others go in.
    """
    coming = iter(lines)
    while batch := tuple(islice(coming, BATCH)):
        try:
            yield _taken_in(database, batch, ceiling, dry_run=dry_run, actor=actor, now=clock(), entropy=entropy)
        except IntegrityError:
            # Somebody else's import had one of these at the same moment; now it is there, and is passed over.
            yield _taken_in(database, batch, ceiling, dry_run=dry_run, actor=actor, now=clock(), entropy=entropy)


def _taken_in(
    database: Database,
    batch: Sequence[Line],
    ceiling: Ceiling,
    *,
    dry_run: bool,
    actor: str,
    now: float,
    entropy: Entropy,
) -> Imported:
    done = Imported(lines=batch[-1].number)
    done.faults += [(line.number, line.fault) for line in batch if line.record is None]
    with writing_or_trying(database, dry_run=dry_run) as connection:
        _Batch(connection, done, ceiling, actor=actor, now=now, entropy=entropy).write(batch)
    return done


class _Batch:
    """One transaction's worth of the feed."""

    def __init__(
        self, connection: Connection, done: Imported, ceiling: Ceiling, *, actor: str, now: float, entropy: Entropy
    ) -> None:
        self._connection = connection
        self._done = done
        self._ceiling = ceiling
        self._actor = actor
        self._now = now
        self._entropy = entropy

    def write(self, batch: Sequence[Line]) -> None:
        """Write what differs from what is there."""
        told = [(line.number, line.record) for line in batch if line.record is not None]
        there = self._there([it.key for _, it in told])
        new = [(number, it) for number, it in told if it.key not in there or there[it.key].feed_digest != it.digest()]
        self._done.unchanged += len(told) - len(new)
        holders = Holders.of(self._connection, [party for _, it in new for party in it.parties])
        sound = [(number, it) for number, it in new if not self._refused(number, it, holders)]
        ids = self._contracts([it for _, it in sound], there)
        self._vehicles([it for _, it in sound], ids)
        changed = change_parties(
            self._connection,
            {ids[it.key]: it.parties for _, it in sound},
            holders,
            now=self._now,
            entropy=self._entropy,
        )
        self._done.parties_ended += changed.ended
        for account_id in sorted(changed.accounts):
            # What they may see has changed: apps fetch new tokens, and nobody has to sign in again.
            write_mark(self._connection, kind="account", id=account_id, not_before=self._now, now=self._now)
        changed_accounts = sorted(changed.accounts)
        end_grants_beyond(self._connection, self._ceiling, account_ids=changed_accounts, now=self._now)
        end_shares_without_giver(
            self._connection, self._ceiling, account_ids=changed_accounts, entropy=self._entropy, now=self._now
        )
        self._note()

    def _there(self, keys: Sequence[str]) -> dict[str, Any]:
        c = CONTRACTS.c
        found = self._connection.execute(
            select(c.number_key, c.id, c.feed_digest).where(c.number_key.in_(keys)).with_for_update()
        )
        return {row.number_key: row for row in found}

    def _refused(self, number: int, it: ContractRecord, holders: Holders) -> bool:
        faults = list(holders.faults(it.parties))
        self._done.faults += [(number, fault) for fault in faults]
        return bool(faults)

    def _contracts(self, records: Sequence[ContractRecord], there: dict[str, Any]) -> dict[str, str]:
        ids = {it.key: there[it.key].id if it.key in there else new_id(self._entropy) for it in records}
        added = [it for it in records if it.key not in there]
        if added:
            rows = [{**self._row(it), "id": ids[it.key], "created_at": self._now} for it in added]
            self._connection.execute(insert(CONTRACTS), rows)
        for it in records:
            if it.key in there:
                row = update(CONTRACTS).where(CONTRACTS.c.id == ids[it.key]).values(self._row(it))
                self._connection.execute(row)
        self._done.added += len(added)
        self._done.changed += len(records) - len(added)
        return ids

    def _row(self, it: ContractRecord) -> dict[str, Any]:
        return {
            "number": it.number,
            "number_key": it.key,
            "kind": it.kind.value,
            "status": it.status.value,
            "feed_digest": it.digest(),
            "updated_at": self._now,
        }

    def _vehicles(self, records: Sequence[ContractRecord], ids: dict[str, str]) -> None:
        if not records:
            return
        self._connection.execute(delete(VEHICLES).where(VEHICLES.c.contract_id.in_([ids[it.key] for it in records])))
        rows = [
            {
                "contract_id": ids[it.key],
                "vin": vehicle.vin,
                "make": vehicle.make,
                "model": vehicle.model,
                "registration": vehicle.registration,
            }
            for it in records
            for vehicle in it.vehicles
        ]
        if rows:
            self._connection.execute(insert(VEHICLES), rows)

    def _note(self) -> None:
        done = self._done
        if not done.added and not done.changed:
            return
        details = {"added": done.added, "changed": done.changed, "parties_ended": done.parties_ended}
        event = Event(type=EventType.CONTRACTS_IMPORTED, at=self._now, actor=self._actor, details=details)
        record(self._connection, event, entropy=self._entropy)
