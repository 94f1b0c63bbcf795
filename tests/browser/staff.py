"""The demo's security team, and what it has to look at: keys, an incident, proposals, a night of attacks."""

from __future__ import annotations

import random
import secrets
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from playwright.sync_api import Page
from sqlalchemy import Connection

from idp.accounts.policy import StaffRole
from idp.acts.approvals import break_glass, propose
from idp.acts.canary_key import canary_key
from idp.acts.compromise_key import compromise_key
from idp.acts.disable_client import disable_client
from idp.acts.invite_staff import invite_staff
from idp.acts.two_person_acts import Doing, TwoPersonAct
from idp.audit.events import Event, EventType
from idp.audit.record import record_many
from idp.clients.directory import ClientDirectory
from idp.custody import load_kek
from idp.issuance.pick_up import PickUp
from idp.storage.key_rows import add_keys, read_ring
from keys.kek import Kek
from keys.new_records import new_signing_key
from keys.records import KeyRecord
from keys.states import KeyState
from tests.browser.demo import Demo
from tests.browser.passkeys import Device, enrolled_in
from tests.support.authenticator import Authenticator

HOUR, DAY = 3600.0, 86_400.0
SHELL: Final = "cli:root@login-node-2.example.com"
ALGORITHM: Final = "PS256"
"""No test's app is signed for with this one: what is done to its keys disturbs nobody."""
DISPATCH: Final = "roadside-assistance-dispatch-and-claims"
NIGHT: Final = {
    EventType.SIGN_IN_SUCCEEDED: 900,
    EventType.SIGN_IN_REFUSED: 1400,
    EventType.ACCOUNT_LOCKED: 40,
    EventType.FACTOR_REFUSED: 60,
    EventType.STUFFING_DETECTED: 2,
    EventType.PLACE_SLOWED: 15,
}


def hired(demo: Demo, role: StaffRole = StaffRole.SECURITY) -> Authenticator:
    """Invite somebody new; gives the passkey with which they sign in."""
    user_id = f"{role.value}-{secrets.token_hex(4)}"
    invited(demo, user_id, role)
    return enrolled_in(demo, user_id)


def invited(demo: Demo, user_id: str, role: StaffRole = StaffRole.SECURITY) -> str:
    """Invite somebody; gives what the link of the invitation carries."""
    with demo.database.writing() as connection:
        return invite_staff(
            connection,
            user_id=user_id,
            role=role,
            email=f"{user_id}@example.com",
            reference="TEST",
            actor="test",
            entropy=secrets.token_bytes,
            now=time.time(),
        ).token


def enter_console(page: Page, demo: Demo, path: str = "/security", role: StaffRole = StaffRole.SECURITY) -> None:
    """Sign in as a new member of staff, whose browser offers the passkey, and open a page of the console."""
    furnish(demo)
    Device.of(page).put(hired(demo, role))
    page.goto(f"{demo.issuer}{path}")
    page.locator(".console h1").wait_for()


def furnish(demo: Demo) -> None:
    """Give the console something to show, once for a demo."""
    if (demo.folder / "furnished").exists():
        return
    (demo.folder / "furnished").touch()
    _apps(demo)
    _keys(demo)
    _proposals(demo)
    with demo.database.writing() as connection:
        record_many(connection, [*_night(), *_drills()], entropy=secrets.token_bytes)


def _apps(demo: Demo) -> None:
    about = {"redirect_uris": ["https://app.example.com/callback"], "id_token_signed_response_alg": ALGORITHM}
    demo.add_client(DISPATCH, client_name="Roadside Assistance", **about)
    demo.add_client("fleet-billing", client_name="Fleet Billing", own_jwks=True, **about)
    demo.add_client("old-brochure", client_name="Brochure of 2019", **about)
    with demo.database.writing() as connection:
        doing = doing_of(SHELL)
        disable_client(connection, client_id="old-brochure", actor=SHELL, entropy=doing.entropy, now=doing.now)


def doing_of(actor: str, *, ago: float = 0.0) -> Doing:
    """Say in whose name something is done, and how long ago it was."""
    return Doing(reference="KTMR-4821", actor=actor, entropy=secrets.token_bytes, now=time.time() - ago)


def _keys(demo: Demo) -> None:
    kek = load_kek(demo.settings)
    with demo.database.writing() as connection:
        epoch = read_ring(connection).epoch
        add_keys(connection, list(_former_keys(kek, epoch)))
        kid = staged_kid(connection, state=KeyState.STANDBY)
    _try_first(demo, kek)
    compromise_key(
        demo.database,
        kek,
        kid=kid,
        reason="A backup tape of the second data centre was found in the post.",
        actor=SHELL,
        clock=time.time,
        entropy=secrets.token_bytes,
    )


def _try_first(demo: Demo, kek: Kek) -> None:
    clients = ClientDirectory(demo.database)
    clients.reload()
    canary_key(
        demo.database,
        kek,
        algorithm=ALGORITHM,
        client_ids=[DISPATCH],
        pick_up=PickUp(clients.all(), demo.settings.pick_up_seconds),
        actor=SHELL,
        clock=time.time,
        entropy=secrets.token_bytes,
    )


def _drills() -> Iterator[Event]:
    """Give the drills of two quarters: the first was too slow."""
    nodes = ["http://10.0.0.11:8000", "http://10.0.0.12:8000"]
    for ago, result, seconds in ((95 * DAY, "too_slow", ["0.412", ""]), (5 * DAY, "ok", ["0.412", "0.633"])):
        details = {"algorithm": "ES256", "nodes": nodes, "seconds": seconds}
        yield Event(type=EventType.DRILL_ENDED, at=time.time() - ago, actor=SHELL, result=result, details=details)


def _former_keys(kek: Kek, epoch: int) -> Iterator[KeyRecord]:
    now = time.time()
    for retired, removed in ((now - 80 * DAY, now - 60 * DAY), (now - 6 * DAY, None)):
        made = new_signing_key(
            ALGORITHM, state=KeyState.STAGED, kek=kek, epoch=epoch, now=retired - 95 * DAY, entropy=secrets.token_bytes
        )
        yield replace(
            made,
            state=KeyState.RETIRING if removed is None else KeyState.REMOVED,
            activated_at=retired - 80 * DAY,
            retired_at=retired,
            removed_at=removed,
            effective_at=removed or retired,
        )


def staged_kid(connection: Connection, algorithm: str = ALGORITHM, state: KeyState = KeyState.STAGED) -> str:
    """Give the kid of the key that is in this state."""
    return next(key.kid for key in read_ring(connection).records if (key.algorithm, key.state) == (algorithm, state))


def _proposals(demo: Demo) -> None:
    dana = demo.add_person()
    with demo.database.writing() as connection:
        waited = {"kid": staged_kid(connection)}
        weaker = {"client_id": "fleet-billing", "changes": {"minimum_acr": None}}
        propose(connection, TwoPersonAct.WEAKEN_CLIENT, weaker, reason="The old terminals", doing=doing_of(SHELL))
        lost = "Called from a new phone; identity checked by the letter code"
        reset = {"account_id": dana}
        propose(connection, TwoPersonAct.RESET_FACTOR, reset, reason=lost, doing=doing_of(SHELL, ago=1500))
        propose(connection, TwoPersonAct.OVERRIDE_PICK_UP, waited, doing=doing_of(SHELL, ago=7 * HOUR))
        alone, reason = doing_of(SHELL, ago=3 * DAY), "Nobody could be reached"
        break_glass(connection, TwoPersonAct.RESET_FACTOR, reset, reason=reason, doing=alone)


def _night() -> Iterator[Event]:
    chance, now = random.Random(7), time.time()
    for happened, count in NIGHT.items():
        for _ in range(count):
            at = now - min(abs(chance.gauss(20, 6)), 47) * HOUR
            result = "ok" if happened is EventType.SIGN_IN_SUCCEEDED else "wrong_password"
            actor = f"account:{chance.getrandbits(120):024x}" if chance.random() > 0.3 else "anonymous"
            yield Event(
                type=happened, at=at, actor=actor, result=result, client_id="driver-portal", reference="KTMR-4821"
            )
