"""What the pages work with, put together once by the composition root."""

from __future__ import annotations

from dataclasses import dataclass

from idp.acts.ask_recovery import RecoveryDesk
from idp.acts.call_code import CallDesk
from idp.acts.change_email import EmailChanger
from idp.acts.enrol_passkey import PasskeyEnrolment
from idp.acts.enrol_sms import SmsEnrolment
from idp.acts.enrol_totp import TotpEnrolment
from idp.acts.key_desk import KeyDesk
from idp.acts.lock_down import LockDownLinks
from idp.acts.new_password import NewPasswords
from idp.acts.prove_recovery import RecoveryProver
from idp.acts.send_text import TextDesk
from idp.acts.slow_down import SlowDown
from idp.acts.verify_factor import FactorVerifier
from idp.acts.verify_passkey import PasskeyVerifier
from idp.acts.verify_password import PasswordVerifier
from idp.delivery.mail_folder import MailFolder
from idp.flows.journey import Journeys
from idp.flows.proofs import Prover
from idp.mfa.seal import MacKey
from idp.oidc.end_session import EndSession
from idp.oidc.issuer import Issuer
from idp.passwords.hasher import Hasher
from idp.storage.ephemeral import EphemeralStore
from idp.web.cookies import CookieJar
from idp.web.form_tokens import FormTokens
from idp.web.render import Pages
from idp.wording import Wording


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """The parts of the pages; `issuer` holds those that they share with the protocol endpoints.

    `factor_codes` tags recovery codes; `two_person_acts` says whether what can't be undone takes two people.
    """

    issuer: Issuer
    journeys: Journeys
    prover: Prover
    passwords: PasswordVerifier
    slow_down: SlowDown
    passkeys: PasskeyVerifier
    passkey_enrolment: PasskeyEnrolment
    factors: FactorVerifier
    totp_enrolment: TotpEnrolment
    sms_enrolment: SmsEnrolment
    text_desk: TextDesk
    factor_codes: MacKey
    hasher: Hasher
    new_passwords: NewPasswords
    recovery_desk: RecoveryDesk
    recovery_prover: RecoveryProver
    email_changes: EmailChanger
    call_desk: CallDesk
    lock_down_links: LockDownLinks
    end_session: EndSession
    cookies: CookieJar
    form_tokens: FormTokens
    pages: Pages
    wording: Wording
    store: EphemeralStore
    key_desk: KeyDesk
    two_person_acts: bool = True
    mailbox: MailFolder | None = None
