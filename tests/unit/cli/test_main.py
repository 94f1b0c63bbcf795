"""The command as a whole: help, version, and settings that cannot be used."""

from pathlib import Path

import click
import pytest
from click.testing import CliRunner

import idp
from idp.cli import COMMANDS, main
from tests.unit.cli.conftest import Cli

ACTS = [
    ("clients", "add"),
    ("clients", "list"),
    ("clients", "show"),
    ("clients", "update"),
    ("clients", "disable"),
    ("clients", "enable"),
    ("clients", "rotate-secret"),
    ("clients", "explain"),
    ("accounts", "add"),
    ("accounts", "show"),
    ("accounts", "disable"),
    ("accounts", "enable"),
    ("keys", "init"),
    ("keys", "list"),
    ("keys", "rotate"),
    ("audit", "tail"),
    ("audit", "export"),
]


def test_the_version_is_the_packages() -> None:
    """`idp --version` names the version that is installed."""
    assert f"idp, version {idp.__version__}\n" == CliRunner().invoke(main, ["--version"]).stdout


def test_help_lists_every_command() -> None:
    """Each command has its line, in the order in which a newcomer meets them."""
    shown = CliRunner().invoke(main, ["--help"]).stdout
    assert list(COMMANDS) == [name for line in shown.splitlines() for name in COMMANDS if line.startswith(f"  {name} ")]


@pytest.mark.parametrize("act", ACTS, ids=" ".join)
def test_help_has_an_example_and_json(act: tuple[str, str]) -> None:
    """The help of every command shows how it is used, on a line of its own, and that it can speak JSON."""
    shown = CliRunner().invoke(main, [*act, "--help"]).stdout
    assert any(f"idp {' '.join(act)}" in line for line in shown.splitlines()[1:])
    assert "--json" in shown


def test_an_unknown_command_is_a_usage_error() -> None:
    """What is no command ends with 2."""
    assert 2 == CliRunner().invoke(main, ["clints"]).exit_code


def test_every_fault_of_the_settings_is_told_at_once(cli: Cli) -> None:
    """Settings that cannot be used end with 2, and a line for each fault."""
    result = cli("clients", "list", IDP_ISSUER="http://id.example.com", IDP_TREADS="4")
    assert 2 == result.exit_code
    assert "IDP_TREADS: there is no such setting" in result.stderr
    assert "issuer: http is for loopback hosts only" in result.stderr


def test_a_database_without_schema_names_the_command(cli: Cli, tmp_path: object) -> None:
    """Whoever starts with an empty database is told what to run."""
    result = cli("clients", "list", IDP_DATABASE_URL=f"sqlite:///{tmp_path}/new.sqlite")
    assert (2, True) == (result.exit_code, "idp db upgrade" in result.stderr)


def test_a_database_that_is_away_is_told_without_a_trace(cli: Cli) -> None:
    """No database ends with 2 and one sentence, in which no password stands."""
    result = cli("clients", "list", IDP_DATABASE_URL="postgresql://idp:hunter2@127.0.0.1:9/idp")
    assert 2 == result.exit_code
    assert result.stderr.startswith("Error: the database cannot be used now: ")
    assert "hunter2" not in result.stderr


def test_the_database_commands_take_the_settings_file(cli: Cli, tmp_path: Path) -> None:
    """The address need not be repeated where a settings file has it."""
    file = tmp_path / "idp.toml"
    file.write_text(
        f'mode = "development"\nissuer = "http://localhost:8000"\nkek_file = "{tmp_path}/kek"\n'
        f'database_url = "sqlite:///{tmp_path}/new.sqlite"\n'
    )
    runner = CliRunner()
    assert 1 == runner.invoke(main, ["db", "check", "--config", str(file)]).exit_code
    assert 0 == runner.invoke(main, ["db", "upgrade", "--config", str(file)]).exit_code
    assert 0 == runner.invoke(main, ["db", "check", "--config", str(file)]).exit_code
    assert 2 == runner.invoke(main, ["db", "check", "--config", str(tmp_path / "absent.toml")]).exit_code


def with_an_argument() -> list[tuple[str, str]]:
    """Name the commands that take a kid, an id, a user ID or a reference."""
    groups = [(name, main.get_command(click.Context(main), name)) for name in COMMANDS]
    return [
        (name, command)
        for name, group in groups
        if isinstance(group, click.Group)
        for command, one in group.commands.items()
        if not one.hidden and any(isinstance(parameter, click.Argument) for parameter in one.params)
    ]


@pytest.mark.parametrize("value", ["-mhmfnmzxbsEnX6VmEeWPOsF6ZY3-iplx4N1XzxhVyQ", "--mfnmzxbsEnX6VmEeWPOsF6ZY3-iplx4"])
@pytest.mark.parametrize("path", with_an_argument(), ids=" ".join)
def test_what_names_something_may_begin_with_a_dash(path: tuple[str, str], value: str) -> None:
    """One kid in 64 does, and on the night when it has leaked nobody knows what `--` is for."""
    group = main.get_command(click.Context(main), path[0])
    assert isinstance(group, click.Group)
    command = group.commands[path[1]]
    names = [str(parameter.name) for parameter in command.params if isinstance(parameter, click.Argument)]
    context = command.make_context(path[1], [value] * len(names))
    assert {value} == {str(context.params[name]) for name in names}


def test_a_misspelt_option_is_still_refused(cli: Cli) -> None:
    """It is one argument too many then."""
    refused = cli("keys", "compromise", "KID", "--resaon", "stolen")
    assert (2, True) == (refused.exit_code, "--resaon" in refused.stderr)
