"""The key-encryption key's file."""

import errno
import os
from pathlib import Path

import pytest

from keys.errors import KekRefused, KeyDamaged
from keys.kek import FileKek


def test_a_new_file_is_for_its_owner_only(tmp_path: Path) -> None:
    """The file is 0600 and its new folder 0700."""
    path = tmp_path / "secrets" / "kek"

    FileKek.create(path)

    assert (0o600, 0o700) == (path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777)
    assert ["kek"] == [entry.name for entry in path.parent.iterdir()]


def test_what_one_process_wraps_another_unwraps(tmp_path: Path) -> None:
    """A key loaded from the file is the key that was created."""
    created = FileKek.create(tmp_path / "kek")
    loaded = FileKek.load(tmp_path / "kek")

    assert b"data key" == loaded.unwrap(created.wrap(b"data key", b"aad"), b"aad")
    assert created.kek_id == loaded.kek_id


def test_a_file_is_never_replaced(tmp_path: Path) -> None:
    """Creating over an existing file is refused and leaves it alone."""
    path = tmp_path / "kek"
    FileKek.create(path)
    before = path.read_bytes()

    with pytest.raises(KekRefused, match="never replaced"):
        FileKek.create(path)

    assert before == path.read_bytes()
    assert [path] == list(tmp_path.iterdir())


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o601, 0o666])
def test_a_file_open_to_others_is_refused(tmp_path: Path, mode: int) -> None:
    """Any right of group or others is too much, and the text says what to do."""
    path = tmp_path / "kek"
    FileKek.create(path)
    path.chmod(mode)

    with pytest.raises(KekRefused, match=f"chmod 600 {path}"):
        FileKek.load(path)


def test_a_read_only_file_will_do(tmp_path: Path) -> None:
    """0400 is stricter than 0600."""
    created = FileKek.create(tmp_path / "kek")
    (tmp_path / "kek").chmod(0o400)

    assert created.kek_id == FileKek.load(tmp_path / "kek").kek_id


def test_a_missing_file_names_the_command(tmp_path: Path) -> None:
    """Whoever starts without a key is told how the first one is made."""
    with pytest.raises(KekRefused, match="idp keys init"):
        FileKek.load(tmp_path / "kek")


def test_every_flipped_letter_is_noticed(tmp_path: Path) -> None:
    """No single changed character gives a key that loads: damage is told from a wrong key."""
    path = tmp_path / "kek"
    FileKek.create(path)
    good = path.read_bytes()
    for position in range(len(good) - 1):
        path.write_bytes(good[:position] + (b"A" if good[position] != ord("A") else b"B") + good[position + 1 :])
        with pytest.raises(KekRefused, match="damaged"):
            FileKek.load(path)


@pytest.mark.parametrize("content", [b"", b"\n", b"idp-kek-1.", b"\x00" * 64, b"\xff" * 5000])
def test_anything_else_is_refused(tmp_path: Path, content: bytes) -> None:
    """Truncated and foreign files are not keys."""
    path = tmp_path / "kek"
    path.touch(0o600)
    path.write_bytes(content)

    with pytest.raises(KekRefused, match="restore it from its backup"):
        FileKek.load(path)


def test_a_folder_is_no_key(tmp_path: Path) -> None:
    """A folder in the file's place is refused in our words."""
    with pytest.raises(KekRefused, match="can't read"):
        FileKek.load(tmp_path)


def test_a_disk_that_fails_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the disk refuses to keep the file (F12), neither it nor a draft remains."""

    def refuse(descriptor: int) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(os, "fsync", refuse)

    with pytest.raises(KekRefused, match="Input/output error"):
        FileKek.create(tmp_path / "kek")

    assert [] == list(tmp_path.iterdir())


def test_wrapping_is_bound_to_its_context(tmp_path: Path) -> None:
    """Another context, another key or a changed octet does not open."""
    kek = FileKek.create(tmp_path / "kek")
    other = FileKek.create(tmp_path / "other")
    wrapped = kek.wrap(b"data key", b"aad")
    for key, octets, aad in (
        (kek, wrapped, b"another"),
        (other, wrapped, b"aad"),
        (kek, wrapped[:-1] + bytes([wrapped[-1] ^ 1]), b"aad"),
        (kek, wrapped[:5], b"aad"),
        (kek, b"", b"aad"),
    ):
        with pytest.raises(KeyDamaged):
            key.unwrap(octets, aad)


def test_its_repr_shows_nothing(tmp_path: Path) -> None:
    """Neither the key nor the file's content is in the repr."""
    kek = FileKek.create(tmp_path / "kek")
    content = (tmp_path / "kek").read_text().split(".")[1]

    assert f"<FileKek {kek.kek_id}>" == repr(kek)
    assert content not in repr(kek)
