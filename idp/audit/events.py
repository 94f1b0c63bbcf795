"""The events that are recorded, and the shape of one before it is written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class EventType(StrEnum):
    """What can happen; a new event gets its name here first. The names are interface: exports and alarms use them."""

    SIGN_IN_SUCCEEDED = "sign_in.succeeded"
    SIGN_IN_REFUSED = "sign_in.refused"
    AUTHORIZATION_REFUSED = "authorization.refused"
    CODE_ISSUED = "code.issued"
    CODE_REDEEMED = "code.redeemed"
    CODE_REUSE = "code.reuse"
    TOKEN_ISSUED = "token.issued"
    TOKEN_REFUSED = "token.refused"
    TOKEN_REFRESHED = "token.refreshed"
    TOKEN_REVOKED = "token.revoked"
    REFRESH_REUSE = "refresh.reuse"
    GRANT_ENDED = "grant.ended"
    SESSION_OPENED = "session.opened"
    SESSION_RENEWED = "session.renewed"
    SESSION_ENDED = "session.ended"
    APP_LOGOUT_CONFIRMED = "app_logout.confirmed"
    APP_LOGOUT_REFUSED = "app_logout.refused"
    APP_LOGOUT_GIVEN_UP = "app_logout.given_up"
    APP_EVENT_CONFIRMED = "app_event.confirmed"
    APP_EVENT_REFUSED = "app_event.refused"
    APP_EVENT_GIVEN_UP = "app_event.given_up"
    CONSENT_GIVEN = "consent.given"
    CONSENT_REFUSED = "consent.refused"
    CONSENT_WITHDRAWN = "consent.withdrawn"
    ACCOUNT_ADDED = "account.added"
    ACCOUNT_CHANGED = "account.changed"
    ACCOUNT_DISABLED = "account.disabled"
    ACCOUNT_ENABLED = "account.enabled"
    ACCOUNT_CLOSING = "account.closing"
    ACCOUNT_KEPT = "account.kept"
    ACCOUNT_CLOSED = "account.closed"
    ACCOUNT_EXPORTED = "account.exported"
    ACCOUNT_LOCKED = "account.locked"
    ACCOUNT_UNLOCKED = "account.unlocked"
    PLACE_SLOWED = "place.slowed"
    STUFFING_DETECTED = "stuffing.detected"
    PASSWORD_CHANGED = "password.changed"
    PASSWORD_RESET = "password.reset"
    PASSWORD_COMPROMISED = "password.compromised"
    FACTOR_ADDED = "factor.added"
    FACTOR_REMOVED = "factor.removed"
    FACTOR_VERIFIED = "factor.verified"
    FACTOR_REFUSED = "factor.refused"
    FACTOR_TEXTED = "factor.texted"
    FACTORS_RESET = "factors.reset"
    RECOVERY_CODES_RENEWED = "recovery_codes.renewed"
    DEVICE_REMEMBERED = "device.remembered"
    RECOVERY_ASKED = "recovery.asked"
    RECOVERY_MAILED = "recovery.mailed"
    RECOVERY_PROVED = "recovery.proved"
    RECOVERY_REFUSED = "recovery.refused"
    USER_IDS_SHOWN = "user_ids.shown"
    EMAIL_CHANGE_ASKED = "email.change_asked"
    EMAIL_CHANGE_REFUSED = "email.change_refused"
    EMAIL_CHANGED = "email.changed"
    ACCOUNT_LOCKED_DOWN = "account.locked_down"
    PREFERENCES_CHANGED = "preferences.changed"
    SHARE_OFFERED = "share.offered"
    SHARE_ACCEPTED = "share.accepted"
    SHARE_ENDED = "share.ended"
    CONTRACTS_IMPORTED = "contracts.imported"
    CLIENT_ADDED = "client.added"
    CLIENT_CHANGED = "client.changed"
    CLIENT_DISABLED = "client.disabled"
    CLIENT_ENABLED = "client.enabled"
    CLIENT_SECRET_ROTATED = "client.secret_rotated"
    CLIENT_AUTHENTICATION_FAILED = "client.authentication_failed"
    DATABASE_RESTORED = "database.restored"
    KEYS_CREATED = "keys.created"
    KEYS_ROTATED = "keys.rotated"
    KEYS_CANARY = "keys.canary"
    KEYS_CHANGED = "keys.changed"
    KEYS_REWRAPPED = "keys.rewrapped"
    KEYS_BACKED_UP = "keys.backed_up"
    KEYS_RESTORED = "keys.restored"
    KEYS_COMPROMISED = "keys.compromised"
    DRILL_ENDED = "drill.ended"
    INCIDENT_TOLD = "incident.told"
    INCIDENT_REVIEWED = "incident.reviewed"
    KEYS_DESTROYED = "keys.destroyed"
    KEYS_PICK_UP_OVERRIDDEN = "keys.pick_up_overridden"
    INCIDENT_WITHDRAWN = "incident.withdrawn"
    STAFF_INVITED = "staff.invited"
    STAFF_ENROLLED = "staff.enrolled"
    APPROVAL_PROPOSED = "approval.proposed"
    APPROVAL_APPROVED = "approval.approved"
    APPROVAL_REFUSED = "approval.refused"
    APPROVAL_BROKEN_GLASS = "approval.broken_glass"
    CALL_CODE_MADE = "call_code.made"
    CALL_VERIFIED = "call.verified"
    CALL_REFUSED = "call.refused"
    CALL_ENDED = "call.ended"
    DESK_SEARCHED = "desk.searched"
    DESK_VIEWED = "desk.viewed"
    DESK_REVEALED = "desk.revealed"
    DESK_ACTED = "desk.acted"
    DESK_REFUSED = "desk.refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Personal:
    """Where a request came from: what the audit trail must be able to forget."""

    address: str | None = None
    user_agent: str | None = None
    place: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One event to be recorded.

    `actor` says who did it: "account:ID", "client:ID", "cli:OSUSER@HOST", "worker" or "anonymous". `result` is "ok" or
    the name of the check that refused. `reference` is the number that the person saw on the page. `at` is an instant.
    """

    type: EventType
    at: float
    actor: str
    result: str = "ok"
    account_id: str | None = None
    client_id: str | None = None
    sid: str | None = None
    reference: str | None = None
    details: Mapping[str, Any] = field(default_factory=dict)
    personal: Personal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedEvent:
    """An event as it was read back; `personal` is None when there was none or when it has been forgotten."""

    id: int
    type: str
    at: float
    actor: str
    result: str
    account_id: str | None
    client_id: str | None
    sid: str | None
    reference: str | None
    details: Mapping[str, Any]
    personal: Personal | None
