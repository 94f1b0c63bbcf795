"""Two people for what can't be undone: one proposes, another approves within half an hour, and that does it.

Invariant: a proposal is decided on once, by somebody else than its proposer, who is a security engineer (or, where the
support desk proposed it, another support agent: `DECIDERS`) and has signed in within the last five minutes with what a
look-alike site can't ask for; spending it and doing the act are one transaction, and what is done is what the approver
saw (`digest`). An act that fails leaves the proposal open.

A shell on a node proposes as "cli:OSUSER@HOST". It counts as the same person as the member of staff whose user ID is
that OSUSER; every other security engineer may approve. Two proposals by shells can't approve each other: only the
console approves, and there a passkey says who it is. A shell may refuse.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any, Final

import orjson
from sqlalchemy import Connection

from idp.accounts.identifiers import InvalidIdentifier, canonical
from idp.accounts.policy import Kind, StaffRole
from idp.acts.staff_members import tell_security_team
from idp.acts.standing import Standing
from idp.acts.tell_owner import Notice
from idp.acts.two_person_acts import Doing, Outcome, TwoPersonAct, run
from idp.audit.events import Event, EventType
from idp.audit.record import record
from idp.mfa.policy import PHISHING_RESISTANT, reaches
from idp.storage.approval_rows import Approval, ApprovalState, add_approval, decide_approval, find_approval
from idp.storage.handles import new_id

APPROVAL_SECONDS: Final = 1800.0
FRESH_SECONDS: Final = 300.0
LOUD_SECONDS: Final = 30 * 86_400.0
"""For so long doctor and console tell of what one person did alone."""


ENGINEERS: Final[frozenset[str]] = frozenset({StaffRole.SECURITY})
DECIDERS: Final[Mapping[str, frozenset[str]]] = {TwoPersonAct.RESET_FACTOR_AT_DESK: ENGINEERS | {StaffRole.SUPPORT}}
"""Who decides beside security engineers, by act; what is not here is theirs alone."""


class ApprovalUnknown(LookupError):
    """There is no such proposal."""


class NotTheApprover(Exception):
    """This person, or this sign-in, can't decide on it; the text says why."""


class DecidedAlready(Exception):
    """Somebody has decided, its time is over, or it is not what was seen any more."""


@dataclass(frozen=True, slots=True)
class Approved:
    """A proposal that was carried out, and what that did."""

    approval: Approval
    outcome: Outcome


def propose(
    connection: Connection, act: TwoPersonAct, arguments: Mapping[str, Any], *, reason: str = "", doing: Doing
) -> Approval:
    """Write down what somebody wants to be done; nothing is done yet."""
    approval = _new(act, arguments, reason=reason, doing=doing)
    add_approval(connection, approval)
    _record(connection, EventType.APPROVAL_PROPOSED, approval, doing)
    return approval


def approve(connection: Connection, approval_id: str, *, by: Standing, seen: str, doing: Doing) -> Approved:
    """Agree, and do it; `seen` is the digest (hex) of what the approver was shown.

    Raises:
        ApprovalUnknown, NotTheApprover, DecidedAlready: see there.
        Exception: whatever the act itself raises; let it leave the transaction, and the proposal stays open.
    """
    approval = _found(connection, approval_id)
    require_approver(approval, by, now=doing.now)
    if seen != approval.digest.hex() or approval.digest != _digest(approval):
        raise DecidedAlready("this is not what was shown")
    if not decide_approval(connection, approval, state=ApprovalState.APPROVED, by=doing.actor, now=doing.now):
        raise DecidedAlready("somebody has decided on it, or its time is over")
    approval = replace(approval, state=ApprovalState.APPROVED.value, decided_by=doing.actor, decided_at=doing.now)
    _record(connection, EventType.APPROVAL_APPROVED, approval, doing)
    return Approved(approval, run(connection, approval.act, approval.arguments, doing))


def refuse(connection: Connection, approval_id: str, *, by: Standing, doing: Doing) -> Approval:
    """Say no; the proposer may, too, which takes it back.

    Raises:
        ApprovalUnknown, NotTheApprover, DecidedAlready: see there.
    """
    _require_decider(_found(connection, approval_id), by, now=doing.now)
    return _refused(connection, approval_id, doing)


def refuse_from_shell(connection: Connection, approval_id: str, *, doing: Doing) -> Approval:
    """Say no from a shell on a node: that only keeps something from happening, and whoever has a shell can do more.

    Raises:
        ApprovalUnknown, DecidedAlready: see there.
    """
    return _refused(connection, approval_id, doing)


def break_glass(
    connection: Connection, act: TwoPersonAct, arguments: Mapping[str, Any], *, reason: str, doing: Doing
) -> Approved:
    """Do it alone, and loudly: the audit trail, a mail to every security engineer, doctor and console say so.

    Raises:
        Exception: whatever the act itself raises.
    """
    new = _new(act, arguments, reason=reason, doing=doing)
    approval = replace(new, state=ApprovalState.ALONE.value, decided_by=doing.actor, decided_at=doing.now)
    add_approval(connection, approval)
    _record(connection, EventType.APPROVAL_BROKEN_GLASS, approval, doing)
    tell_security_team(
        connection,
        notice=Notice.BROKEN_GLASS,
        words={"act": act.value, "actor": doing.actor, "reason": reason},
        reference=doing.reference,
        entropy=doing.entropy,
        now=doing.now,
    )
    return Approved(approval, run(connection, act, arguments, doing))


def require_approver(approval: Approval, by: Standing, *, now: float) -> None:
    """Let pass who may approve this.

    Raises:
        NotTheApprover: see there.
    """
    _require_decider(approval, by, now=now)
    if is_same_person(approval.proposed_by, by):
        raise NotTheApprover("whoever proposed it does not approve it")


def deciders(act: str) -> frozenset[str]:
    """Give the roles whose members may decide on an act."""
    return DECIDERS.get(act, ENGINEERS)


def is_same_person(actor: str, person: Standing) -> bool:
    """Whether an actor of the audit trail is this member of staff, as far as anybody can tell."""
    kind, _, name = actor.partition(":")
    if kind == "account":
        return name == person.account_id
    try:
        return kind == "cli" and canonical(name.rpartition("@")[0]) == canonical(person.user_id)
    except InvalidIdentifier:
        return False


def is_strong_and_fresh(person: Standing, *, now: float) -> bool:
    """Whether the person has signed in within five minutes, with what a look-alike site can't ask for."""
    session = person.session
    return session is not None and reaches(session.acr, PHISHING_RESISTANT) and now - session.auth_time <= FRESH_SECONDS


def _refused(connection: Connection, approval_id: str, doing: Doing) -> Approval:
    approval = _found(connection, approval_id)
    if not decide_approval(connection, approval, state=ApprovalState.REFUSED, by=doing.actor, now=doing.now):
        raise DecidedAlready("somebody has decided on it, or its time is over")
    approval = replace(approval, state=ApprovalState.REFUSED.value, decided_by=doing.actor, decided_at=doing.now)
    _record(connection, EventType.APPROVAL_REFUSED, approval, doing)
    return approval


def _require_decider(approval: Approval, by: Standing, *, now: float) -> None:
    if by.kind != Kind.STAFF or by.role not in deciders(approval.act) or by.status != "active":
        raise NotTheApprover("another role decides on this")
    if not is_strong_and_fresh(by, now=now):
        raise NotTheApprover("the sign-in is older than five minutes, or not by a passkey")


def _new(act: TwoPersonAct, arguments: Mapping[str, Any], *, reason: str, doing: Doing) -> Approval:
    approval = Approval(
        id=new_id(doing.entropy),
        act=act.value,
        arguments=dict(arguments),
        digest=b"",
        state=ApprovalState.PROPOSED.value,
        proposed_by=doing.actor,
        proposed_at=doing.now,
        expires_at=doing.now + APPROVAL_SECONDS,
        reason=reason,
    )
    return replace(approval, digest=_digest(approval))


def _digest(approval: Approval) -> bytes:
    said = {"id": approval.id, "act": approval.act, "arguments": dict(approval.arguments)}
    return sha256(orjson.dumps(said, option=orjson.OPT_SORT_KEYS)).digest()


def _found(connection: Connection, approval_id: str) -> Approval:
    approval = find_approval(connection, approval_id)
    if approval is None:
        raise ApprovalUnknown(approval_id)
    return approval


def _record(connection: Connection, type: EventType, approval: Approval, doing: Doing) -> None:
    event = Event(
        type=type,
        at=doing.now,
        actor=doing.actor,
        account_id=approval.arguments.get("account_id"),
        client_id=approval.arguments.get("client_id"),
        reference=doing.reference,
        details={
            "approval": approval.id,
            "act": approval.act,
            "arguments": dict(approval.arguments),
            "proposed_by": approval.proposed_by,
            "reason": approval.reason,
        },
    )
    record(connection, event, entropy=doing.entropy)
