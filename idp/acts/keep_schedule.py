"""Do what is due in the life of the keys: stage, stand by, rotate, remove. Asked by the housekeeper, every minute.

Each step is an act of its own with a transaction of its own, so a stop between two of them leaves nothing half done and
the next turn, on whichever node, goes on from there. A step that can't be done (a staged key that does not open) is
told and leaves the others alone: the old key signs on.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence

from idp.acts.remove_key import remove_key
from idp.acts.rotate_key import rotate_key
from idp.acts.stage_key import stage_key
from idp.issuance.pick_up import NotPickedUp, PickUp
from idp.storage.database import Database
from idp.storage.handles import Clock, Entropy
from idp.storage.key_rows import RingMoved, read_ring
from keys.errors import ForbiddenTransition, KeysError, NothingStaged
from keys.kek import Kek
from keys.schedule import Step, StepKind, due
from keys.states import KeyState, Waiting
from keys.timetable import Timetable

ACTOR = "worker"

log = logging.getLogger("idp.keys")


def keep_schedule(
    database: Database,
    kek: Kek,
    timetable: Timetable,
    *,
    algorithms: Sequence[str],
    pick_up: PickUp,
    clock: Clock,
    entropy: Entropy,
) -> tuple[Step, ...]:
    """Do every step that is due, and give those that were done. A rotation waits for those whom `pick_up` names.

    Raises:
        StorageUnavailable: the database is away; the next turn goes on.
    """
    with database.reading() as connection:
        stored = read_ring(connection)
    done = []
    for step in due(stored.records, timetable, algorithms=algorithms, now=clock()):
        try:
            _do(step, database, kek, timetable, pick_up=pick_up, clock=clock, entropy=entropy)
        except (RingMoved, NothingStaged, ForbiddenTransition):
            log.info("another node is changing the ring; %s of %s is looked at again", step.kind, step.algorithm)
        except NotPickedUp as error:
            log.warning("a rotation is due and waits: %s", error)
        except KeysError as error:
            log.error("%s of %s was due and can't be done: %s", step.kind, step.algorithm, error)  # noqa: TRY400 - its text says it
        else:
            done.append(step)
    return tuple(done)


def _do(
    step: Step, database: Database, kek: Kek, timetable: Timetable, *, pick_up: PickUp, clock: Clock, entropy: Entropy
) -> None:
    if step.kind is StepKind.REMOVE:
        remove_key(database, timetable, kid=step.kid or "", actor=ACTOR, clock=clock, entropy=entropy)
    elif step.kind is StepKind.ROTATE:
        rotate_key(
            database,
            kek,
            algorithm=step.algorithm,
            kid=step.kid,
            pick_up=pick_up,
            actor=ACTOR,
            clock=clock,
            entropy=entropy,
        )
    else:
        state: Waiting = KeyState.STAGED if step.kind is StepKind.STAGE else KeyState.STANDBY
        stage_key(database, kek, algorithm=step.algorithm, state=state, actor=ACTOR, clock=clock, entropy=entropy)
