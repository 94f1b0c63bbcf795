"""The housekeeper: one process beside the workers that delivers mail, tells apps, tends the keys, prunes and measures.

Under `idp serve` it is a child; beside gunicorn an operator runs it as `idp worker`. Any number of them may run: each
prunes what the others have left, and a message is sent by one of them.
"""

from __future__ import annotations

import logging
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from threading import Event, Thread
from types import FrameType

from idp.acts.close_account import close_due
from idp.acts.share_contract import keep_shares
from idp.acts.tell_of_incident import tell_of_incidents
from idp.app import Service, build
from idp.audit.verify import chain_state
from idp.delivery.outbox import backlog
from idp.metrics.scrape import scrape
from idp.operating.audit_sealing import AuditSealing
from idp.operating.key_schedule import KeySchedule
from idp.operating.management import management_server
from idp.operating.wakeup import Wakeup
from idp.settings import Settings
from idp.storage.database import StorageUnavailable
from idp.storage.prune import prune
from idp.storage.skew import ClockWrong
from idp.wire.bind import Bind

PRUNE_SECONDS = 60.0
FIRST_PRUNE_SECONDS = 5.0
LOOK_SECONDS = 5.0
"""How often the outbox is looked at, and whether it is time to prune."""
LAST_MESSAGE_SECONDS = 5.0
"""How long the end waits for the message in hand; what is not sent by then is sent by the next housekeeper."""

log = logging.getLogger("idp.housekeeping")


def keep_house(settings: Settings) -> None:
    """Deliver, prune and answer on the management port until SIGTERM or SIGINT; for the main thread of its own process.

    Raises:
        SchemaMismatch, KekRefused, WrongKek, SecretMissing, StorageUnavailable: see `idp.app.build`.
        OSError: the management port cannot be listened on.
    """
    told = _told_to_stop()
    service = build(settings)
    service.start()
    try:
        metrics = partial(scrape, service.meters)
        with management_server(Bind.parse(settings.management_bind).resolved(), service.parts.issuer, metrics):
            log.info("the housekeeper is at work, management port %s", settings.management_bind)
            with _delivering(service):
                _work(service, told)
    finally:
        service.stop()


def _told_to_stop() -> Wakeup:
    told = Wakeup()

    def stop(_number: int, _frame: FrameType | None) -> None:
        told.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    return told


@contextmanager
def _delivering(service: Service) -> Iterator[None]:
    """Deliver mail, tell apps of sign-outs and seal the audit meanwhile, each in a thread: none holds up another."""
    ended = Event()
    loops = {
        "courier": service.courier.run,
        "back-channel": service.back_channel.run,
        "security-events": service.security_events.run,
        "audit": AuditSealing(service).run,
    }
    threads = [Thread(target=loop, args=(ended,), name=name, daemon=True) for name, loop in loops.items()]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        ended.set()
        for thread in threads:
            thread.join(LAST_MESSAGE_SECONDS)


def _work(service: Service, told: Wakeup) -> None:
    pruned_at = service.clock() - PRUNE_SECONDS + FIRST_PRUNE_SECONDS
    schedule = KeySchedule(service)
    while not told.wait(LOOK_SECONDS):
        measure_backlogs(service)
        schedule.turn()
        tell_apps(service)
        if abs(service.clock() - pruned_at) >= PRUNE_SECONDS:
            end_what_is_due(service)
            prune_once(service)
            pruned_at = service.clock()


def measure_backlogs(service: Service) -> None:
    """Say in numbers what waits to be mailed and sealed; a database that is away is asked again at the next turn."""
    with suppress(StorageUnavailable), service.database.reading() as connection:
        service.meters.outbox_stands(backlog(connection, now=service.clock()))
        service.meters.audit_stands(chain_state(connection))


def tell_apps(service: Service) -> None:
    """Have apps told of what whoever contained it could not tell; a database that is away is asked again."""
    with suppress(StorageUnavailable, ClockWrong):
        tell_of_incidents(service.database, clock=service.clock, entropy=service.entropy)


def end_what_is_due(service: Service) -> None:
    """End shared access and close accounts whose time has come; a database that is away is asked again."""
    ceiling, now = service.parts.issuer.ceiling, service.clock()
    with suppress(StorageUnavailable, ClockWrong), service.database.writing() as connection:
        keep_shares(connection, ceiling, entropy=service.entropy, now=now)
    with suppress(StorageUnavailable, ClockWrong), service.database.writing() as connection:
        close_due(connection, ceiling, entropy=service.entropy, now=now)


def prune_once(service: Service) -> None:
    """Remove what has outlived its use; a database that is away is tried again at the next turn."""
    try:
        removed = prune(service.database, service.clock())
    except StorageUnavailable as error:
        log.warning("pruning waits for the database: %s", error)
        return
    for name, count in removed.items():
        service.meters.tally.count(service.meters.pruned, name, by=count)
    gone = {name: count for name, count in removed.items() if count}
    if gone:
        log.info("pruned %s", ", ".join(f"{count} {name}" for name, count in gone.items()))
