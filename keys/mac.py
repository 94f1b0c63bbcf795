"""Keyed hashes with HMAC-SHA256: the pepper of passwords, and tags over several parts.

Parts are each preceded by their length, so that no two lists of parts are the same octets. Older versions of a key go
on checking; the newest one makes.
"""

import hmac
from collections.abc import Mapping

from typing_extensions import override

from keys.derivation import derive
from keys.errors import BadTag, SecretMissing


class Pepper:
    """The secret part of every password hash; which version was used is stored beside the hash."""

    __slots__ = ("_versions", "version")

    def __init__(self, versions: Mapping[int, bytes]) -> None:
        self._versions = {version: derive(root, "password pepper") for version, root in versions.items()}
        self.version = max(versions)

    @override
    def __repr__(self) -> str:
        return f"<Pepper version {self.version}>"

    def apply(self, password: bytes, version: int | None = None) -> tuple[int, bytes]:
        """Return the version used (the newest unless one is named) and the 32 octets to hash in the password's place.

        Raises:
            SecretMissing: there is no such version.
        """
        chosen = self.version if version is None else version
        key = self._versions.get(chosen)
        if key is None:
            raise SecretMissing(f"no pepper of version {chosen}: restore the key ring from backup")
        return chosen, hmac.digest(key, password, "sha256")


class MacKey:
    """Makes and checks tags for one use."""

    __slots__ = ("_newest", "_older", "_purpose")

    def __init__(self, versions: Mapping[int, bytes], purpose: str) -> None:
        self._newest, *self._older = [
            derive(root, f"mac {purpose}") for _, root in sorted(versions.items(), reverse=True)
        ]
        self._purpose = purpose

    @override
    def __repr__(self) -> str:
        return f"<MacKey {self._purpose}>"

    def tag(self, *parts: bytes) -> bytes:
        """Return the 32 octets that only this key makes of these parts."""
        return hmac.digest(self._newest, _joined(parts), "sha256")

    def check(self, tag: bytes, *parts: bytes) -> None:
        """Let a tag pass that this key, or an older version of it, made of these parts.

        Raises:
            BadTag: another one.
        """
        joined = _joined(parts)
        for key in (self._newest, *self._older):
            if hmac.compare_digest(tag, hmac.digest(key, joined, "sha256")):
                return
        raise BadTag("the tag does not match")


def _joined(parts: tuple[bytes, ...]) -> bytes:
    return b"".join([len(part).to_bytes(8, "big") + part for part in parts])
