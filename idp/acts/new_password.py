"""Whatever path a new password comes by: the same rules, the same check against the last ones, the same hash.

That check says of a password whether it is, or was, the person's: it is a guess, and counted before it is looked at.
Otherwise whoever holds a mailbox alone could find out there what opens the person's accounts elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from sqlalchemy import Connection

from idp.accounts.facts import AccountFacts
from idp.accounts.find import find_by_id
from idp.lockout.keys import account_key
from idp.lockout.policy import GuessKind
from idp.lockout.take import take
from idp.mfa.factors import list_factors
from idp.passwords.breached import NO_SOURCE, BreachSource
from idp.passwords.credentials import passwords_of, require_longer, set_password
from idp.passwords.hasher import Hasher, WrongPassword
from idp.passwords.policy import PasswordBreached, PasswordUsedBefore, Profile, Rules, stands_alone
from idp.storage.database import Database
from idp.storage.handles import Clock

_NAMES = ("name", "given_name", "family_name", "middle_name", "nickname")


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPassword:
    """A password that was accepted, in the form to store; `short` if only a second factor makes it long enough."""

    stored: str = field(repr=False)
    short: bool


class NewPasswords:
    """Accepts new passwords; `product` is a name that none may be made of, `breached` knows which are in bad hands."""

    def __init__(
        self,
        database: Database,
        hasher: Hasher,
        *,
        product: str,
        clock: Clock,
        profile: Profile = Profile.DEFAULT,
        breached: BreachSource = NO_SOURCE,
    ) -> None:
        self._database = database
        self._hasher = hasher
        self._product = product
        self._clock = clock
        self._profile = profile
        self._breached = breached

    def rules_for(self, account_id: str) -> Rules:
        """Give what this person's new password is held to at this moment."""
        with self._database.reading() as connection:
            return self._rules(connection, account_id)

    def accept(self, password: str, *, account_id: str) -> NewPassword:
        """Give the form to store. No transaction and no connection is held while it is hashed, or looked up elsewhere.

        Raises:
            UnusablePassword, PasswordRefused: with the reason.
            TooManyGuesses: too many were compared with the present one in this hour.
            HashingBusy: too many are being hashed at this moment.
        """
        with self._database.reading() as connection:
            rules = self._rules(connection, account_id)
            known = passwords_of(connection, account_id=account_id)
        rules.accept(password)
        with self._database.writing() as connection:
            take(connection, kind=GuessKind.COMPARED, key=account_key(account_id), now=self._clock())
        for place, stored in enumerate(known):
            self._require_another(stored, password, present=place == 0)
        if self._breached.holds(password):
            raise PasswordBreached
        return NewPassword(stored=self._hasher.hash(password), short=not stands_alone(password))

    def _rules(self, connection: Connection, account_id: str) -> Rules:
        account = find_by_id(connection, account_id=account_id)
        return Rules(
            second_factor=bool(list_factors(connection, account_id=account_id)),
            names=tuple(names_of(account, extra=[self._product])),
            profile=self._profile,
        )

    def _require_another(self, stored: str, password: str, *, present: bool) -> None:
        try:
            self._hasher.verify(stored, password)
        except WrongPassword:
            return
        raise PasswordUsedBefore(present=present)


def store_new_password(
    connection: Connection, new: NewPassword, *, account_id: str, keep_sign_ins: bool = False, now: float
) -> None:
    """Store a password that was accepted; should the second factor that it needs be gone meanwhile, another is due."""
    set_password(
        connection,
        account_id=account_id,
        stored=new.stored,
        must_change=False,
        short=new.short,
        keep_sign_ins=keep_sign_ins,
        now=now,
    )
    if new.short and not list_factors(connection, account_id=account_id):
        require_longer(connection, account_id=account_id)


def names_of(account: AccountFacts | None, *, extra: Iterable[str] = ()) -> list[str]:
    """Give what others know of a person and would try first, and `extra`: names of whom they have to do with."""
    if account is None:
        return list(extra)
    claimed = [account.claims.get(name) for name in _NAMES]
    known = (*extra, account.user_id, account.email, *claimed)
    return [name for name in known if isinstance(name, str) and name]
