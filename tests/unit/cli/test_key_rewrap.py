"""``idp keys rewrap``, step by step as its output says."""

from pathlib import Path

from tests.unit.cli.conftest import Cli


def test_a_new_key_encryption_key_in_two_steps(cli: Cli, tmp_path: Path) -> None:
    """Made, made known beside the old one, and then everything is taken over; the old one is then a wrong one."""
    cli("keys", "init")
    old, new = tmp_path / "kek", tmp_path / "kek.2"
    told = cli("keys", "rewrap", "--to", str(new)).stdout
    assert (True, True) == (f'kek_file = "{new}"' in told, f'previous_kek_file = "{old}"' in told)
    early = cli("keys", "rewrap", IDP_KEK_FILE=str(new))
    assert (2, True) == (early.exit_code, "but" in early.stderr)
    done = cli("keys", "rewrap", IDP_KEK_FILE=str(new), IDP_PREVIOUS_KEK_FILE=str(old))
    assert (0, True) == (done.exit_code, "Take the previous one out of the settings" in done.stdout)
    assert "already" in cli("keys", "rewrap", IDP_KEK_FILE=str(new)).stdout
    assert 0 == cli("keys", "stage", "ES256", IDP_KEK_FILE=str(new)).exit_code
    assert 2 == cli("keys", "stage", "ES256").exit_code


def test_a_file_that_is_there_is_not_replaced(cli: Cli, tmp_path: Path) -> None:
    """Above all not the one in use."""
    cli("keys", "init")
    before = (tmp_path / "kek").read_bytes()
    assert 2 == cli("keys", "rewrap", "--to", str(tmp_path / "kek")).exit_code
    assert before == (tmp_path / "kek").read_bytes()
