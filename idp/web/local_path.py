"""Where to go after a step, when the address came with the request: a path of our own, or nothing.

Invariant: no browser reads the result as another host, whatever it makes of tabs, backslashes and escapes.
"""

import re
from typing import Final
from urllib.parse import unquote

_PATH: Final = re.compile(r"/[A-Za-z0-9\-._~!$&'()*+,;=:@/%]*(?:\?[A-Za-z0-9\-._~!$&'()*+,;=:@/?%]*)?", re.ASCII)
_LONGEST: Final = 2048


class UnsafePath(ValueError):
    """Not a path on this issuer."""


def safe_local_path(value: str | None) -> str:
    """Return the value when it is a plain absolute path of this issuer, with or without a query.

    Raises: UnsafePath.
    """
    if not value or len(value) > _LONGEST or not _PATH.fullmatch(value):
        raise UnsafePath("not a local path")
    path, before = value.partition("?")[0], ""
    while path != before:
        if "//" in path or "\\" in path or not path.isprintable() or {".", ".."} & set(path.split("/")):
            raise UnsafePath("not a local path")
        path, before = unquote(path), path
    return value
