"""What docs/for-relying-parties.md and docs/for-the-security-team.md say is what the code does."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path

import pytest

from idp.audit.events import EventType
from idp.audit.models import PERSONAL_DAYS
from idp.cli import COMMANDS
from idp.clients.client import STANDARD_SCOPES
from idp.clients.policy import AUTH_METHODS
from idp.clients.profiles import PROFILES
from idp.edge import JWKS_CACHE
from idp.issuance.claims import SCOPE_CLAIMS
from idp.issuance.lifetimes import Lifetimes
from idp.mfa.policy import LEVELS, PWD, Way, acr_of, amr_of
from idp.oidc.client_assertion import LONGEST_LIFE
from idp.sessions.policy import ORDINARY
from keys.rotation import ACTIVATION_DELAY

CHECKOUT = Path(__file__).parents[3]
PAGE = (CHECKOUT / "docs" / "for-relying-parties.md").read_text()
SECURITY = (CHECKOUT / "docs" / "for-the-security-team.md").read_text()
UNITS = {"s": 1, "min": 60, "h": 3600, "days": 86_400}
LIFETIMES = Lifetimes()


def rows(heading: str) -> dict[str, list[str]]:
    """Return the rows of the tables under a heading, by their first cell."""
    section = re.split(r"^## ", PAGE.split(f"## {heading}\n")[1], flags=re.MULTILINE)[0]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in section.splitlines() if line[:1] == "|"]
    return {first: rest for first, *rest in cells if not first.startswith("---")}


def named(text: str) -> list[str]:
    """Return what stands in code marks."""
    return re.findall(r"`([^`]+)`", text)


@pytest.mark.parametrize(
    ("what", "seconds"),
    [
        ("code", LIFETIMES.code),
        ("access token", LIFETIMES.access_token),
        ("ID token", LIFETIMES.id_token),
        ("logout token", LIFETIMES.logout_token),
        ("refresh token, unused", LIFETIMES.refresh_idle),
        ("refresh tokens of one sign-in, in all", LIFETIMES.refresh_absolute),
        ("repeat of a rotated refresh token", LIFETIMES.refresh_grace),
        ("a sign-in in progress", LIFETIMES.journey),
        ("single sign-on session, unused", ORDINARY.idle),
        ("single sign-on session, in all", ORDINARY.absolute),
        ("published keys and metadata, in caches", float(re.findall(r"max-age=(\d+)", JWKS_CACHE)[0])),
    ],
)
def test_a_lifetime_is_the_codes(what: str, seconds: float) -> None:
    """Each row of the table of lifetimes says what the code says."""
    told = re.match(r"(\d+) (s|min|h|days)\b", rows("Lifetimes")[what][0])
    assert told is not None
    assert seconds == int(told[1]) * UNITS[told[2]]


def test_every_scope_has_its_row_and_its_claims() -> None:
    """Scopes in the order of discovery, each with exactly its claims."""
    table = rows("Scopes")
    assert [f"`{scope}`" for scope in STANDARD_SCOPES] == [name for name in table if name != "scope"]
    assert {scope: list(claims) for scope, claims in SCOPE_CLAIMS.items()} == {
        scope: named(table[f"`{scope}`"][0]) for scope in SCOPE_CLAIMS
    }


def test_the_claims_of_tokens_are_those_that_are_minted() -> None:
    """A claim that a token gains or loses changes the page."""
    source = (CHECKOUT / "idp" / "issuance" / "mint.py").read_text()
    of_both, rest = source.split("def access_token(")
    access, identity = rest.split("def id_token(")
    table = {name: cells for names, cells in rows("Claims of the tokens").items() for name in named(names)}
    for place, body in ((0, of_both + identity), (1, of_both + access)):
        minted = set(re.findall(r'"([a-z_]+)": ', body)) | set(re.findall(r'claims\["([a-z_]+)"\]', body))
        assert minted - {"userinfo_claims"} == {name for name, cells in table.items() if cells[place] != "–"}


def test_each_level_has_its_row_and_its_methods() -> None:
    """In the order of the levels, with every method that can stand in `amr` there."""
    table = rows("How sure a sign-in is")
    assert [f"`{level}`" for level in LEVELS] == [name for name in table if name.startswith("`urn:")]
    for way in Way:
        ways = {Way.PASSWORD, way}
        told = set(named(table[f"`{acr_of(ways)}`"][1]))
        assert set(amr_of(ways)) - {"pwd"} <= told | {"pwd"}, way


def test_the_claims_of_logout_tokens_are_those_that_are_minted() -> None:
    """And the one that they never have."""
    source = (CHECKOUT / "idp" / "issuance" / "logout_token.py").read_text()
    told = {name for names in rows("Hearing of sign-outs") for name in named(names)}
    assert set(re.findall(r'"([a-z_]+)": ', source)) | {"nonce"} == told


def test_the_page_names_todays_acr_and_profiles() -> None:
    """And the algorithms of both profiles, and every way to authenticate."""
    assert f"`{PWD}` and `pwd`" in PAGE
    assert {"`ES256`", "`RS256`"} == {f"`{profile.signing_alg}`" for profile in PROFILES.values()}
    assert [] == [method for method in AUTH_METHODS if f"`{method}`" not in PAGE]
    assert 600 == LONGEST_LIFE


def test_every_error_of_the_code_has_its_row() -> None:
    """An error that an app can meet is explained to whoever wrote the app."""
    explained = {name for names in rows("Errors") for name in named(names)}
    sources = [*(CHECKOUT / "idp" / "oidc").rglob("*.py"), CHECKOUT / "idp" / "flows" / "next_step.py"]
    text = "\n".join(path.read_text() for path in sources)
    raised = set(re.findall(r'(?:ProtocolError|refuse|_bearer_error|RedirectedError)\(\s*"([a-z_]+)"', text))
    raised |= set(re.findall(r'"([a-z_]+_required|access_denied|invalid_grant|invalid_client)"', text))
    assert {"invalid_request", "invalid_grant", "login_required", "invalid_token"} <= raised
    assert set() == raised - explained


def test_the_security_teams_figures_are_the_codes() -> None:
    """How long until a new key signs, and how long personal values are kept."""
    assert f"signs {ACTIVATION_DELAY:.0f} s later" in SECURITY
    assert f"for {PERSONAL_DAYS} days" in SECURITY


def test_every_event_that_the_pages_name_exists() -> None:
    """Alarms are built on these names."""
    families = {event.value.split(".")[0] for event in EventType}
    for name in named(SECURITY):
        if re.fullmatch(r"[a-z_]+\.[a-z_]+", name):
            assert name in set(EventType)
        elif match := re.fullmatch(r"([a-z_]+)\.…?", name):
            assert match[1] in families


@pytest.mark.parametrize("page", [PAGE, SECURITY], ids=["relying parties", "security team"])
def test_every_command_that_the_pages_name_exists(page: str) -> None:
    """What is written can be typed; what is still to come is named as such."""
    ready = page.split("## Not yet", maxsplit=1)[0]
    for group, act in re.findall(r"`idp ([a-z]+) ?([a-z-]*)", ready):
        assert group in COMMANDS
        command = import_module(f"idp.cli.{group}")
        assert not act or act in getattr(command, group).commands
