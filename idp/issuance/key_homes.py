"""What may be said in the settings about where private parts are kept, checked before anything is opened."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from keys.records import LOCAL
from keys.signers.address import OFFERS, KmsAddress, Pkcs11Address, parse_address


def kek_faults(kept: Sequence[object], **addresses: str) -> Iterator[str]:
    """Say what is wrong with the key-encryption key: `kept` are its three settings, of which one must be set."""
    if sum(map(bool, kept)) != 1:
        yield "kek_file, kek_pkcs11, kek_kms: set one of them, and no more"
    for name, text in addresses.items():
        parse = Pkcs11Address.parse if name.endswith("pkcs11") else KmsAddress.parse
        fault = _fault(parse, text) if text else None
        if fault:
            yield f"{name}: {fault}"


def home_faults(homes: Sequence[str], *, algorithms: Sequence[str], **used: str) -> Iterator[str]:
    """Say what is wrong with the homes of keys; `used` names the settings that choose one, and what they choose."""
    for text in homes:
        fault = _fault(parse_address, text)
        if fault:
            yield f"key_homes: {fault}"
    schemes = [text.partition(":")[0] for text in homes]
    for scheme in sorted({scheme for scheme in schemes if schemes.count(scheme) > 1}):
        yield f"key_homes: {scheme} is there twice; keys are told apart by their home's kind"
    for name, scheme in used.items():
        if scheme not in {LOCAL, *schemes}:
            yield f"{name}: {scheme!r} is neither {LOCAL} nor one of key_homes"
        elif scheme != LOCAL:
            for missing in (one for one in algorithms if one not in OFFERS.get(scheme, ())):
                yield f"{name}: {scheme} makes no keys for {missing}; take it out of signing_algs"


def _fault(parse: Callable[[str], object], text: str) -> str | None:
    try:
        parse(text)
    except ValueError as error:
        return str(error)
    return None
