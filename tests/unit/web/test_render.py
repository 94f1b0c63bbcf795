"""Every page: whole, escaped, without inline script or style, and with a name for whatever is asked."""

from pathlib import Path
from types import SimpleNamespace

import pytest
from jinja2 import UndefinedError

from idp.web.brand import Brand
from idp.web.render import Pages
from idp.wording import LANGUAGES, Language
from tests.unit.web.page_samples import SAMPLES, seen

# What strangers may get into a page: state, error_description, a client's name, a login hint (T92).
HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' autofocus onfocus='alert(1)",
    "</title><svg onload=alert(1)>",
    "{{ 7 * 7 }}{% raw %}",
    "%(name)s %s %%",
    "javascript:alert(1)",
    "&lt;b&gt; &amp;",
    "\u202e\u2066evil",
    "A" * 5000,
]


@pytest.mark.parametrize("heading", SAMPLES)
def test_each_page_has_its_one_heading(pages: Pages, brand: Brand, heading: str) -> None:
    """The headings are interface: certification and support read them."""
    page = seen(SAMPLES[heading](pages, "en", "Dana", brand))
    assert page.headings == [heading.strip()]


@pytest.mark.parametrize("heading", SAMPLES)
@pytest.mark.parametrize("language", LANGUAGES)
def test_each_page_is_whole_in_every_language(pages: Pages, brand: Brand, heading: str, language: Language) -> None:
    """Language, title, landmarks, and no id twice."""
    response = SAMPLES[heading](pages, language, "Dana", brand)
    page = seen(response)
    assert page.all("html") == [{"lang": language}]
    assert response.headers["Content-Language"] == language
    assert len(page.all("main")) == len(page.all("title")) == len(page.all("footer")) == 1
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("heading", SAMPLES)
def test_nothing_runs_or_is_styled_inside_a_page(pages: Pages, brand: Brand, heading: str) -> None:
    """Scripts and styles are files of ours, so that the policy needs no exception."""
    page = seen(SAMPLES[heading](pages, "en", "Dana", brand))
    assert page.all("style") == []
    assert all((script.get("src") or "").startswith("/static/") for script in page.all("script"))
    attributes = {name for _, found in page.tags for name in found}
    assert not {name for name in attributes if name.startswith("on") or name == "style"}


@pytest.mark.parametrize("heading", SAMPLES)
def test_every_field_has_its_label(pages: Pages, brand: Brand, heading: str) -> None:
    """No placeholder stands in for one, and what describes a field exists."""
    page = seen(SAMPLES[heading](pages, "en", "Dana", brand))
    labelled = {label["for"] for label in page.all("label")}
    ids = {attributes.get("id") for _, attributes in page.tags}
    for field in page.all("input"):
        assert field["type"] == "hidden" or field.get("aria-hidden") or field["id"] in labelled
        assert "placeholder" not in field
        assert set((field.get("aria-describedby") or "").split()) <= ids


@pytest.mark.parametrize("heading", SAMPLES)
@pytest.mark.parametrize("text", HOSTILE)
def test_what_strangers_write_stays_text(pages: Pages, demo_pages: Pages, heading: str, text: str) -> None:
    """The page with hostile texts has the elements and attributes of the page with harmless ones (T92)."""
    sample = SAMPLES[heading]
    hostile_brand = Brand(name=text, return_host="portal.example.com", support_phone=text)
    for shown in (pages, demo_pages):
        harmless = seen(
            sample(shown, "en", "Dana", Brand(name="App", return_host="portal.example.com", support_phone="1"))
        )
        hostile = seen(sample(shown, "en", text, hostile_brand))
        assert [(tag, sorted(found)) for tag, found in hostile.tags] == [
            (tag, sorted(found)) for tag, found in harmless.tags
        ]
        links = [found.get("href") or "" for found in hostile.all("a")]
        assert not [link for link in links if link.lower().startswith("javascript")]


def test_a_missing_variable_is_loud(pages: Pages) -> None:
    """A page with a hole in it is not sent."""
    with pytest.raises(UndefinedError):
        pages.render("sign_in", language="en")


def test_status_and_type_are_those_of_a_page(pages: Pages) -> None:
    """HTML in UTF-8, and nothing that a cache keeps."""
    response = pages.render("demo_mailbox", language="en", status=203, messages=[])
    assert (response.status_code, response.content_type) == (203, "text/html; charset=utf-8")
    assert response.headers["Cache-Control"] == "no-store"


def test_moments_are_in_the_readers_zone(pages: Pages, brand: Brand) -> None:
    """The account's zone is used where it is known."""
    body = pages.render(
        "demo_mailbox",
        language="de",
        zone="Europe/Berlin",
        messages=[
            SimpleNamespace(name="1", language="en", recipient="d", subject="s", text="t", sent_at=1_795_345_200.0)
        ],
    ).get_data(as_text=True)
    assert "22. November 2026, 12:00 Uhr MEZ" in body


def test_the_footer_says_where_we_are(pages: Pages) -> None:
    """Address, support, imprint, privacy, accessibility, and where to report a message."""
    body = pages.render("demo_mailbox", language="en", messages=[]).get_data(as_text=True)
    footer = body[body.index("<footer") :]
    assert "https://login.example.com" in footer
    for address in ("imprint", "privacy", "accessibility"):
        assert f'href="https://www.example.com/{address}"' in footer
    assert 'href="tel:+493055500100"' in footer
    assert 'href="mailto:phishing@example.com"' in footer


def test_templates_say_what_they_need(templates: Path) -> None:
    """The first lines of each page name its context."""
    for template in templates.glob("*.html"):
        assert template.read_text().startswith("{#- "), template.name
