"""Whatever path a new password comes by: the same rules, the same check against the last ones, the same hash."""

from __future__ import annotations

from idp.accounts.facts import AccountFacts
from idp.accounts.find import find_by_id
from idp.passwords.credentials import passwords_of
from idp.passwords.hasher import Hasher, WrongPassword
from idp.passwords.policy import PasswordUsedBefore, accept_new_password
from idp.storage.database import Database

_NAMES = ("name", "given_name", "family_name", "middle_name", "nickname")


class NewPasswords:
    """Accepts new passwords; `product` is a name that none may be made of."""

    def __init__(self, database: Database, hasher: Hasher, *, product: str) -> None:
        self._database = database
        self._hasher = hasher
        self._product = product

    def accept(self, password: str, *, account_id: str) -> str:
        """Give the form to store. No transaction and no connection is held while it is hashed.

        Raises:
            UnusablePassword, PasswordRefused: with the reason.
            HashingBusy: too many are being hashed at this moment.
        """
        with self._database.reading() as connection:
            account = find_by_id(connection, account_id=account_id)
            known = passwords_of(connection, account_id=account_id)
        names = [self._product, *(names_of(account) if account else ())]
        accept_new_password(password, second_factor=False, names=names)
        for place, stored in enumerate(known):
            self._require_another(stored, password, present=place == 0)
        return self._hasher.hash(password)

    def _require_another(self, stored: str, password: str, *, present: bool) -> None:
        try:
            self._hasher.verify(stored, password)
        except WrongPassword:
            return
        raise PasswordUsedBefore(present=present)


def names_of(account: AccountFacts) -> list[str]:
    """Give what others know of a person and would try first."""
    claimed = [account.claims.get(name) for name in _NAMES]
    return [name for name in (account.user_id, account.email, *claimed) if isinstance(name, str) and name]
