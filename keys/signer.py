"""Something that signs: one key, its kid, and the JWS headers that it has been asked for, encoded once each."""

import json

from typing_extensions import override

from keys import base64url
from keys.signature import Sign


class Signer:
    """The one key to sign with; where its private part lives is its own affair."""

    __slots__ = ("_headers", "algorithm", "elsewhere", "kid", "sign")

    def __init__(self, *, kid: str, algorithm: str, sign: Sign, elsewhere: bool = False) -> None:
        """Sign with that; `elsewhere` says that a token or service does it, which may be away (`SignerAway`)."""
        self.elsewhere = elsewhere
        self.kid = kid
        self.algorithm = algorithm
        self.sign = sign
        self._headers: dict[str, bytes] = {}

    @override
    def __repr__(self) -> str:
        return f"<Signer {self.algorithm} {self.kid}>"

    def header(self, typ: str) -> bytes:
        """Return the encoded protected header for tokens of a type, with the dot behind it.

        Types are few and come from our own code, so what is kept here stays small.
        """
        header = self._headers.get(typ)
        if header is None:
            members = {"alg": self.algorithm, "kid": self.kid, "typ": typ}
            header = base64url.encode(json.dumps(members, separators=(",", ":")).encode()) + b"."
            self._headers[typ] = header
        return header
