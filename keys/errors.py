"""Everything that `keys` raises, drawn once.

KeysError
├── KekRefused            the file of the key-encryption key is missing, readable by others, damaged or can't be written
├── WrongKek              another key-encryption key wrapped these rows
├── KeyDamaged            a wrapped row does not open, or its private part is not that of its public part
├── BackupRefused         a file is no backup of a key ring, was altered, or belongs to another ring
├── SecretMissing         a secret of the service has no row
├── UnsupportedAlgorithm  not one of ours
├── ForbiddenTransition   a state never follows that state
├── NothingStaged         a rotation has no key to activate
├── StillNeeded           a key can't go yet: clients use it, or its tokens are alive
├── HomeUnknown           a key lives in a place that is not set up here
├── SignerAway            the token or service that a key lives in does not answer
├── NoActiveKey           nothing signs with this algorithm at this instant
├── UnknownKey            this kid is not trusted (never was, removed, compromised)
├── InvalidToken          refused; the text is for the audit trail, never for whoever sent the token
│   └── TokenExpired      its `exp` has passed
├── SealBroken            sealed bytes were altered, or sealed for another purpose or context
└── BadTag                a MAC does not match
Messages name kids, paths and commands; no secret is ever in them.
"""


class KeysError(Exception):
    """Anything this chapter refuses."""


class KekRefused(KeysError):
    """The key-encryption key's file can't be used; the text says what to do."""


class WrongKek(KeysError):
    """The rows were wrapped by another key-encryption key than the one given."""


class KeyDamaged(KeysError):
    """A row's wrapped part does not open or does not belong to its public part."""


class BackupRefused(KeysError):
    """A file is not a backup of this key ring, or not a whole one."""


class SecretMissing(KeysError):
    """A secret of the service has no row."""


class UnsupportedAlgorithm(KeysError):
    """The name is not that of an algorithm we sign with."""


class ForbiddenTransition(KeysError):
    """A key may not move from its state to that one."""


class NothingStaged(KeysError):
    """No staged key waits to become the active one."""


class StillNeeded(KeysError):
    """A key can't go yet; the text says what needs it."""


class HomeUnknown(KeysError):
    """A key lives in a place that this node is not set up for."""


class SignerAway(KeysError):
    """The token or service that holds a private part does not answer; it may do so again at any moment."""


class NoActiveKey(KeysError):
    """No key signs with this algorithm now."""


class UnknownKey(KeysError):
    """The kid is not one that this ring trusts now."""


class InvalidToken(KeysError):
    """A token is refused; the text is private detail."""


class TokenExpired(InvalidToken):
    """The token's time is over."""


class SealBroken(KeysError):
    """Sealed bytes don't open."""


class BadTag(KeysError):
    """A tag is not the one that the key makes."""
