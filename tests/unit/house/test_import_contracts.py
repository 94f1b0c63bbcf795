"""The import contracts hold what they promise: each is shown a planted fault, in a copy of the house's outline.

The gate itself (`lint-imports` over the real tree) runs in `make check`; a contract that cannot fail would pass there.
"""

import subprocess
import sys
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[3]
CHAPTERS = sorted(
    path.stem
    for path in (CHECKOUT / "idp").iterdir()
    if (path / "__init__.py").exists() or (path.suffix == ".py" and not path.stem.startswith("__"))
)
KEPT = "0 broken"


@pytest.fixture
def outline(tmp_path: Path) -> Path:
    """Lay out the house: each chapter with one empty module, and the two imports that are always there."""
    (tmp_path / "idp").mkdir()
    (tmp_path / "idp" / "__init__.py").touch()
    for package in ("keys", *(f"idp/{chapter}" for chapter in CHAPTERS)):
        (tmp_path / package).mkdir()
        (tmp_path / package / "__init__.py").touch()
        (tmp_path / package / "thing.py").touch()
    for page in ("sign_in", "consent", "dispatcher"):
        (tmp_path / "idp" / "flows" / f"{page}.py").touch()
    (tmp_path / "idp" / "oidc" / "server.py").write_text("import authlib\nimport keys.thing\n")
    (tmp_path / "idp" / "storage" / "migrate.py").write_text("import alembic\n")
    (tmp_path / ".importlinter").write_text((CHECKOUT / ".importlinter").read_text())
    return tmp_path


def said_of(tree: Path) -> str:
    """Return what the linter prints about a tree."""
    lint = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"]
    return subprocess.run(lint, cwd=tree, capture_output=True, text=True, check=False).stdout


def test_the_outline_is_in_order(outline: Path) -> None:
    """Every contract is kept where nothing is wrong, pages that return to the dispatcher included."""
    (outline / "idp" / "flows" / "sign_in.py").write_text("import idp.flows.dispatcher\nimport flask\n")
    assert KEPT in said_of(outline)


@pytest.mark.parametrize(
    ("importer", "imported", "contract"),
    [
        ("idp/storage/thing.py", "idp.wire.thing", "Imports go downwards"),
        ("idp/accounts/thing.py", "idp.clients.thing", "Imports go downwards"),
        ("idp/acts/thing.py", "idp.settings.thing", "Imports go downwards"),
        ("idp/flows/sign_in.py", "idp.flows.consent", "Journeys never import journeys"),
        ("idp/flows/dispatcher.py", "idp.flows.consent", "Journeys never import journeys"),
        ("keys/thing.py", "idp.storage.thing", "keys stands alone"),
        ("keys/thing.py", "sqlalchemy", "keys stands alone"),
        ("idp/passwords/thing.py", "keys.thing", "Who imports keys"),
        ("idp/flows/sign_in.py", "authlib.oauth2", "Authlib in oidc only"),
        ("idp/accounts/thing.py", "alembic.op", "Alembic in storage and cli only"),
        ("idp/oidc/thing.py", "flask", "No Flask below the pages"),
    ],
)
def test_a_planted_fault_breaks_its_contract(outline: Path, importer: str, imported: str, contract: str) -> None:
    """An import that the rules forbid is reported under the contract that forbids it."""
    (outline / importer).write_text(f"import {imported}\n")
    assert f"\n{contract} BROKEN\n" in said_of(outline)


def test_a_new_folder_must_be_given_its_layer(outline: Path) -> None:
    """A chapter that nobody placed breaks the layers, so that none stands outside them unseen."""
    (outline / "idp" / "novelty").mkdir()
    (outline / "idp" / "novelty" / "__init__.py").touch()
    assert KEPT not in said_of(outline)
