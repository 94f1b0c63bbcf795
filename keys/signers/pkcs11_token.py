"""A PKCS#11 token as a process uses it: one module, one session, opened when first needed and again after a fault.

The library initialises modules for one thread at a time (`C_Initialize` without locking, where two calls at once may
end the process), so all use of a module goes through one lock; several workers sign side by side. PKCS#11 survives no
fork, and a token that was pulled out and put back is another one to the module: in both cases it is initialised anew.
While a token is away it is asked once a second, so that its absence costs requests no time.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

import pkcs11
from pkcs11.exceptions import NoSuchToken, PinIncorrect, PKCS11Error, UserAlreadyLoggedIn

from keys.errors import KekRefused, SignerAway
from keys.private_file import read_private
from keys.signers.address import Pkcs11Address

RETRY_SECONDS = 1.0


class TokenSession:
    """One session, and the keys that were found in it; good for one generation of its module."""

    def __init__(self, session: pkcs11.Session, generation: tuple[int, int]) -> None:
        self.session = session
        self.generation = generation
        self._found: dict[tuple[pkcs11.ObjectClass, str, Any], Any] = {}

    def key(self, kind: pkcs11.ObjectClass, **named: Any) -> Any:  # noqa: ANN401 - the library's own types
        """Find a key by `id` or `label`, once.

        Raises:
            NoSuchKey: the token has none.
        """
        (name, value), *_ = named.items()
        at = (kind, name, value)
        if at not in self._found:
            self._found[at] = self.session.get_key(object_class=kind, **named)
        return self._found[at]


class Pkcs11Token:
    """The token of an address."""

    def __init__(self, address: Pkcs11Address) -> None:
        self.address = address
        self._module = _module(str(address.module))
        self._held: TokenSession | None = None
        self._away_until = 0.0
        self._wrong_pin: str | None = None

    @contextmanager
    def session(self, *, rw: bool = False) -> Iterator[TokenSession]:
        """Have the token to oneself; with `rw` in a new session, which may make keys.

        Raises:
            SignerAway: the token is not there, refuses the PIN, or failed.
        """
        with self._module.lock:
            if time.monotonic() < self._away_until:
                raise SignerAway(f"the token {self.address.token} does not answer")
            try:
                yield self._opened(rw=True) if rw else self._current()
            except PKCS11Error as error:
                self._module.distrust()
                self._refuse(error)

    def _current(self) -> TokenSession:
        if self._held is None or self._held.generation != self._module.generation():
            self._held = self._opened()
        return self._held

    def _opened(self, *, rw: bool = False) -> TokenSession:
        token, pin = self._token(), self._pin()
        try:
            session = token.open(rw=rw, user_pin=pin)
        except UserAlreadyLoggedIn:
            session = token.open(rw=rw)
        except PinIncorrect:
            # Some more of these would lock the token for good.
            self._wrong_pin = pin
            raise
        return TokenSession(session, self._module.generation())

    def _token(self) -> pkcs11.Token:
        try:
            return self._find()
        except NoSuchToken:
            # A module knows the tokens that there were when it was initialised.
            self._module.distrust()
            return self._find()

    def _find(self) -> pkcs11.Token:
        found: pkcs11.Token = self._module.lib().get_token(token_label=self.address.token)
        return found

    def _pin(self) -> str:
        try:
            pin = read_private(self.address.pin_file, what="the PIN").decode().strip()
        except (KekRefused, UnicodeDecodeError) as error:
            raise SignerAway(f"the token {self.address.token}: {error}") from error
        if pin == self._wrong_pin:
            raise SignerAway(f"the token {self.address.token} refuses the PIN in {self.address.pin_file}")
        return pin

    def _refuse(self, error: PKCS11Error) -> NoReturn:
        self._away_until = time.monotonic() + RETRY_SECONDS
        told = " ".join(str(error).split()) or type(error).__name__
        raise SignerAway(f"the token {self.address.token} does not answer: {told}") from error


class _Module:
    """A vendor's library; everything but `lock` is used by who holds that."""

    def __init__(self, path: str) -> None:
        self.lock = threading.RLock()
        self._path = path
        self._lib: Any = None
        self._pid = os.getpid()
        self._number = 0
        self._distrusted = False

    def generation(self) -> tuple[int, int]:
        """Give what sessions are good for: a process, and the initialisations in it."""
        return (os.getpid(), self._number)

    def distrust(self) -> None:
        """Let the library be initialised anew before it is used again; no session of before is good any more."""
        self._distrusted = True
        self._number += 1

    def lib(self) -> Any:  # noqa: ANN401 - the library's own type
        """Give the library, initialised in this process."""
        if self._lib is None:
            self._lib = self._loaded()
        elif self._distrusted or self._pid != os.getpid():
            self._lib.reinitialize()
        self._distrusted, self._pid = False, os.getpid()
        return self._lib

    def _loaded(self) -> Any:  # noqa: ANN401
        try:
            return pkcs11.lib(self._path)
        except (RuntimeError, OSError) as error:
            raise SignerAway(f"the PKCS#11 module {self._path} cannot be loaded: {error}") from error


_MODULES: dict[str, _Module] = {}
_REGISTER = threading.Lock()


def _module(path: str) -> _Module:
    with _REGISTER:
        return _MODULES.setdefault(path, _Module(path))
