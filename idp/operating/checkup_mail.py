"""Is the mail server there, does it encrypt, and for how long is its certificate good? The doctor connects and asks."""

from __future__ import annotations

import ssl

from idp.delivery.smtp import SmtpServer, SmtpTransport
from idp.delivery.transport import NotDelivered
from idp.operating.checkup import Finding, Status
from idp.settings import Mode, Settings
from idp.storage.handles import Clock

WARNED_SECONDS = 14 * 86_400.0
"""How long before its end a certificate is worth a warning: time to renew it, weekends included."""


def look_at_mail_server(settings: Settings, clock: Clock, *, tls: ssl.SSLContext | None = None) -> Finding | None:
    """Connect to the mail server as the worker does, hand nothing over, and say what it is like; None without one."""
    if settings.smtp_url is None:
        return None
    server = SmtpServer.from_url(settings.smtp_url.get_secret_value(), development=settings.mode is not Mode.PRODUCTION)
    try:
        ends_at = SmtpTransport(server, tls=tls).certificate_ends_at()
    except NotDelivered as error:
        remedy = "see that it answers at smtp_url, with a good certificate"
        return Finding("mail server", Status.FAIL, str(error), remedy)
    if ends_at is None:
        return Finding("mail server", Status.OK, "answers on this machine, not encrypted")
    days = (ends_at - clock()) / 86_400.0
    text = f"answers, encrypted; its certificate is good for {days:.0f} days"
    if ends_at - clock() < WARNED_SECONDS:
        remedy = "renew the mail server's certificate: without one no mail leaves"
        return Finding("mail server", Status.WARN, text, remedy)
    return Finding("mail server", Status.OK, text)
