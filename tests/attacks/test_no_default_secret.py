"""There is no secret that a stranger could know: none is a default, and none can be too short (T90).

Peers shipped pagination and flow tokens that a well-known default key had signed (Ory, 2026).
"""

from __future__ import annotations

from pathlib import Path

import pytest

from idp.app import build
from keys.errors import KekRefused, KeysError
from tests.support.in_process import issuer_on, settings_for


def test_nothing_starts_before_its_secrets_were_made(sqlite_url: str, tmp_path: Path) -> None:
    """Without `idp keys init` there is no key-encryption key, and no built-in one takes its place."""
    with pytest.raises(KekRefused):
        build(settings_for(sqlite_url, tmp_path))


@pytest.mark.parametrize("content", [b"", b"changeme", b"0" * 16, b"\0" * 32, b"secret\n"])
def test_a_weak_or_foreign_key_file_opens_nothing(sqlite_url: str, tmp_path: Path, content: bytes) -> None:
    """A short, guessed or copied key-encryption key stops the start."""
    with issuer_on(sqlite_url, tmp_path):
        pass
    kek = tmp_path / "kek"
    kek.chmod(0o600)
    kek.write_bytes(content)
    with pytest.raises(KeysError):
        build(settings_for(sqlite_url, tmp_path))


def test_two_installations_share_no_secret(
    sqlite_url: str, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """What signs forms and proofs is made anew for each database: one installation's token is nothing to another."""
    elsewhere = tmp_path_factory.mktemp("other")
    database = f"sqlite:///{elsewhere / 'other.sqlite'}"
    (elsewhere / "other.sqlite").write_bytes(Path(sqlite_url.removeprefix("sqlite:///")).read_bytes())
    with issuer_on(sqlite_url, tmp_path) as ours, issuer_on(database, elsewhere) as theirs:
        parts = (b"form", b"sign_in")
        assert ours.secrets.mac_key("csrf").tag(*parts) != theirs.secrets.mac_key("csrf").tag(*parts)
