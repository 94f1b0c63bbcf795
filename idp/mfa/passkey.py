"""Passkeys: what a browser is asked for, and what its answer must be before it proves anything.

fido2 does the parsing and the cryptography; what it leaves to its user is done here: the origin to the letter, no
foreign frame, algorithms that were offered, a counter that rises, a key that stays as copyable as it was, a user
handle that fits, and one kind of refusal for whatever is malformed (Web Authentication §7.1 and §7.2; decision 32).
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlsplit

from fido2.server import Fido2Server
from fido2.webauthn import (
    AttestedCredentialData,
    AuthenticationResponse,
    AuthenticatorAssertionResponse,
    AuthenticatorAttestationResponse,
    AuthenticatorData,
    CollectedClientData,
    PublicKeyCredentialRpEntity,
    RegistrationResponse,
    UserVerificationRequirement,
)

from idp.mfa.passkey_answer import Assertion, Creation, encoded
from idp.mfa.passkey_challenge import LIFE_SECONDS
from idp.mfa.passkey_key import ALGORITHMS, require_usable, stored_form, stored_key
from idp.mfa.verified import WrongAnswer

_UNKNOWN_MODEL: Final = b"\0" * 16
_TIMEOUT: Final = int(LIFE_SECONDS * 1000)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPasskey:
    """A passkey that was verified as it was made; `backup_eligible` says that its maker copies it between devices."""

    credential_id: bytes
    public_key: bytes = field(repr=False)
    sign_count: int
    aaguid: str
    transports: tuple[str, ...]
    backup_eligible: bool
    backed_up: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownPasskey:
    """What is kept of a passkey, as far as its signature is judged by it."""

    credential_id: bytes
    public_key: bytes = field(repr=False)
    sign_count: int
    backup_eligible: bool
    user_handle: bytes = field(repr=False)
    transports: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """What a verified signature says of its passkey."""

    sign_count: int
    backed_up: bool


class RelyingParty:
    """This issuer as passkeys see it: its host is the RP ID, its origin the only one."""

    def __init__(self, issuer: str, *, name: str) -> None:
        self.id: Final = urlsplit(issuer).hostname or ""
        self._origin = issuer
        self._name = name
        self._server = Fido2Server(PublicKeyCredentialRpEntity(id=self.id, name=name), verify_origin=self._is_own)

    def creation_options(
        self, *, challenge: bytes, user_handle: bytes, user_id: str, shown_name: str, present: Iterable[KnownPasskey]
    ) -> dict[str, Any]:
        """Say what passkey is wanted, as the JSON of `PublicKeyCredentialCreationOptions`."""
        return {
            "rp": {"id": self.id, "name": self._name},
            "user": {"id": encoded(user_handle), "name": user_id, "displayName": shown_name},
            "challenge": encoded(challenge),
            "pubKeyCredParams": [{"type": "public-key", "alg": algorithm} for algorithm in ALGORITHMS],
            "timeout": _TIMEOUT,
            "excludeCredentials": [_described(passkey) for passkey in present],
            "authenticatorSelection": {
                "residentKey": "required",
                "requireResidentKey": True,
                "userVerification": "required",
            },
            "attestation": "none",
        }

    def request_options(self, *, challenge: bytes, allowed: Iterable[KnownPasskey] = ()) -> dict[str, Any]:
        """Ask for a signature, as the JSON of `PublicKeyCredentialRequestOptions`; nobody `allowed` is everybody."""
        return {
            "challenge": encoded(challenge),
            "timeout": _TIMEOUT,
            "rpId": self.id,
            "allowCredentials": [_described(passkey) for passkey in allowed],
            "userVerification": "required",
        }

    def verify_creation(self, creation: Creation, *, challenge: bytes) -> NewPasskey:
        """Give the passkey that was made for this challenge here, by a person whom it verified.

        Raises:
            WrongAnswer: it was not.
        """
        _require_top_frame(creation.client_data)
        try:
            made = self._server.register_complete(_state(challenge), _registration(creation))
        except Exception as error:
            raise WrongAnswer(f"creation: {error}"[:80]) from error
        credential = made.credential_data
        if credential is None or credential.credential_id != creation.credential_id:
            raise WrongAnswer("credential id")
        _require_sound_backup(made)
        return NewPasskey(
            credential_id=creation.credential_id,
            public_key=stored_form(require_usable(credential.public_key)),
            sign_count=made.counter,
            aaguid="" if credential.aaguid == _UNKNOWN_MODEL else str(credential.aaguid),
            transports=creation.transports,
            backup_eligible=made.is_backup_eligible(),
            backed_up=made.is_backed_up(),
        )

    def verify_assertion(
        self, assertion: Assertion, known: KnownPasskey, *, challenge: bytes, handle_wanted: bool
    ) -> Use:
        """Give what a passkey of ours signed for this challenge here, once it had verified its person.

        `handle_wanted` where the passkey alone says who signs in; otherwise a handle may be missing, but not differ.

        Raises:
            WrongAnswer: it did not.
        """
        _require_top_frame(assertion.client_data)
        _require_handle(assertion, known, wanted=handle_wanted)
        credential = AttestedCredentialData.create(_UNKNOWN_MODEL, known.credential_id, stored_key(known.public_key))
        try:
            self._server.authenticate_complete(_state(challenge), [credential], _authentication(assertion))
        except Exception as error:
            raise WrongAnswer(f"assertion: {error}"[:80]) from error
        signed = assertion.authenticator_data
        _require_sound_backup(signed)
        if signed.is_backup_eligible() != known.backup_eligible:
            raise WrongAnswer("backup eligibility changed")
        if not risen(signed.counter, known.sign_count):
            raise WrongAnswer("sign count")
        return Use(sign_count=signed.counter, backed_up=signed.is_backed_up())

    def _is_own(self, origin: object) -> bool:
        return origin == self._origin


def risen(count: int, before: int) -> bool:
    """Whether a counter has gone on as it must; passkeys that don't count say 0 for ever."""
    return count > before or count == before == 0


def _described(passkey: KnownPasskey) -> dict[str, Any]:
    return {
        "type": "public-key",
        "id": encoded(passkey.credential_id),
        **({"transports": list(passkey.transports)} if passkey.transports else {}),
    }


def _state(challenge: bytes) -> dict[str, Any]:
    return {"challenge": encoded(challenge), "user_verification": UserVerificationRequirement.REQUIRED}


def _registration(creation: Creation) -> RegistrationResponse:
    response = AuthenticatorAttestationResponse(
        client_data=creation.client_data, attestation_object=creation.attestation
    )
    return RegistrationResponse(raw_id=creation.credential_id, response=response)


def _authentication(assertion: Assertion) -> AuthenticationResponse:
    response = AuthenticatorAssertionResponse(
        client_data=assertion.client_data,
        authenticator_data=assertion.authenticator_data,
        signature=assertion.signature,
    )
    return AuthenticationResponse(raw_id=assertion.credential_id, response=response)


def _require_top_frame(client_data: CollectedClientData) -> None:
    """Nobody frames our pages, so that a signature made in another site's frame was not asked for by us."""
    if client_data.cross_origin is not False or b'"topOrigin"' in bytes(client_data):
        raise WrongAnswer("made in a foreign frame")


def _require_handle(assertion: Assertion, known: KnownPasskey, *, wanted: bool) -> None:
    handle = assertion.user_handle
    if handle is None and not wanted:
        return
    if handle is None or not hmac.compare_digest(handle, known.user_handle):
        raise WrongAnswer("user handle")


def _require_sound_backup(data: AuthenticatorData) -> None:
    if data.is_backed_up() and not data.is_backup_eligible():
        raise WrongAnswer("backed up, and not eligible for it")
