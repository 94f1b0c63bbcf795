"""The watch: one thread per process that learns, twice a second, what ended and which cached sets have changed.

Invariant: one statement per poll. A view that could not be confirmed for two seconds says so (`StaleView`) instead of
answering from the past. Marks are re-read from ten seconds before the last good poll, by the database's own clock,
since transactions commit out of order and nodes disagree about the time.
"""

import logging
import math
from collections.abc import Callable, Sequence
from threading import Event, RLock, Thread
from typing import NamedTuple, cast

from sqlalchemy import BigInteger, Double, bindparam, literal, select, union_all

from idp.storage.database import Database, StorageUnavailable
from idp.storage.handles import Clock
from idp.storage.marks import Kind, Mark, MarkRow, database_time
from idp.storage.revisions import RevisionRow
from idp.storage.skew import ANY_CLOCK, ClockLimits, Skew

FRESH_SECONDS = 2.0
OVERLAP_SECONDS = 10.0

OnMarks = Callable[[Sequence[Mark]], None]
OnRevision = Callable[[], None]

log = logging.getLogger(__name__)


class StaleView(Exception):
    """What this process knows about ended sessions, grants and keys is too old to answer from. Answer 503."""


POLL = union_all(
    select(
        literal("time").label("what"),
        literal("").label("id"),
        literal(0, BigInteger).label("number"),
        database_time().label("instant"),
        literal(0.0, Double).label("written_at"),
    ),
    select(literal("revision"), RevisionRow.name, RevisionRow.number, literal(0.0, Double), literal(0.0, Double)),
    select(MarkRow.kind, MarkRow.id, MarkRow.number, MarkRow.not_before, MarkRow.written_at).where(
        MarkRow.stored_at >= bindparam("cutoff", type_=Double)
    ),
)
"""Everything in one statement: the database's time, a handful of revisions, and the marks of the last seconds."""


class Seen(NamedTuple):
    """What one poll read."""

    database_time: float
    revisions: dict[str, int]
    marks: dict[int, Mark]


class Watch:
    """Hands marks and revisions to who keeps a view of them.

    Callbacks run one at a time, in the watch's thread or a committing one. Those for marks only change memory; those
    for revisions may read the database.
    """

    def __init__(
        self, database: Database, clock: Clock, *, period: float = 0.5, limits: ClockLimits = ANY_CLOCK
    ) -> None:
        self._database = database
        self._clock = clock
        self._period = period
        self._polling = RLock()
        self._handing = RLock()
        self._on_marks: list[OnMarks] = []
        self._on_revision: dict[str, list[OnRevision]] = {}
        self._handed: dict[int, Mark] = {}
        self._revisions: dict[str, int] = {}
        self._cutoff = 0.0
        self._good_at: float | None = None
        self._skew = Skew(limits)
        self._stop = Event()
        self._thread: Thread | None = None
        database.subscribe(self._hand_own)
        database.subscribe_revisions(self._poll_own)

    @property
    def skew_seconds(self) -> float:
        """How far this process's clock is ahead of the database's, as of the last good poll."""
        return self._skew.seconds

    @property
    def clock_is_wrong(self) -> bool:
        """Whether this process's clock is too far from the database's for it to go on."""
        return self._skew.is_wrong

    def on_marks(self, callback: OnMarks) -> None:
        """Hand every mark to the callback: kept ones at the first poll, own ones at their commit, others when polled.

        A mark may come more than once.
        """
        self._on_marks.append(callback)

    def on_revision(self, name: str, callback: OnRevision) -> None:
        """Call back when the set of this name has changed, and at the first poll if it ever has.

        If the callback raises, the poll was no good one, and the next calls it again.
        """
        self._on_revision.setdefault(name, []).append(callback)

    def age(self, now: float) -> float:
        """Say how many seconds ago the view was last confirmed; infinity when it never was."""
        return math.inf if self._good_at is None else abs(now - self._good_at)

    def require_fresh(self, now: float) -> None:
        """Return if the view was confirmed within two seconds of `now`.

        Raises:
            StaleView: It was not, or never; or this process's clock is too wrong to judge by.
        """
        if self.age(now) > FRESH_SECONDS or self.clock_is_wrong:
            raise StaleView

    def require_signing_time(self, now: float) -> None:
        """Return if what is signed at `now` does not come from the future, as others see it.

        Raises:
            StaleView: It would, or nobody can tell.
        """
        self.require_fresh(now)
        if self._skew.is_ahead:
            raise StaleView

    def require_writing_time(self) -> None:
        """Return unless the clock is known to be wrong, or has jumped since it was last compared.

        Raises:
            ClockWrong: It is, or has.
        """
        if self._good_at is not None:
            self._skew.require_writing_time(self.age(self._clock()))

    def poll_once(self) -> None:
        """Read once, and hand on what is new.

        Raises:
            StorageUnavailable: The database could not answer; the view keeps its age.
        """
        with self._polling:
            before = self._clock()
            seen = self._read()
            self._skew.take((before + self._clock()) / 2 - seen.database_time)
            self._hand_marks([mark for number, mark in seen.marks.items() if number not in self._handed])
            self._handed = seen.marks
            self._hand_revisions(seen.revisions)
            self._cutoff = seen.database_time - OVERLAP_SECONDS
            self._good_at = before

    def start(self) -> None:
        """Poll now (so that the process begins with a view), then from a thread until `stop`.

        Raises:
            StorageUnavailable: The first poll failed; the thread is not started.
        """
        self.poll_once()
        self._stop.clear()
        self._thread = Thread(target=self._run, name="idp-watch", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the thread and wait for it."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def _run(self) -> None:
        failing = False
        while not self._stop.wait(self._period):
            try:
                self.poll_once()
            except StorageUnavailable as error:
                if not failing:
                    log.warning("the watch cannot reach the database: %s", error)
                failing = True
            except Exception:
                # A callback failed. The thread must outlive it; the view grows stale, which readers notice.
                log.exception("the watch could not hand on what it read")
                failing = True
            else:
                if failing:
                    log.warning("the watch reaches the database again")
                failing = False

    def _read(self) -> Seen:
        seen = Seen(0.0, {}, {})
        with self._database.reading() as connection:
            rows = connection.execute(POLL, {"cutoff": self._cutoff}).all()
        for what, name, number, instant, written_at in rows:
            if what == "time":
                seen = seen._replace(database_time=instant)
            elif what == "revision":
                seen.revisions[name] = number
            else:
                seen.marks[number] = Mark(cast("Kind", what), name, instant, written_at)
        return seen

    def _hand_own(self, marks: Sequence[Mark]) -> None:
        try:
            self._hand_marks(marks)
        except Exception:
            # They are committed, so their writer must not fail; the next poll hands them on again.
            log.exception("the watch could not hand on what this process ended")

    def _poll_own(self, _names: Sequence[str]) -> None:
        try:
            self.poll_once()
        except Exception:
            # The change is committed, so its writer must not fail; the thread polls again.
            log.exception("the watch could not poll after a change by this process")

    def _hand_marks(self, marks: Sequence[Mark]) -> None:
        with self._handing:
            for callback in self._on_marks if marks else ():
                callback(marks)

    def _hand_revisions(self, revisions: dict[str, int]) -> None:
        for name, number in revisions.items():
            if self._revisions.get(name) != number:
                for callback in self._on_revision.get(name, ()):
                    callback()
                self._revisions[name] = number
