"""Make what a served issuer needs, in a process with its settings: schema, keys, a client and an account.

Run as ``python -m tests.support.furnish CLIENT_ID SECRET REDIRECT_URI USER_ID PASSWORD``; run again it changes nothing.
"""

from __future__ import annotations

import os
import secrets
import sys
import time
from contextlib import suppress

from idp.accounts.add import IdentifierTaken, NewAccount, add_account
from idp.accounts.policy import Kind
from idp.acts.initialise_keys import initialise_keys
from idp.app import build
from idp.cli.db import metadata
from idp.clients.registration import ClientExists, add_client
from idp.custody import kek_source
from idp.passwords.credentials import set_password
from idp.settings import Settings, load_settings
from idp.storage.database import Database
from idp.storage.engine import open_engine
from idp.storage.schema import upgrade


def furnish(settings: Settings, *, client_id: str, secret: str, redirect_uri: str, user_id: str, password: str) -> None:
    """Make what is missing."""
    metadata()
    engine = open_engine(settings.database_url.get_secret_value())
    upgrade(engine)
    initialise_keys(
        Database(engine),
        kek_source(settings),
        algorithms=settings.signing_algs,
        actor="test",
        now=time.time(),
        entropy=secrets.token_bytes,
    )
    engine.dispose()
    service = build(settings)
    with suppress(ClientExists), service.database.writing() as connection:
        registered = {
            "client_name": "The app",
            "redirect_uris": [redirect_uri],
            "post_logout_redirect_uris": [redirect_uri],
            "grant_types": ["authorization_code", "refresh_token", "client_credentials"],
            "scope": "openid profile email address phone offline_access api",
            "first_party": True,
        }
        add_client(connection, client_id=client_id, metadata=registered, secret=secret, now=time.time())
    with suppress(IdentifierTaken), service.database.writing() as connection:
        person = NewAccount(user_id=user_id, kind=Kind.CONSUMER, email="dana@example.com", email_verified=True)
        account_id = add_account(connection, person, now=time.time(), entropy=secrets.token_bytes)
        stored = service.parts.hasher.hash(password)
        set_password(connection, account_id=account_id, stored=stored, must_change=False, now=time.time())
    service.stop()


if __name__ == "__main__":
    names = ("client_id", "secret", "redirect_uri", "user_id", "password")
    furnish(load_settings(None, os.environ), **dict(zip(names, sys.argv[1:], strict=True)))
