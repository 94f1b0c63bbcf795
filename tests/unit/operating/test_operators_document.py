"""docs/for-operators.md keeps up with the service: settings, metrics, log fields, commands, the rebuild of argon2."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import click
import pytest
from prometheus_client import Counter
from pydantic_core import PydanticUndefined

from idp.cli import COMMANDS, main
from idp.metrics.meters import Meters
from idp.passwords.speed import REBUILD
from idp.settings import Settings, SettingsRefused, load_settings
from idp.wire.addresses import TrustedProxies, locate

CHECKOUT = Path(__file__).parents[3]
PAGE = (CHECKOUT / "docs" / "for-operators.md").read_text()


def table(heading: str) -> dict[str, list[str]]:
    """Give the rows of a chapter's table by the code word in their first column."""
    chapter = re.split(r"^## ", PAGE, flags=re.MULTILINE)
    (text,) = [part for part in chapter if part.startswith(f"{heading}\n")]
    rows = [line.strip("|").split(" | ") for line in text.splitlines() if line.startswith("| `")]
    return {row[0].strip().strip("`"): [cell.strip() for cell in row[1:]] for row in rows}


def test_every_setting_is_described() -> None:
    """The table has each setting once, in the order of the code."""
    assert list(Settings.model_fields) == list(table("Settings"))


@pytest.mark.parametrize("name", list(Settings.model_fields))
def test_defaults_are_told_as_they_are(name: str) -> None:
    """What the table calls a default is one."""
    told, default = table("Settings")[name][0], Settings.model_fields[name].default
    if told == "required":
        assert default is PydanticUndefined
    elif told in {"none", "required in production"}:
        assert default in {None, "", ()}
    elif isinstance(default, bool):
        assert told.strip("`") == str(default).lower()
    else:
        assert told.strip("`") == (",".join(default) if isinstance(default, tuple) else str(default))


def test_every_metric_is_described() -> None:
    """The table has each metric under the name that a scrape shows, with its labels."""
    metrics = [metric for metric in vars(Meters()).values() if hasattr(metric, "_labelnames")]
    names = {
        metric._name + ("_total" if isinstance(metric, Counter) else ""): list(metric._labelnames)  # noqa: SLF001
        for metric in metrics
    }

    assert names == {name: re.findall(r"`(\w+)`", cells[0]) for name, cells in table("Metrics").items()}


def test_every_command_exists() -> None:
    """Each `idp …` that the page tells to run can be run."""
    told = set(re.findall(r"\bidp ([a-z]+)(?: ([a-z-]+))?", re.sub(r"[^\x00-\x7f]", " ", PAGE)))
    for name, verb in told:
        if name not in COMMANDS:
            continue
        command = main.get_command(click.Context(main), name)
        assert command is not None
        if isinstance(command, click.Group) and verb:
            assert verb in command.commands, (name, verb)
    assert {"serve", "worker", "doctor", "db", "keys", "clients", "accounts"} <= {name for name, _ in told}


def test_the_rebuild_is_the_doctor_s() -> None:
    """The command that rebuilds argon2's binding is the one that `idp doctor` prints."""
    assert f"    {REBUILD}\n" in PAGE


@pytest.mark.parametrize(
    ("header", "address"),
    [
        ("for=203.0.113.7;proto=https;host=id.example.com", "203.0.113.7"),
        ('for="[2001:db8::7]";proto=https;host=id.example.com', "2001:db8::7"),
    ],
)
def test_what_the_proxies_send_is_understood(header: str, address: str) -> None:
    """The header in the form that the examples for nginx and Caddy give it names the person's address."""
    origin = locate("127.0.0.1", header, "http", trusted=TrustedProxies(["127.0.0.1"]))

    assert (address, "https", "") == (origin.address, origin.scheme, origin.flaw)


@pytest.mark.parametrize("name", ["default", "production", "demo"])
def test_every_setting_in_the_files_has_a_comment(name: str) -> None:
    """A file of settings holds only what exists, each under a comment of its own or its group's."""
    text = (CHECKOUT / "config" / f"{name}.toml").read_text()

    assert set(tomllib.loads(text)) <= set(Settings.model_fields)
    for paragraph in text.strip().split("\n\n"):
        assert paragraph.startswith("#"), paragraph


def test_production_asks_for_what_is_empty() -> None:
    """The file for production is complete but for what only the operator knows, and says so at once."""
    given = {"IDP_DATABASE_URL": "postgresql://db.internal/idp"}
    file = CHECKOUT / "config" / "production.toml"

    with pytest.raises(SettingsRefused) as refused:
        load_settings(file, given)

    required = {name for name, cells in table("Settings").items() if cells[0] == "required in production"}
    assert required == {fault.partition(":")[0] for fault in refused.value.faults}
    values = dict.fromkeys(required, "x") | {"smtp_url": "smtps://mail.internal", "mail_from": "no-reply@example.com"}
    assert load_settings(file, given | {f"IDP_{name.upper()}": value for name, value in values.items()}).secure
