"""What must not be read in a log is masked: by the name it goes under, and by its shape wherever it stands.

Invariant: the values of codes, tokens, passwords and cookies are gone under their usual names, at any depth; what looks
like a handle of ours (43 base64url characters), a JWT, an Authorization header or a password in an address is gone
anywhere. Key ids look like handles and are shown under the names `kid` and `kids` only.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, MutableMapping
from typing import Any

MASK = "[redacted]"
LONGEST = 4000
DEEPEST = 6

SHOWN = frozenset({"kid", "kids", "event", "timestamp", "level", "logger", "process", "pid", "exception"})
SECRET_WORDS = (
    "password",
    "passwd",
    "passphrase",
    "secret",
    "token",
    "assertion",
    "authorization",
    "cookie",
    "credential",
    "verifier",
    "challenge",
    "otp",
    "pepper",
    "private",
    "id_token_hint",
)
SECRET_NAMES = frozenset({"code", "state", "nonce", "key", "k", "d", "p", "q", "dp", "dq", "qi", "jwt", "handle"})

_IN_TEXT = r"code|state|nonce|[a-z_]*(?:" + "|".join(SECRET_WORDS) + r")[a-z_]*"
_PATTERNS: tuple[tuple[re.Pattern[str], str], ...] = (
    # A JWT or JWE in compact form, also one cut off in the middle.
    (re.compile(r"eyJ[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*){0,4}"), MASK),
    # A handle, and anything longer of its alphabet.
    (re.compile(r"(?<![A-Za-z0-9_-])[A-Za-z0-9_-]{43,}(?![A-Za-z0-9_-])"), MASK),
    (re.compile(r"(?i)\b(basic|bearer|dpop)\s+[A-Za-z0-9._~+/=-]+"), rf"\1 {MASK}"),
    # The password of an address that names a user.
    (re.compile(r"(://[^\s/@:]*:)[^\s/@]+@"), rf"\1{MASK}@"),
    # name=value of a query or a form, "name": "value" and 'name': 'value' of something printed.
    (re.compile(rf"(?i)\b({_IN_TEXT})=(?!\[redacted\])[^&\s\"'<>]+"), rf"\1={MASK}"),
    (re.compile(rf"(?i)([\"'](?:{_IN_TEXT})[\"']\s*:\s*)(\"[^\"]*\"|'[^']*')"), rf"\1{MASK}"),
)


def redact(_logger: object, _method: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Mask a line's values, as a processor of structlog."""
    return {name: _value(name, value, DEEPEST) for name, value in line.items()}


def redact_text(text: str) -> str:
    """Mask what is secret by its shape."""
    for pattern, put in _PATTERNS:
        text = pattern.sub(put, text)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"


def _value(name: str, value: Any, depth: int) -> Any:  # noqa: ANN401 - a log line may hold anything
    if _is_secret(name) and value is not None and not isinstance(value, bool):
        return MASK
    if name in {"kid", "kids"}:
        return value if _is_plain(value) else MASK
    if isinstance(value, str):
        return redact_text(value)
    if value is None or isinstance(value, bool | int | float):
        return value
    if depth and isinstance(value, Mapping):
        return {str(key): _value(str(key), inner, depth - 1) for key, inner in value.items()}
    if depth and isinstance(value, list | tuple | set | frozenset):
        return [_value("", inner, depth - 1) for inner in value]
    # What it prints like may be anything, bytes among them.
    return f"<{type(value).__qualname__}>"


def _is_plain(value: object) -> bool:
    return isinstance(value, str) or (isinstance(value, list | tuple) and all(isinstance(part, str) for part in value))


def _is_secret(name: str) -> bool:
    folded = name.lower().replace("-", "_")
    return folded not in SHOWN and (folded in SECRET_NAMES or any(word in folded for word in SECRET_WORDS))
