"""Every page for everybody: axe finds nothing, light or dark, wide or at 400 % zoom; nothing moves, nothing is cut."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page

from tests.browser.axe import faults_on
from tests.browser.conftest import NewPage
from tests.browser.demo import Demo
from tests.browser.gallery import (
    SCENES,
    Scene,
    change_password,
    cookies_off,
    demo_connect,
    demo_home,
    demo_mailbox,
    foreign_address,
    not_found,
    sign_in_alone,
    sign_in_failed,
    unknown_client,
)
from tests.browser.relying_party import RelyingParty
from tests.browser.steps import width_beyond

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser-looks")]
# A window of 1280 × 1024 at 400 % zoom is 320 × 256 pixels of style sheets (WCAG 2.2 SC 1.4.10).
WIDE, ZOOMED = {"width": 1280, "height": 1024}, {"width": 320, "height": 256}
SMALLEST_TARGET = 24
WITHOUT_A_PERSON = (
    *(sign_in_alone, sign_in_failed, change_password, unknown_client, foreign_address, cookies_off, not_found),
    *(demo_home, demo_connect, demo_mailbox),
)
ENGLISH = re.compile(r"\b(the|and|your|of|is)\b")


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.__name__)
def test_the_page_is_for_everybody(new_page: NewPage, demo: Demo, app: RelyingParty, scene: Scene) -> None:
    """No fault by axe in either colour scheme and either size, no sideways scrolling, no target too small to hit."""
    page = new_page(viewport=WIDE, reduced_motion="reduce")
    scene(page, demo, app)
    assert [] == faults_on(page)
    assert [] == moving_parts(page)

    page.set_viewport_size(ZOOMED)  # type: ignore[arg-type]
    assert 0 == width_beyond(page)
    assert [] == small_targets(page)
    page.emulate_media(color_scheme="dark")
    assert [] == faults_on(page)


@pytest.mark.parametrize("scene", WITHOUT_A_PERSON, ids=lambda scene: scene.__name__)
def test_german_words_fit_as_well(new_page: NewPage, demo: Demo, app: RelyingParty, scene: Scene) -> None:
    """Longer words break no page of 320 pixels, and what the page is written in is what it says it is."""
    page = new_page(viewport=ZOOMED, locale="de-DE")
    scene(page, demo, app)
    assert 0 == width_beyond(page)
    assert "de" == page.locator("html").get_attribute("lang")
    assert [] == ENGLISH.findall(prose_of(page))


def test_axe_would_find_a_fault(page: Page, demo: Demo) -> None:
    """A picture without words is found on the very pages that are said to have no fault."""
    page.goto(demo.issuer)
    page.evaluate("document.querySelector('main').append(document.createElement('img'))")
    assert ["image-alt"] == [fault.partition(":")[0] for fault in faults_on(page)]


def prose_of(page: Page) -> str:
    """Give what the page says in words, without code and what it says to be in another language."""
    return str(
        page.evaluate(
            """() => {
                const copy = document.body.cloneNode(true);
                copy.querySelectorAll("code, pre, script, [lang]").forEach(one => one.remove());
                return copy.textContent;
            }"""
        )
    )


def moving_parts(page: Page) -> list[str]:
    """Give what still moves although the person asked for less motion."""
    return list(
        page.evaluate(
            """() => [...document.querySelectorAll("*")].filter(one => {
                const look = getComputedStyle(one);
                return parseFloat(look.transitionDuration) > 0 || look.animationName !== "none";
            }).map(one => one.outerHTML.slice(0, 80))"""
        )
    )


def small_targets(page: Page) -> list[str]:
    """Give what can be pressed and is lower than 24 pixels (SC 2.5.8)."""
    return list(
        page.evaluate(
            """least => [...document.querySelectorAll("a, button, summary, input:not([type=hidden])")].filter(one => {
                const box = one.getBoundingClientRect();
                return !one.matches(".visually-hidden") && box.height > 0 && box.height < least;
            }).map(one => one.outerHTML.slice(0, 120))""",
            SMALLEST_TARGET,
        )
    )
