"""Every command of docs/runbooks is run, in order, on a service as the runbook finds it.

A story says in what state the reader meets the service, and what stands for the names in capitals and for paths. A page
without a story fails, and so does a block that no story can run.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete

from idp.storage.database import Database
from idp.storage.engine import open_engine
from idp.storage.key_models import KeyRow
from keys.purposes import Purpose
from tests.runbooks.reading import blocks_of, inline_commands, shown_by
from tests.runbooks.running import Node, command_exists
from tests.support.missing import Missing, skip_or_fail
from tests.support.postgresql import create_database
from tests.support.softhsm import soft_token

RUNBOOKS = Path(__file__).parents[2] / "docs" / "runbooks"
PAGES = sorted(page for page in RUNBOOKS.glob("*.md") if page.name != "README.md")


@pytest.fixture
def node(sqlite_url: str, tmp_path: Path, new_postgresql_url: Callable[[], str]) -> Node:
    """Give a node with its keys, one app and one person, on SQLite."""
    settings = {
        "MODE": "development",
        "ISSUER": "http://localhost:8000",
        "DATABASE_URL": sqlite_url,
        "KEK_FILE": str(tmp_path / "kek"),
        "PASSWORD_HASHING": "cheapest-for-tests-only",
        "SIGNING_ALGS": "ES256",
        "PICK_UP_HOURS": "0",  # The day that apps are given has passed.
    }
    made = Node(tmp_path, {f"IDP_{name}": value for name, value in settings.items()}, new_postgresql_url)
    furnish(made)
    return made


def furnish(node: Node) -> None:
    """Make its keys, one app and one person."""
    node.idp("keys", "init")
    node.idp("clients", "add", "portal", "--redirect-uri", "https://portal.example.com/callback")
    node.idp(
        "accounts", "add", "ada", "--email", "ada@example.com", "--password-stdin", stdin="a password of staff 7\n"
    )


def read(node: Node, *arguments: str) -> Any:  # noqa: ANN401 - any JSON
    """Run a command for programs."""
    return json.loads(node.idp(*arguments, "--json"))


def key_of(node: Node, algorithm: str, state: str = "active") -> str:
    """Give the kid of the one key of an algorithm in a state."""
    (kid,) = [
        key["kid"] for key in read(node, "keys", "list") if (key["algorithm"], key["state"]) == (algorithm, state)
    ]
    return str(kid)


def rotate_keys(node: Node) -> None:
    """A healthy service with a second algorithm to go back to."""
    node.environment["IDP_SIGNING_ALGS"] = "ES256,RS256"
    node.idp("keys", "init")


def leaked_key(node: Node) -> None:
    """The key that signs for the app of the fixture; the new one is staged while the page is followed."""
    leaked = key_of(node, "ES256")
    node.names = {
        "NEW_KID": lambda: node.once("NEW_KID", lambda: key_of(node, "ES256", "staged")),
        "KID": lambda: leaked,
    }


def leaked_client_secret(node: Node) -> None:
    """The app of the fixture."""


def stolen_staff_laptop(node: Node) -> None:
    """A member of staff, whose id stands in what `idp accounts show` prints; they have no password."""
    node.idp("accounts", "invite", "sofia", "--role", "security", "--email", "sofia@example.com")
    node.names = {
        "USER_ID": lambda: "sofia",
        "ACCOUNT_ID": lambda: str(read(node, "accounts", "show", "sofia")["id"]),
    }


def lost_kek(node: Node) -> None:
    """The file is gone; its copy lies elsewhere."""
    file, safe = node.folder / "kek", node.folder / "safe"
    shutil.move(file, safe)
    node.names = {"/media/safe/kek": lambda: str(safe), "/etc/idp/kek": lambda: str(file)}


def lost_signing_keys(node: Node) -> None:
    """Somebody has deleted the rows."""
    engine = open_engine(node.environment["IDP_DATABASE_URL"])
    with Database(engine).writing() as connection:
        connection.execute(delete(KeyRow).where(KeyRow.purpose == Purpose.TOKENS))
    engine.dispose()


def restore(node: Node) -> None:
    """The service on PostgreSQL, an empty database beside it, and the key in the safe."""
    database, safe = node.new_postgresql(), node.folder / "safe"
    (node.folder / "kek").unlink()
    node.environment["IDP_DATABASE_URL"] = database
    furnish(node)
    shutil.copy(node.folder / "kek", safe)
    restored = create_database(database, f"{database.rpartition('/')[2]}_restored")
    node.names = {
        "NEW_DATABASE_URL": lambda: restored,
        "DATABASE_URL": lambda: database,
        "/media/safe/keys.json": lambda: str(node.folder / "keys.json"),
        "/media/safe/kek": lambda: str(safe),
        "/etc/idp/kek": lambda: str(node.folder / "kek"),
        "USER_ID": lambda: "ada",
    }


def algorithm_migration(node: Node) -> None:
    """An app that still uses RS256."""
    node.environment["IDP_SIGNING_ALGS"] = "ES256,RS256"
    node.idp("keys", "init")
    node.idp("clients", "update", "portal", "--alg", "RS256")
    kid = key_of(node, "RS256")
    node.names = {"KID": lambda: kid}


def new_hsm(node: Node) -> None:
    """A token that was just initialised; the key that follows still lives in the database."""
    try:
        token = soft_token()
    except Missing as error:
        skip_or_fail(error)
    staged = key_of(node, "ES256", "staged")
    node.names = {
        "STAGED_KID": lambda: staged,
        "TOKEN": lambda: token.label,
        "MODULE": lambda: str(token.module),
        "/media/safe/pin": lambda: str(token.pin_file),
        "/etc/idp/pin": lambda: str(node.folder / "pin"),
        "/etc/idp/kek": lambda: str(node.folder / "kek"),
    }


STORIES: dict[str, Callable[[Node], None]] = {
    "rotate-keys": rotate_keys,
    "leaked-key": leaked_key,
    "leaked-client-secret": leaked_client_secret,
    "stolen-staff-laptop": stolen_staff_laptop,
    "lost-kek": lost_kek,
    "lost-signing-keys": lost_signing_keys,
    "restore": restore,
    "algorithm-migration": algorithm_migration,
    "new-hsm": new_hsm,
}


def test_every_runbook_has_a_story_and_is_in_the_index() -> None:
    """No page is left untested, no story is left over, and the index leads to each."""
    index = (RUNBOOKS / "README.md").read_text()
    assert {page.stem for page in PAGES} == set(STORIES)
    assert [] == [page.name for page in PAGES if f"]({page.name})" not in index]


@pytest.mark.parametrize("name", STORIES)
def test_its_commands_do_what_it_says(node: Node, name: str) -> None:
    """Each command ends as promised, and prints what the reader is told to expect."""
    blocks = blocks_of(RUNBOOKS / f"{name}.md")
    assert [block for block in blocks if block.kind == "sh"]
    STORIES[name](node)
    node.follow(blocks)


@pytest.mark.parametrize("page", [*PAGES, RUNBOOKS / "README.md"], ids=lambda page: page.stem)
def test_commands_in_sentences_are_there(page: Path) -> None:
    """What a sentence tells to run exists, with its options."""
    assert [] == [line for line in inline_commands(page) if not command_exists(line)]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_it_says_how_to_go_back_and_when_to_stop(page: Path) -> None:
    """Short enough for three in the morning, with a way back."""
    text = page.read_text()
    assert "**Go back**" in text
    assert "Stop" in text
    assert len(text.splitlines()) <= 90


def test_a_promise_that_is_not_kept_is_noticed(node: Node, tmp_path: Path) -> None:
    """The comparison can fail: other words, another command's status, a fence of a kind that nobody runs."""
    page = tmp_path / "page.md"
    for text in (
        "```sh\nidp keys list\n```\n```text\nRS256 … active\n```\n",
        "```sh\nidp keys rotate PS256\n```\n",
        "```sh fails\nidp keys list\n```\n",
        "```sh\nuname -a\n```\n",
        "```bash\nidp keys list\n```\n",
        "```sh\nidp keys list\n",
    ):
        page.write_text(text)
        with pytest.raises(AssertionError):
            node.follow(blocks_of(page))
    assert not command_exists("idp keys explode")
    assert not command_exists("idp keys list --loudly")


@pytest.mark.parametrize(
    ("line", "seen"),
    [
        ("ok … kek", True),
        ("… kek", True),
        ("kek", False),
        ("ok  kek", True),
        ("ok … key", False),
        ("fail … kek", False),
    ],
)
def test_how_lines_are_compared(line: str, seen: bool) -> None:  # noqa: FBT001 - the case's own value
    """From the line's start, unless it begins with the sign for anything."""
    assert seen is shown_by(line, "fail  keys\nok    kek is private\n")
