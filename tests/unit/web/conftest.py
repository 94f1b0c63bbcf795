"""Pages over the real templates, and what tests look for in them."""

from pathlib import Path

import pytest

from idp.web.brand import Brand
from idp.web.render import PageFacts, Pages
from idp.wording import Wording

TEMPLATES = Path(__file__).parents[3] / "templates"


def facts(*, demo: bool = False) -> PageFacts:
    """Facts of a service with every one filled in."""
    return PageFacts(
        issuer="https://login.example.com",
        imprint_uri="https://www.example.com/imprint",
        privacy_uri="https://www.example.com/privacy",
        accessibility_uri="https://www.example.com/accessibility",
        support_phone="+49 30 5550 0100",
        report_address="phishing@example.com",
        secure=True,
        demo=demo,
    )


@pytest.fixture(scope="session")
def templates() -> Path:
    """The folder of the real templates."""
    return TEMPLATES


@pytest.fixture(scope="session")
def wording() -> Wording:
    """The committed catalogues."""
    return Wording.open()


@pytest.fixture(scope="session")
def pages(wording: Wording) -> Pages:
    """Pages as production shows them."""
    return Pages(TEMPLATES, wording, facts())


@pytest.fixture(scope="session")
def demo_pages(wording: Wording) -> Pages:
    """Pages as the demo shows them."""
    return Pages(TEMPLATES, wording, facts(demo=True))


@pytest.fixture
def brand() -> Brand:
    """A relying party with everything filled in."""
    return Brand(
        name="Driver Portal",
        return_host="portal.example.com",
        logo_uri="https://cdn.example.com/logo.svg",
        policy_uri="https://portal.example.com/privacy",
        tos_uri="https://portal.example.com/terms",
        accent="#b4472e",
        support_phone="+49 30 5550 0111",
    )
