"""What leaves this house, put together: mails, texts, and what apps are told.

The worker runs the loops; settings decide which transport each of them has.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial

from idp.acts.write_logout_token import LogoutTokenWriter
from idp.acts.write_mail import MailWriter
from idp.acts.write_message import MessageWriter
from idp.acts.write_security_event import SecurityEventWriter
from idp.acts.write_text import TextWriter
from idp.delivery.app_events import APP_EVENT_QUEUE, AppEvent
from idp.delivery.app_logouts import APP_LOGOUT_QUEUE, AppLogout
from idp.delivery.app_queue import AppQueue, Told
from idp.delivery.back_channel import BackChannel, Record, Write
from idp.delivery.console import ConsoleTransport
from idp.delivery.courier import Courier
from idp.delivery.letters import LetterFacts, Letters
from idp.delivery.mail import Sender
from idp.delivery.sms import TextTransport
from idp.delivery.sms_as_mail import SmsAsMail
from idp.delivery.sms_webhook import SmsWebhook
from idp.delivery.smtp import SmtpServer, SmtpTransport
from idp.delivery.transport import Transport
from idp.flows.parts import Parts
from idp.metrics.meters import Meters
from idp.oidc.issuer import Issuer
from idp.resources import resource_directory
from idp.settings import Mode, Settings
from idp.storage.handles import Clock
from idp.wire.outbound import Outbound
from keys.secrets import ServiceSecrets


def build_courier(settings: Settings, issuer: Issuer, parts: Parts, opened: ServiceSecrets) -> Courier:
    """Put the delivery of mails and texts together; `courier.run` is the worker's loop."""
    letters = Letters(resource_directory("templates") / "email", parts.wording, letter_facts(settings))
    mails = MailWriter(
        issuer.database,
        letters,
        opened.mac_key("proof"),
        issuer=settings.issuer,
        clock=issuer.clock,
        entropy=issuer.entropy,
    )
    texts = TextWriter(
        issuer.database,
        parts.wording,
        parts.factor_codes,
        issuer=settings.issuer,
        product=settings.product,
        clock=issuer.clock,
        entropy=issuer.entropy,
    )
    sender = Sender(name=settings.product, address=settings.mail_sender)
    transport = build_transport(settings, parts)
    return Courier(
        issuer.database,
        transport,
        MessageWriter(mails, texts),
        sender,
        texts=build_text_transport(settings, transport, sender, clock=issuer.clock),
        clock=issuer.clock,
        entropy=issuer.entropy,
    )


def build_back_channel(settings: Settings, issuer: Issuer, meters: Meters) -> BackChannel[AppLogout]:
    """Put together what tells apps that sessions ended; `back_channel.run` is another loop of the worker."""
    writer = LogoutTokenWriter(
        issuer.ring,
        issuer.directory,
        issuer=issuer.address,
        lifetimes=issuer.lifetimes,
        clock=issuer.clock,
        entropy=issuer.entropy,
    )
    count = partial(meters.tally.count, meters.app_logouts)
    return _telling(settings, issuer, APP_LOGOUT_QUEUE, write=writer.write, record=writer.record, observe=count)


def build_security_events(settings: Settings, issuer: Issuer, meters: Meters) -> BackChannel[AppEvent]:
    """Put together what tells apps that a signing key leaked; its `run` is another loop of the worker."""
    writer = SecurityEventWriter(
        issuer.database,
        issuer.ring,
        issuer.directory,
        issuer=issuer.address,
        clock=issuer.clock,
        entropy=issuer.entropy,
    )
    count = partial(meters.tally.count, meters.app_events)
    return _telling(settings, issuer, APP_EVENT_QUEUE, write=writer.write, record=writer.record, observe=count)


def _telling(
    settings: Settings,
    issuer: Issuer,
    queue: AppQueue[Told],
    *,
    write: Write[Told],
    record: Record[Told],
    observe: Callable[[str], None],
) -> BackChannel[Told]:
    """Put a queue together with what writes for it; all of them reach as far as the settings allow, and no further."""
    return BackChannel(
        issuer.database,
        Outbound(settings.outbound_allow),
        queue,
        write,
        record,
        observe=observe,
        clock=issuer.clock,
        entropy=issuer.entropy,
    )


def build_transport(settings: Settings, parts: Parts) -> Transport:
    """Choose how mail leaves: through the mail server, else into the demo's mailbox, else onto the terminal."""
    if settings.smtp_url is not None:
        development = settings.mode is not Mode.PRODUCTION
        return SmtpTransport(SmtpServer.from_url(settings.smtp_url.get_secret_value(), development=development))
    return parts.mailbox or ConsoleTransport(sys.stderr)


def build_text_transport(
    settings: Settings, transport: Transport, sender: Sender, *, clock: Clock
) -> TextTransport | None:
    """Choose how texts leave: to the operator's gateway, else, outside production, beside the mails that stay here."""
    if settings.sms_webhook and settings.sms_webhook_secret is not None:
        outbound = Outbound(settings.outbound_allow)
        return SmsWebhook(outbound, settings.sms_webhook, settings.sms_webhook_secret, clock=clock)
    if settings.smtp_url is not None or settings.mode is Mode.PRODUCTION:
        return None
    return SmsAsMail(transport, sender, f"{settings.product}: SMS", clock=clock)


def letter_facts(settings: Settings) -> LetterFacts:
    """Collect what every mail says about this service."""
    return LetterFacts(
        product=settings.product,
        issuer=settings.issuer,
        support_phone=settings.support_phone,
        report_address=settings.report_address,
        imprint_uri=settings.imprint_uri,
        privacy_uri=settings.privacy_uri,
    )
