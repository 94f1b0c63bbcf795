"""What the settings say about private parts: where the key-encryption key is kept, and where keys live beside it.

Libraries of tokens and services are imported only where the settings name one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from idp.settings import Settings
from keys.custody import Custody
from keys.errors import KekRefused
from keys.kek import Kek, KekPair
from keys.kek_source import KekSource, file_source
from keys.signers.address import KmsAddress, Pkcs11Address, TransitAddress, parse_address
from keys.signers.homes import NO_HOMES, Home, Homes

KEK_SETTINGS = ("kek_file", "kek_pkcs11", "kek_kms")


def load_kek(settings: Settings) -> Kek:
    """Load what opens and makes private parts.

    Raises:
        KekRefused: the key-encryption key is missing, damaged or readable by others.
        SignerAway: the token or service that holds it does not answer.
    """
    return kek_source(settings).load()


def kek_source(settings: Settings) -> KekSource:
    """Say where the key-encryption key is kept; what is loaded there also knows the homes of keys."""
    present, homes = _present(settings), _homes(settings)
    previous = list(_previous(settings))

    def whole(load: Callable[[], Kek]) -> Callable[[], Kek]:
        def loaded() -> Kek:
            kek = load()
            for source in previous:
                kek = KekPair(kek, source.load())
            return kek if homes is NO_HOMES else Custody(kek, homes)

        return loaded

    return replace(present, load=whole(present.load), create=whole(present.create))


def new_kek_source(place: str) -> tuple[KekSource, str]:
    """Say where a new key-encryption key is to be kept, a file or a token, and which setting will name it.

    Raises:
        KekRefused: the extra is not installed, or it is no such address.
    """
    if not place.startswith("pkcs11:"):
        return file_source(Path(place)), "kek_file"
    try:
        return pkcs11_source(place), "kek_pkcs11"
    except ValueError as error:
        raise KekRefused(str(error)) from None


def _present(settings: Settings) -> KekSource:
    if settings.kek_pkcs11:
        return pkcs11_source(settings.kek_pkcs11)
    if settings.kek_kms:
        return kms_source(settings.kek_kms)
    if settings.kek_file is None:
        raise KekRefused("no key-encryption key: set kek_file, kek_pkcs11 or kek_kms")
    return file_source(settings.kek_file)


def _previous(settings: Settings) -> Iterator[KekSource]:
    if settings.previous_kek_file is not None:
        yield file_source(settings.previous_kek_file)
    if settings.previous_kek_pkcs11:
        yield pkcs11_source(settings.previous_kek_pkcs11)
    if settings.previous_kek_kms:
        yield kms_source(settings.previous_kek_kms)


def pkcs11_source(text: str) -> KekSource:
    """Keep the key-encryption key in a PKCS#11 token.

    Raises:
        KekRefused: the extra is not installed.
        ValueError: the address is none.
    """
    with _extra("hsm"):
        from keys.pkcs11_kek import Pkcs11Kek, is_there
        from keys.signers.pkcs11_token import Pkcs11Token

    token = Pkcs11Token(Pkcs11Address.parse(text))
    where = f"the token {token.address.token} (key {token.address.object})"
    return KekSource(where, lambda: is_there(token), lambda: Pkcs11Kek.load(token), lambda: Pkcs11Kek.create(token))


def kms_source(text: str) -> KekSource:
    """Keep the key-encryption key in AWS KMS, where somebody else has made it.

    Raises:
        KekRefused: the extra is not installed.
        ValueError: the address is none.
    """
    with _extra("aws"):
        from keys.kms_kek import KmsKek
        from keys.signers.kms_client import kms_client

    address = KmsAddress.parse(text)

    def load() -> Kek:
        return KmsKek.load(kms_client(address), address.key_id)

    return KekSource(f"AWS KMS {address.region} ({address.key_id})", lambda: True, load, load)


def _homes(settings: Settings) -> Homes:
    if not settings.key_homes:
        return NO_HOMES
    places = [_home(text) for text in settings.key_homes]
    return Homes(places, new=settings.new_key_home, standby=settings.standby_key_home)


def _home(text: str) -> Home:
    match parse_address(text):
        case Pkcs11Address() as address:
            with _extra("hsm"):
                from keys.signers.pkcs11 import Pkcs11Home
                from keys.signers.pkcs11_token import Pkcs11Token

            return Pkcs11Home(Pkcs11Token(address))
        case TransitAddress() as address:
            with _extra("vault"):
                from keys.signers.transit import TransitHome

            return TransitHome(address)
        case KmsAddress() as address:
            with _extra("aws"):
                from keys.signers.kms import KmsHome
                from keys.signers.kms_client import kms_client

            return KmsHome(kms_client(address))


@contextmanager
def _extra(name: str) -> Iterator[None]:
    try:
        yield
    except ImportError as error:
        raise KekRefused(f"{error.name} is not installed: pip install 'idp[{name}]'") from None
