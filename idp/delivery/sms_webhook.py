"""Texts by webhook: whichever gateway an operator has, a few lines of theirs take what is posted here and pass it on.

Invariant: what is posted is signed (HMAC-SHA256 over time and body), so that nobody else has a gateway send texts, and
an old request is worth nothing; what a gateway says is not shown to anybody. docs/for-operators.md has the format.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Callable
from http import HTTPStatus
from typing import Protocol

from idp.delivery.sms import Text
from idp.delivery.transport import Deferred, Doubtful, Rejected
from idp.wire.outbound import Answer, NoWholeAnswer, Outbound, OutboundRefused

SIGNATURE = "Idp-Signature"
TIMESTAMP = "Idp-Timestamp"
LEAST_SECRET = 32
_NEVER = frozenset(
    {
        HTTPStatus.BAD_REQUEST,
        HTTPStatus.GONE,
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        HTTPStatus.UNPROCESSABLE_ENTITY,
    }
)
"""Answers that say that this text will never be taken; every other failure may pass."""


class Reveals(Protocol):
    """A secret that does not print."""

    def get_secret_value(self) -> str:
        """Give the secret."""
        ...


class SmsWebhook:
    """Posts texts to the operator's gateway."""

    def __init__(self, outbound: Outbound, uri: str, secret: Reveals, *, clock: Callable[[], float]) -> None:
        self._outbound = outbound
        self._uri = uri
        self._secret = secret
        self._clock = clock

    def send_text(self, text: Text) -> None:
        """Hand over one text.

        Raises:
            Rejected: the gateway will never take it.
            Deferred: it does not take it now, or cannot be reached; other messages may well be delivered.
            Doubtful: it may have it.
        """
        body = json.dumps(
            {"id": text.key, "to": text.recipient, "text": text.words, "language": text.language},
            ensure_ascii=False,
        ).encode()
        try:
            answer = self._outbound.post(self._uri, body, headers=self._headers(body))
        except NoWholeAnswer as error:
            raise Doubtful(f"the gateway's answer: {error}") from None
        except OutboundRefused as error:
            raise Deferred(f"the gateway: {error}") from None
        _judge(answer)

    def _headers(self, body: bytes) -> dict[str, str]:
        timestamp = str(int(self._clock()))
        signature = sign(self._secret.get_secret_value(), timestamp, body)
        return {"Content-Type": "application/json", TIMESTAMP: timestamp, SIGNATURE: f"v1={signature}"}


def sign(secret: str, timestamp: str, body: bytes) -> str:
    """Give the signature of a body at a moment (whole seconds, in decimal): 64 hexadecimal digits."""
    return hmac.digest(secret.encode(), timestamp.encode() + b"." + body, "sha256").hex()


def _judge(answer: Answer) -> None:
    if HTTPStatus(200) <= answer.status < HTTPStatus(300):
        return
    if answer.status in _NEVER:
        raise Rejected(f"the gateway answered {answer.status}")
    raise Deferred(f"the gateway answered {answer.status}")
