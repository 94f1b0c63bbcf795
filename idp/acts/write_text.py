"""Write the texts that the outbox refers to: the code is made, and its ten minutes begin, right before it is sent.

The last line lets telephones offer the code on our pages and nowhere else ("origin-bound one-time codes"). The text
says what the code does, so that whoever is talked into reading one out has been told.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from idp.accounts.find import find_by_id
from idp.accounts.policy import Status
from idp.delivery.outbox import Queued
from idp.delivery.sms import Text
from idp.mfa.seal import MacKey
from idp.mfa.texted_codes import SENT_SECONDS, arm_text
from idp.mfa.verified import AnswerTooLate
from idp.storage.database import Database
from idp.storage.handles import Clock, Entropy
from idp.wording import Translator, Wording, negotiate

MINUTES = int(SENT_SECONDS // 60)


class TextWriter:
    """Writes texts."""

    def __init__(
        self,
        database: Database,
        wording: Wording,
        key: MacKey,
        *,
        issuer: str,
        product: str,
        clock: Clock,
        entropy: Entropy,
    ) -> None:
        self._database = database
        self._wording = wording
        self._key = key
        self._host = urlsplit(issuer).hostname or ""
        self._product = product
        self._clock = clock
        self._entropy = entropy

    def __call__(self, message: Queued) -> Text | None:
        """Write a text with a new code; None when nobody waits for it any more."""
        wanted = message.payload
        with self._database.writing() as connection:
            account = find_by_id(connection, account_id=wanted["account_id"])
            if account is None or account.status != Status.ACTIVE.value:
                return None
            try:
                code, sent = arm_text(
                    connection,
                    self._key,
                    account_id=account.id,
                    place=wanted["place"],
                    challenge_id=wanted["challenge_id"],
                    entropy=self._entropy,
                    now=self._clock(),
                )
            except AnswerTooLate:
                return None
        language = negotiate(account_locale=account.locale or message.language)
        words = self._words(self._wording.translator(language, None), code, adding=sent.factor_id is None)
        # With a new code it is another text, and a gateway must not take it for the one before.
        key = f"{message.id}.{message.tries.attempts}"
        return Text(recipient=sent.phone_number, words=words, language=language, key=key)

    def _words(self, say: Translator, code: str, *, adding: bool) -> str:
        if adding:
            said = say.say(
                "%(code)s adds this number to your account at %(product)s.", code=code, product=self._product
            )
        else:
            said = say.say("%(code)s is your code to sign in at %(product)s.", code=code, product=self._product)
        rest = say.say("Good for %(count)s minutes. Give it to nobody, whoever asks.", count=MINUTES)
        return f"{said} {rest}\n\n@{self._host} #{code}"
