"""A passkey device in Chromium (the virtual authenticator of its DevTools), and passkeys that were made elsewhere."""

from __future__ import annotations

import secrets
import time
from base64 import b64encode
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from playwright.sync_api import CDPSession, Page

from idp.accounts.find import find_by_identifier
from idp.acts.enrol_passkey import PasskeyEnrolment
from idp.acts.visitor import Visitor
from idp.mfa.passkey import RelyingParty
from idp.mfa.passkey_challenge import Challenges
from keys.mac import MacKey
from tests.browser.demo import Demo
from tests.support.authenticator import Authenticator, Said, text

DEVICE = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}
VISITOR = Visitor(address="192.0.2.7", user_agent=None, reference="ABCD-1234")


@dataclass(kw_only=True)
class Device:
    """The device of one window."""

    session: CDPSession
    id: str

    @classmethod
    def of(cls, page: Page, **about: Any) -> Device:  # noqa: ANN401 - options of the DevTools protocol
        """Give the window a device without passkeys."""
        session = page.context.new_cdp_session(page)
        session.send("WebAuthn.enable")
        made = session.send("WebAuthn.addVirtualAuthenticator", {"options": DEVICE | about})
        return cls(session=session, id=made["authenticatorId"])

    def set(self, command: str, **values: Any) -> None:  # noqa: ANN401 - options of the DevTools protocol
        """Change how the device behaves."""
        self.session.send(f"WebAuthn.{command}", {"authenticatorId": self.id, **values})

    def passkeys(self) -> list[dict[str, Any]]:
        """Give what is stored in it."""
        stored = self.session.send("WebAuthn.getCredentials", {"authenticatorId": self.id})
        return list(stored["credentials"])

    def put(self, passkey: Authenticator) -> None:
        """Store a passkey that was made elsewhere."""
        private = passkey.key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
        credential = {
            "credentialId": b64encode(passkey.credential_id).decode(),
            "isResidentCredential": True,
            "rpId": passkey.rp_id,
            "privateKey": b64encode(private).decode(),
            "userHandle": b64encode(passkey.user_handle or b"").decode(),
            "signCount": passkey.count or 0,
        }
        self.set("addCredential", credential=credential)


def enrolled_in(demo: Demo, user_id: str) -> Authenticator:
    """Enrol a passkey for somebody straight into the demo's database, as the act does it for a page."""
    here = RelyingParty(demo.issuer, name="Demo")
    challenges = Challenges(MacKey({1: secrets.token_bytes(32)}, "proof.passkey"), entropy=secrets.token_bytes)
    handles = MacKey({1: secrets.token_bytes(32)}, "lookup.passkey")
    enrolment = PasskeyEnrolment(here, challenges, handles, clock=time.time, entropy=secrets.token_bytes)
    passkey, place = Authenticator(said=Said(origin=demo.issuer)), "session:test"
    with demo.database.writing() as connection:
        account = find_by_identifier(connection, identifier=user_id)
        assert account is not None
        options = enrolment.begin(connection, account_id=account.id, place=place)
        enrolment.finish(
            connection,
            text(passkey.create(options)),
            account_id=account.id,
            place=place,
            name="A passkey",
            visitor=VISITOR,
        )
    return passkey
