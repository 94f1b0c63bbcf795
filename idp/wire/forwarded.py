"""The Forwarded header (RFC 7239), read from the right, since only the right end was written by somebody we know.

Invariant: what a client put in front cannot change how the elements behind it are read, not even with an unclosed
quote. Anything that breaks the grammar raises MalformedForwarded; nothing is guessed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from ipaddress import IPv6Address
from socket import AF_INET, AF_INET6, inet_ntop, inet_pton

_TOKEN = r"([!#$%&'*+.^_`|~0-9A-Za-z-]+)"
_QUOTED = r'"((?:[^"\\]|\\.)*)"'
_PAIR = re.compile(rf"[ \t]*{_TOKEN}=(?:{_TOKEN}|{_QUOTED})[ \t]*")
_NODE = re.compile(r"(\[[^\]]*\]|[^:\[\]]+)(?::(?:[0-9]{1,5}|_[A-Za-z0-9._-]+))?")
_HIDDEN_NODE = re.compile(r"_[A-Za-z0-9._-]+|unknown", re.IGNORECASE)


class MalformedForwarded(ValueError):
    """The header does not follow RFC 7239 §4."""


def elements_from_right(value: str) -> Iterator[str]:
    """Give the elements of the header, the last one first; empty ones are left out.

    Raises:
        MalformedForwarded: a quote is not closed.
    """
    end = len(value)
    for comma in _unquoted_commas(value):
        if element := value[comma + 1 : end].strip(" \t"):
            yield element
        end = comma
    if element := value[:end].strip(" \t"):
        yield element


def read_element(element: str) -> dict[str, str]:
    """Give the parameters of one element by lower-case name, unquoted.

    Raises:
        MalformedForwarded: a parameter is malformed or repeated.
    """
    pairs: dict[str, str] = {}
    at = 0
    while at < len(element):
        pair = _PAIR.match(element, at)
        if pair is None or pair[1].lower() in pairs:
            raise MalformedForwarded
        pairs[pair[1].lower()] = pair[2] if pair[3] is None else re.sub(r"\\(.)", r"\1", pair[3])
        at = pair.end()
        if at < len(element) and element[at] != ";":
            raise MalformedForwarded
        at += 1
    return pairs


def read_node(node: str) -> str | None:
    """Give the canonical address of a node (`192.0.2.1`, `[2001:db8::1]:443`), None where its sender hides it (§6.3).

    Raises:
        MalformedForwarded: it is neither.
    """
    match = _NODE.fullmatch(node)
    if match is None:
        raise MalformedForwarded
    name = match[1]
    if _HIDDEN_NODE.fullmatch(name):
        return None
    # Brackets are for IPv6 and IPv6 is for brackets (§6.1).
    bracketed = name.startswith("[")
    address = canonical_address(name.strip("[]"))
    if address is None or bracketed != (":" in name):
        raise MalformedForwarded
    return address


def canonical_address(text: str) -> str | None:
    """Give the one spelling of an IP address (IPv4 even where it came mapped into IPv6), None if it is none."""
    try:
        if ":" not in text:
            return inet_ntop(AF_INET, inet_pton(AF_INET, text))
        packed = inet_pton(AF_INET6, text)
    except (OSError, ValueError):
        return None
    mapped = IPv6Address(packed).ipv4_mapped
    return str(mapped) if mapped else inet_ntop(AF_INET6, packed)


def _unquoted_commas(value: str) -> Iterator[int]:
    quoted = False
    for at in range(len(value) - 1, -1, -1):
        if value[at] == '"' and not _escaped(value, at):
            quoted = not quoted
        elif value[at] == "," and not quoted:
            yield at
    if quoted:
        raise MalformedForwarded


def _escaped(value: str, at: int) -> bool:
    before = value[:at]
    return (len(before) - len(before.rstrip("\\"))) % 2 == 1
