"""Invented people, with every standard claim of OpenID Connect Core §5.1 filled, and one password for all of them.

Each comes with what there is to show. Telephone numbers are from ranges that are kept free for fiction.
"""

from __future__ import annotations

from dataclasses import dataclass

from idp.accounts.add import NewAccount
from idp.accounts.policy import Kind
from idp.wording import msgid

PASSWORD = "correct horse battery staple 7"


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """An account to be, and in a few words what signing in as this person shows.

    `totp_secret` (base32) is what an authenticator app of this person holds, None for somebody without one.
    """

    account: NewAccount
    shows: str
    totp_secret: str | None = None

    @property
    def user_id(self) -> str:
        """What is typed to sign in."""
        return self.account.user_id

    @property
    def name(self) -> str:
        """The person's full name."""
        return str(self.account.claims["name"])


PEOPLE = (
    Person(
        shows=msgid("pays off a car; signs in with a password alone"),
        account=NewAccount(
            user_id="dana",
            kind=Kind.CONSUMER,
            email="dana@example.com",
            email_verified=True,
            phone_number="+442079460123",
            phone_number_verified=True,
            locale="en-GB",
            claims={
                "name": "Dana Q. Roadwell",
                "given_name": "Dana",
                "middle_name": "Q.",
                "family_name": "Roadwell",
                "nickname": "Dee",
                "profile": "https://people.example.com/dana",
                "picture": "https://people.example.com/dana.png",
                "website": "https://dana.example.com",
                "gender": "female",
                "birthdate": "1988-02-29",
                "zoneinfo": "Europe/London",
                "address": {
                    "formatted": "12 Sample Street\nExampleton\nEX1 2MP\nUnited Kingdom",
                    "street_address": "12 Sample Street",
                    "locality": "Exampleton",
                    "region": "Midshire",
                    "postal_code": "EX1 2MP",
                    "country": "GB",
                },
            },
        ),
    ),
    Person(
        shows=msgid("manages a fleet; has chosen German, and the pages follow once the person is known"),
        account=NewAccount(
            user_id="felix",
            kind=Kind.BUSINESS,
            email="felix@fleet.example.com",
            email_verified=True,
            phone_number="+493023125042",
            phone_number_verified=False,
            locale="de",
            claims={
                "name": "Felix T. Fuhrwerk",
                "given_name": "Felix",
                "middle_name": "T.",
                "family_name": "Fuhrwerk",
                "nickname": "Fix",
                "profile": "https://people.example.com/felix",
                "picture": "https://people.example.com/felix.png",
                "website": "https://fleet.example.com",
                "gender": "male",
                "birthdate": "1979-11-05",
                "zoneinfo": "Europe/Berlin",
                "address": {
                    "formatted": "Musterallee 7\n12345 Musterstadt\nDeutschland",
                    "street_address": "Musterallee 7",
                    "locality": "Musterstadt",
                    "region": "Musterland",
                    "postal_code": "12345",
                    "country": "DE",
                },
            },
        ),
    ),
    Person(
        shows=msgid("answers for dana's loan: may look at the contract, and change nothing"),
        account=NewAccount(
            user_id="cora",
            kind=Kind.CONSUMER,
            email="cora@example.com",
            email_verified=True,
            phone_number="+442079460789",
            phone_number_verified=True,
            locale="en-GB",
            claims={
                "name": "Cora A. Signer",
                "given_name": "Cora",
                "middle_name": "A.",
                "family_name": "Signer",
                "nickname": "Co",
                "profile": "https://people.example.com/cora",
                "picture": "https://people.example.com/cora.png",
                "website": "https://cora.example.com",
                "gender": "female",
                "birthdate": "1961-03-14",
                "zoneinfo": "Europe/London",
                "address": {
                    "formatted": "3 Pattern Close\nExampleton\nEX1 4ST\nUnited Kingdom",
                    "street_address": "3 Pattern Close",
                    "locality": "Exampleton",
                    "region": "Midshire",
                    "postal_code": "EX1 4ST",
                    "country": "GB",
                },
            },
        ),
    ),
    Person(
        shows=msgid("has an authenticator app: asked for its code after the password"),
        totp_secret="DEMO" * 7 + "TOM2",
        account=NewAccount(
            user_id="tom",
            kind=Kind.CONSUMER,
            email="tom@example.com",
            email_verified=True,
            phone_number="+442079460456",
            phone_number_verified=True,
            locale="en-GB",
            claims={
                "name": "Tom B. Keyring",
                "given_name": "Tom",
                "middle_name": "B.",
                "family_name": "Keyring",
                "nickname": "Tommy",
                "profile": "https://people.example.com/tom",
                "picture": "https://people.example.com/tom.png",
                "website": "https://tom.example.com",
                "gender": "male",
                "birthdate": "1991-07-16",
                "zoneinfo": "Europe/London",
                "address": {
                    "formatted": "4 Specimen Lane\nExampleton\nEX1 7QR\nUnited Kingdom",
                    "street_address": "4 Specimen Lane",
                    "locality": "Exampleton",
                    "region": "Midshire",
                    "postal_code": "EX1 7QR",
                    "country": "GB",
                },
            },
        ),
    ),
)
