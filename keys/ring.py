"""The key ring as a process holds it: immutable, every key decoded once, a change means a new ring.

Invariants: at any instant at most one key signs per algorithm, and it is published; nothing is published that did not
prove itself against its wrapping (`damaged` names the others, with the reason). A ring whose keys all fail is refused.
"""

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from cryptography.exceptions import InvalidSignature
from typing_extensions import override

from keys.algorithms import algorithm as algorithm_named
from keys.algorithms import thumbprint
from keys.errors import HomeUnknown, KeyDamaged, KeysError, NoActiveKey, UnknownKey
from keys.jwks import Jwks, render
from keys.kek import Kek
from keys.purposes import Purpose
from keys.records import LOCAL, KeyRecord
from keys.signature import Verify
from keys.signer import Signer
from keys.states import KeyState
from keys.wrapping import unwrap

__all__ = ["Jwks", "KeyRing", "NoActiveKey", "PublicKey", "Signer", "UnknownKey", "open_signer", "prove"]


class PublicKey(NamedTuple):
    """A key that tokens are verified with."""

    record: KeyRecord
    verify: Verify


class KeyRing:
    """The signing keys of one purpose."""

    __slots__ = ("_canaries", "_public", "_rendered", "_signers", "damaged", "epoch")

    def __init__(
        self, *, public: Mapping[str, PublicKey], signers: Mapping[str, Signer], damaged: Mapping[str, str], epoch: int
    ) -> None:
        self._public = public
        self._signers = _by_algorithm(public, signers)
        self._canaries = _by_canary(public, signers)
        self._rendered: dict[tuple[str, ...], Jwks] = {}
        self.damaged = damaged
        self.epoch = epoch

    @override
    def __repr__(self) -> str:
        return f"<KeyRing of {len(self._public)} keys, epoch {self.epoch}>"

    @classmethod
    def open(cls, records: Iterable[KeyRecord], kek: Kek, *, epoch: int, purpose: str = Purpose.TOKENS) -> "KeyRing":
        """Decode the keys of a purpose; rows of other purposes and compromised keys are passed over.

        A key that lives elsewhere is not asked for anything yet, and published also where its home is not set up. A
        drill's key is published with those of tokens, and that is all: it signs nothing, and nothing verifies by it.

        Raises:
            KeyDamaged: there are keys, and not one of them opens.
        """
        public: dict[str, PublicKey] = {}
        signers: dict[str, Signer] = {}
        damaged: dict[str, str] = {}
        for record in records:
            rehearsed = purpose == Purpose.TOKENS and record.purpose == Purpose.DRILL
            if not (rehearsed or record.purpose == purpose) or record.state is KeyState.COMPROMISED:
                continue
            try:
                public[record.kid] = _public_key(record)
                if rehearsed:
                    continue
                if record.state is not KeyState.REMOVED or record.wrapped is not None:
                    signers[record.kid] = open_signer(record, kek)
            except HomeUnknown as error:
                damaged[record.kid] = str(error)
            except KeysError as error:
                public.pop(record.kid, None)
                damaged[record.kid] = str(error)
        if damaged and not signers:
            raise KeyDamaged("; ".join(damaged.values()))
        return cls(public=MappingProxyType(public), signers=signers, damaged=MappingProxyType(damaged), epoch=epoch)

    def without(self, kid: str) -> "KeyRing":
        """Give a ring that has never heard of this key: neither published, nor signing, nor believed in hints."""
        if kid not in self._public:
            return self
        public = {name: key for name, key in self._public.items() if name != kid}
        held = {signer.kid: signer for keys in self._signers.values() for _, signer in keys}
        held |= {signer.kid: signer for _, signer in self._canaries.values()}
        signers = {name: signer for name, signer in held.items() if name != kid}
        return KeyRing(public=MappingProxyType(public), signers=signers, damaged=self.damaged, epoch=self.epoch)

    def signer(self, algorithm: str, now: float, client_id: str | None = None) -> Signer:
        """Return what signs with an algorithm at this instant, for this client where it is one of a staged key's first.

        Raises:
            NoActiveKey: nothing does.
        """
        if self._canaries and client_id is not None:
            since, early = self._canaries.get((algorithm, client_id), _NEVER)
            if early is not None and since <= now:
                return early
        for record, signer in self._signers.get(algorithm, ()):
            if record.signs(now):
                return signer
        raise NoActiveKey(f"no active key for {algorithm}: `idp keys list` shows what there is")

    def algorithms(self, now: float) -> tuple[str, ...]:
        """Name the algorithms that something signs with at this instant, in alphabetical order."""
        return tuple(sorted(name for name, keys in self._signers.items() if any(key.signs(now) for key, _ in keys)))

    def jwks(self, now: float) -> Jwks:
        """Return the published JWK Set: staged, active and retiring keys, rendered once."""
        kids = tuple([kid for kid, key in self._public.items() if key.record.published(now)])
        rendered = self._rendered.get(kids)
        if rendered is None:
            rendered = self._rendered[kids] = render(self._public[kid].record for kid in kids)
        return rendered

    def public_key(self, kid: str, now: float, *, removed: bool = False) -> PublicKey:
        """Return the key that a token names; with `removed` also one that has left the JWKS in the ordinary way.

        Only hints about the past (`id_token_hint`) may be verified with removed keys. No lookup leaves the memory.

        Raises:
            UnknownKey: never ours, compromised, damaged, or removed; or a drill's.
        """
        key = self._public.get(kid)
        if key is None or key.record.purpose == Purpose.DRILL or not (removed or key.record.published(now)):
            raise UnknownKey("no key of that kid is trusted")
        return key


_NEVER: tuple[float, Signer | None] = (0.0, None)


def open_signer(record: KeyRecord, kek: Kek) -> Signer:
    """Decode a row's private part into what signs, once it has proved to belong to the row's public part.

    Of a key that lives elsewhere only `prove` can tell; its `sign` raises `SignerAway` when its home does not answer.

    Raises:
        WrongKek: another key-encryption key wrapped it.
        KeyDamaged: it does not open, or is not that of this row.
        HomeUnknown: it lives in a place that is not set up here.
    """
    if record.home != LOCAL:
        sign = kek.homes.signing(record)
        return Signer(kid=record.kid, algorithm=record.algorithm, sign=sign, elsewhere=True)
    maker = algorithm_named(record.algorithm)
    private = unwrap(record, kek)
    if maker.public_jwk(private) != dict(record.public_jwk):
        raise KeyDamaged(f"the private part of key {record.kid} is not that of its public part")
    return Signer(kid=record.kid, algorithm=record.algorithm, sign=maker.signing(private))


def prove(record: KeyRecord, kek: Kek) -> None:
    """Let a key pass that signs what its public part verifies; a self-test before it goes into service.

    Raises:
        WrongKek: another key-encryption key wrapped it.
        KeyDamaged: it does not.
        HomeUnknown, SignerAway: it lives in a place that is not set up here, or does not answer.
    """
    probe = b"idp key self-test"
    try:
        _public_key(record).verify(open_signer(record, kek).sign(probe), probe)
    except InvalidSignature as error:
        raise KeyDamaged(f"key {record.kid} signs what its public part does not verify") from error


def _public_key(record: KeyRecord) -> PublicKey:
    if thumbprint(record.public_jwk) != record.kid:
        raise KeyDamaged(f"the public part of key {record.kid} was altered: its thumbprint is another")
    return PublicKey(record, algorithm_named(record.algorithm).verifying(record.public_jwk))


def _by_canary(
    public: Mapping[str, PublicKey], signers: Mapping[str, Signer]
) -> Mapping[tuple[str, str], tuple[float, Signer]]:
    """Find the clients that a staged key signs for already: (algorithm, client) → since when, and with what."""
    return MappingProxyType(
        {
            (signer.algorithm, client_id): (since, signer)
            for kid, signer in signers.items()
            if public[kid].record.state is KeyState.STAGED
            for client_id, since in public[kid].record.canaries.items()
        }
    )


def _by_algorithm(
    public: Mapping[str, PublicKey], signers: Mapping[str, Signer]
) -> Mapping[str, Sequence[tuple[KeyRecord, Signer]]]:
    """Sort what may sign by algorithm, the latest activation first, so that the usual answer is found at once."""
    found: dict[str, list[tuple[KeyRecord, Signer]]] = {}
    for kid, signer in signers.items():
        record = public[kid].record
        if record.activated_at is not None:
            found.setdefault(signer.algorithm, []).append((record, signer))
    for keys in found.values():
        keys.sort(key=lambda key: key[0].activated_at or 0.0, reverse=True)
    return MappingProxyType(found)
