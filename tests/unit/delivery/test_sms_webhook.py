"""Texts by webhook, over real HTTP: what is posted, who can tell that it was us, and what each answer means."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from idp.delivery.sms import Text
from idp.delivery.sms_webhook import SmsWebhook, sign
from idp.delivery.transport import Deferred, Doubtful, NotDelivered, Rejected
from idp.settings import SettingsRefused, load_settings
from idp.wire.outbound import Outbound
from tests.support.clock import SettableClock
from tests.support.sms_gateway import SECRET, Gateway, sms_gateway

EXAMPLE_SECRET = "a secret of at least 32 characters"
TEXT = Text(
    recipient="+4915112345678", words="123456 ist Ihr Code für …\n\n@id.example.com #123456", language="de", key="a.1"
)


@pytest.fixture
def gateway() -> Iterator[Gateway]:
    """Give a gateway that takes everything."""
    with sms_gateway() as running:
        yield running


def webhook(gateway: Gateway, *, seconds: float = 5.0, allowed: bool = True) -> SmsWebhook:
    """Give what posts there."""
    outbound = Outbound([f"127.0.0.1:{gateway.port}"] if allowed else [], seconds=seconds)
    return SmsWebhook(outbound, gateway.uri, SecretStr(SECRET), clock=SettableClock(1_800_000_000.9))


def test_what_a_gateway_gets(gateway: Gateway) -> None:
    """One JSON document with the number, the words and a key, signed with the moment."""
    webhook(gateway).send_text(TEXT)
    (posted,) = gateway.posted
    assert {"id": "a.1", "to": "+4915112345678", "text": TEXT.words, "language": "de"} == posted.document
    assert ("application/json", "1800000000") == (posted.headers["Content-Type"], posted.headers["Idp-Timestamp"])
    assert posted.signed_with(SECRET)
    assert not posted.signed_with(SECRET + "x")
    assert SECRET not in str(posted.headers)


def test_the_signature_is_over_moment_and_body() -> None:
    """The worked example of docs/for-operators.md."""
    signature = "7fd2fb226e936d93defb76abf023fccc53f50aa7a69ec8ec4d2424f26c21c30a"
    body = b'{"id":"a.1"}'
    page = (Path(__file__).parents[3] / "docs" / "for-operators.md").read_text()
    assert signature == sign(EXAMPLE_SECRET, "1800000000", body)
    for said in (signature, EXAMPLE_SECRET, body.decode()):
        assert said in page
    assert signature != sign(EXAMPLE_SECRET, "1800000001", body)


@pytest.mark.parametrize(
    ("status", "meaning"),
    [
        (200, None),
        (202, None),
        (204, None),
        (301, Deferred),
        (400, Rejected),
        (401, Deferred),
        (404, Deferred),
        (410, Rejected),
        (422, Rejected),
        (429, Deferred),
        (500, Deferred),
        (503, Deferred),
    ],
)
def test_what_its_answer_means(gateway: Gateway, status: int, meaning: type[NotDelivered] | None) -> None:
    """Only what says that this text is at fault ends its tries."""
    gateway.answers = [status]
    if meaning is None:
        webhook(gateway).send_text(TEXT)
    else:
        with pytest.raises(meaning, match=str(status)):
            webhook(gateway).send_text(TEXT)
    assert 1 == len(gateway.posted)


def test_a_broken_connection_leaves_a_doubt(gateway: Gateway) -> None:
    """It may have the text: at most one more try follows."""
    gateway.answers = [0]
    with pytest.raises(Doubtful):
        webhook(gateway).send_text(TEXT)


def test_a_gateway_that_is_not_there(gateway: Gateway) -> None:
    """Nothing was sent; other messages go on."""
    away = Gateway(port=gateway.port)
    away.port = 1
    with pytest.raises(Deferred):
        webhook(away).send_text(TEXT)


def test_an_address_of_this_network_needs_an_exception(gateway: Gateway) -> None:
    """The setting is guarded like every address that is fetched."""
    with pytest.raises(Deferred, match="http is not allowed"):
        webhook(gateway, allowed=False).send_text(TEXT)
    assert [] == gateway.posted


def test_nothing_personal_is_in_what_failed(gateway: Gateway) -> None:
    """The text of a failure is for logs: no number, no code."""
    gateway.answers = [500]
    with pytest.raises(Deferred) as failed:
        webhook(gateway).send_text(TEXT)
    assert "123456" not in str(failed.value)
    assert "49151" not in str(failed.value)
    assert "123456" not in repr(TEXT)


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"sms_webhook": "https://gateway.example.com/"}, "sms_webhook_secret: must be set"),
        ({"sms_webhook": "https://gateway.example.com/", "sms_webhook_secret": "short"}, "32 characters"),
        ({"sms_webhook": "ftp://gateway.example.com/", "sms_webhook_secret": SECRET}, "must begin with https://"),
        ({"sms_regions": ["DE", "Germany"]}, "sms_regions: 'Germany'"),
        ({"mode": "production", "sms": True}, "sms_webhook: must be set in production mode"),
        (
            {"mode": "production", "sms": True, "sms_webhook": "http://gateway/", "sms_webhook_secret": SECRET},
            "sms_webhook: must be set in production mode where sms is, and begin with https",
        ),
    ],
)
def test_settings_that_cannot_work_are_refused(changes: dict[str, Any], fault: str) -> None:
    """At the start, in words."""
    values = {
        "mode": "development",
        "issuer": "https://id.example.com",
        "database_url": "sqlite:////x",
        "kek_file": "/x",
    }
    with pytest.raises(SettingsRefused) as refused:
        load_settings(None, {}, **(values | changes))
    assert [told for told in refused.value.faults if fault in told], refused.value.faults
    assert SECRET not in str(refused.value)


def test_texts_are_off_unless_they_are_wanted() -> None:
    """The weakest factor is the operator's choice."""
    settings = load_settings(
        None, {}, mode="development", issuer="https://id.example.com", database_url="sqlite:////x", kek_file="/x"
    )
    assert (False, ("AT", "CH", "DE", "GB")) == (settings.sms, settings.sms_regions)
