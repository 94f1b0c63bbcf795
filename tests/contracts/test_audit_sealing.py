"""The housekeeper's loop over the trail of a real issuer: sealed, witnessed, and told when it is not."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from idp.app import Service
from idp.audit.verify import chain_state, verify_trail
from idp.audit.verify_export import read_checkpoint
from idp.cli.audit_proof import public_keys
from idp.delivery.mail_folder import MailFolder
from idp.operating.audit_sealing import AuditSealing
from tests.support.clock import SettableClock
from tests.support.in_process import App, Browser, add_person, issuer_on
from tests.support.nodes import until


@pytest.fixture
def service(sqlite_url: str, tmp_path: Path, clock: SettableClock) -> Iterator[Service]:
    """Give an issuer whose checkpoints go to a mailbox, a file, and a folder that is not there yet."""
    places = ("mailto:audit@example.com", f"file:{tmp_path}/checkpoints", f"file:{tmp_path}/later/checkpoints")
    with issuer_on(
        sqlite_url, tmp_path, clock=clock, mail_folder=tmp_path / "mail", audit_checkpoints=places
    ) as running:
        add_person(running)
        yield running


def test_what_people_do_is_sealed_and_witnessed(service: Service, tmp_path: Path, clock: SettableClock) -> None:
    """A sign-in, then a turn: mailbox and file have the checkpoint; the third place gets it when it is there."""
    App.register(service).tokens(Browser(service))
    sealing = AuditSealing(service)
    sealed = sealing.turn()
    assert sealed >= 4
    service.courier.deliver_due()
    jws = (tmp_path / "checkpoints").read_text().strip()
    (mail,) = [mail for mail in MailFolder(tmp_path / "mail").messages() if mail.recipient == "audit@example.com"]
    assert jws in mail.text
    with service.database.reading() as connection:
        checkpoint = read_checkpoint(jws, public_keys(connection))
        assert (sealed, service.settings.issuer) == (checkpoint.seq, checkpoint.issuer)
        assert sealed == verify_trail(connection, [checkpoint], now=clock()).events
        assert 1 == chain_state(connection).unsent
    (tmp_path / "later").mkdir()
    clock.advance(11)
    sealing.turn()
    assert jws == (tmp_path / "later" / "checkpoints").read_text().strip()
    with service.database.reading() as connection:
        assert 0 == chain_state(connection).unsent


def test_without_its_key_it_seals_on(service: Service, clock: SettableClock, caplog: pytest.LogCaptureFixture) -> None:
    """Only the checkpoint waits, and the log says for what."""
    App.register(service).tokens(Browser(service))
    with service.database.writing() as connection:
        connection.exec_driver_sql("DELETE FROM keys WHERE purpose = 'checkpoints'")
    assert AuditSealing(service).turn() > 0
    assert "no checkpoint can be signed" in caplog.text
    with service.database.reading() as connection:
        assert verify_trail(connection, (), now=clock()).events > 0


def test_the_loop_works_until_it_is_told_to_stop(service: Service) -> None:
    """In a thread of its own, as in the housekeeper."""
    App.register(service).tokens(Browser(service))
    stop = threading.Event()
    loop = threading.Thread(target=AuditSealing(service).run, args=(stop,), kwargs={"pause": 0.01})
    loop.start()

    def sealed() -> bool:
        with service.database.reading() as connection:
            return chain_state(connection).seq > 0 and chain_state(connection).unsealed == 0

    assert until(sealed, seconds=10)
    stop.set()
    loop.join(10)
    assert not loop.is_alive()
