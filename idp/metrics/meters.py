"""Every metric of the service by name, and the hooks that the composition root hangs into its parts.

Names are interface: dashboards and alarms use them. docs/for-operators.md has the table, and a test compares the two.
"""

from __future__ import annotations

from collections import deque

from prometheus_client import CollectorRegistry, Counter, Gauge

from idp.audit.verify import ChainState
from idp.delivery.outbox import Backlog
from idp.metrics.tally import MOST_WAITING, Histogram, Tally

REQUEST_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
HASH_BUCKETS = (0.005, 0.01, 0.02, 0.03, 0.05, 0.1, 0.25, 0.5, 1.0)


class Meters:
    """The metrics of one process; `tally` takes the samples."""

    def __init__(self) -> None:
        self.tally = Tally()
        self.tally.measure(self._add_up_answers)
        self._answers: deque[tuple[str, int, float]] = deque(maxlen=MOST_WAITING)
        self.registry = registry = CollectorRegistry()
        self.requests = Counter("idp_requests", "Answers, by route and status.", ["route", "status"], registry=registry)
        self.request_seconds = Histogram(
            "idp_request_seconds", "Time to answer, by route.", ["route"], buckets=REQUEST_BUCKETS, registry=registry
        )
        self.tokens = Counter("idp_tokens_issued", "Token responses, by grant type.", ["grant"], registry=registry)
        self.sign_ins = Counter("idp_sign_ins", "Passwords checked, by result.", ["result"], registry=registry)
        self.passkeys = Counter("idp_passkeys", "Passkeys used, by result.", ["use", "result"], registry=registry)
        self.locks = Counter(
            "idp_locks", "Locks after failures, by class of device and end.", ["devices", "end"], registry=registry
        )
        self.slow_downs = Counter(
            "idp_slow_downs", "Places slowed down, and answers to the work.", ["result"], registry=registry
        )
        self.stuffing_alarms = Counter("idp_stuffing_alarms", "Credential stuffing detected.", registry=registry)
        self.hash_seconds = Histogram(
            "idp_password_hash_seconds", "Time of one password hash.", buckets=HASH_BUCKETS, registry=registry
        )
        self.hash_wait_seconds = Histogram(
            "idp_password_hash_wait_seconds", "Time waited for a hash.", buckets=HASH_BUCKETS, registry=registry
        )
        self.hash_refused = Counter(
            "idp_password_hash_refused", "Sign-ins sent away: too many hashes at once.", registry=registry
        )
        self.breach_checks = Counter(
            "idp_breached_password_checks", "Chosen passwords looked up, by result.", ["result"], registry=registry
        )
        self.unavailable = Counter(
            "idp_unavailable", "Requests answered 503, by reason.", ["reason"], registry=registry
        )
        self.pruned = Counter(
            "idp_pruned_rows", "Rows removed after their time, by table.", ["table"], registry=registry
        )
        self.app_logouts = Counter(
            "idp_app_logouts", "Tries to tell an app that a session ended.", ["result"], registry=registry
        )
        self.app_events = Counter(
            "idp_app_events", "Tries to tell an app that a signing key leaked.", ["result"], registry=registry
        )
        self.restarts = Counter("idp_process_restarts", "Processes that died and were replaced.", registry=registry)
        self._gauges(registry)

    def _gauges(self, registry: CollectorRegistry) -> None:
        self.view_age = Gauge(
            "idp_view_age_seconds",
            "Age of the oldest process's view of what has ended; answers stop at 2.",
            registry=registry,
            multiprocess_mode="livemax",
        )
        self.clock_skew = Gauge(
            "idp_clock_skew_seconds",
            "This node's clock ahead of the database's; alarm beyond 5, not ready beyond 30.",
            registry=registry,
            multiprocess_mode="livemostrecent",
        )
        self.trail_waiting = Gauge(
            "idp_audit_events_waiting",
            "Audit events of machine tokens not yet written.",
            registry=registry,
            multiprocess_mode="livesum",
        )
        self.store_degraded = Gauge(
            "idp_ephemeral_store_degraded",
            "1 while Redis is away and the database carries new journeys.",
            registry=registry,
            multiprocess_mode="livemax",
        )
        # One housekeeper on this node says how the outbox of all nodes stands.
        self.outbox_waiting, self.outbox_oldest, self.outbox_parked = (
            Gauge(name, words, registry=registry, multiprocess_mode="livemostrecent")
            for name, words in (
                ("idp_outbox_messages_waiting", "Mails not yet handed over."),
                ("idp_outbox_oldest_seconds", "How long the oldest of them waits; alarm beyond 300."),
                ("idp_outbox_messages_parked", "Mails given up, for somebody to look at."),
            )
        )

        self.audit_unsealed, self.checkpoints_unsent = (
            Gauge(name, words, registry=registry, multiprocess_mode="livemostrecent")
            for name, words in (
                ("idp_audit_events_unsealed", "Audit events that are not in the hash chain yet."),
                ("idp_audit_checkpoints_unsent", "Checkpoints that have not reached all of their places."),
            )
        )

    def audit_stands(self, state: ChainState) -> None:
        """Take in how the audit trail stands; the housekeeper looks every few seconds."""
        self.audit_unsealed.set(state.unsealed)
        self.checkpoints_unsent.set(state.unsent)

    def outbox_stands(self, backlog: Backlog) -> None:
        """Take in how the outbox stands; the housekeeper looks every few seconds."""
        self.outbox_waiting.set(backlog.waiting)
        self.outbox_oldest.set(backlog.oldest_seconds)
        self.outbox_parked.set(backlog.parked)

    def answered(self, route: str, status: int, seconds: float) -> None:
        """Take in one answer; this is the front's `observe`, and all that counting costs a request."""
        self._answers.append((route, status, seconds))

    def _add_up_answers(self) -> None:
        for _ in range(len(self._answers)):
            route, status, seconds = self._answers.popleft()
            self.tally.count(self.requests, route, str(status))
            self.tally.time(self.request_seconds, seconds, route)

    def could_not_answer(self, error: Exception) -> None:
        """Take in a request that was answered 503, by the name of what stood in the way."""
        self.tally.count(self.unavailable, type(error).__name__)
