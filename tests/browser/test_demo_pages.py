"""The demo's own pages, with the eyes of somebody who has just typed `make run`."""

from __future__ import annotations

import signal
import sys
import time
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from idp.demo.clients import PORTS
from idp.demo.people import PASSWORD, PEOPLE
from tests.browser.conftest import NewPage
from tests.browser.demo import Demo, is_free
from tests.browser.steps import expect_heading, type_sign_in
from tests.support.processes import start, stop
from tests.support.served import environment_of

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser-portals")]


def test_the_tour_leads_round(page: Page, demo: Demo) -> None:
    """People and their password stand there; every link of the page leads to a page that works."""
    page.goto(demo.issuer)
    expect_heading(page, "See it work in five steps")
    for person in PEOPLE:
        expect(page.locator("#people ~ .people")).to_contain_text(person.name)
    expect(page.locator("main")).to_contain_text(PASSWORD)
    addresses = {str(link.get_attribute("href")) for link in page.locator("main a").all()}
    assert {demo.driver_portal, demo.fleet_portal} <= {address.rstrip("/") for address in addresses}
    for address in sorted(addresses):
        answer = page.request.get(address if address.startswith("http") else f"{demo.issuer}{address}")
        assert 200 == answer.status, address


def test_settings_can_be_copied(new_page: NewPage, demo: Demo) -> None:
    """A click copies the issuer's address, and the button says that it did."""
    page = new_page(permissions=["clipboard-read", "clipboard-write"])
    page.goto(f"{demo.issuer}/demo/connect")
    page.get_by_role("button", name=f"Copy: {demo.issuer}", exact=True).click()
    expect(page.get_by_role("button", name=f"Copied: {demo.issuer}", exact=True)).to_be_visible()
    assert demo.issuer == page.evaluate("navigator.clipboard.readText()")


def test_the_python_example_runs_as_pasted(page: Page, demo: Demo, tmp_path: Path) -> None:
    """Saved as it stands, it signs Pat in and shows who came."""
    page.goto(f"{demo.issuer}/demo/connect")
    text = page.locator("pre[aria-labelledby=python]").inner_text()
    port = next((port for port in PORTS if is_free(port)), None)
    if port is None:
        pytest.skip("every port of the example is taken on this machine")
    (tmp_path / "app.py").write_text(text.replace(f"localhost:{PORTS[0]}/", f"localhost:{port}/"))
    command = [sys.executable, "-m", "flask", "--app", "app", "run", "--port", str(port)]
    process = start(command, folder=tmp_path, log=tmp_path / "log", environment=environment_of({}))
    try:
        wait_for(port)
        page.goto(f"http://localhost:{port}/")
        type_sign_in(page, demo.add_person())
        page.get_by_role("button", name="Allow").click()
        expect(page.locator("body")).to_contain_text("Pat Person")
    finally:
        stop(process, signal.SIGTERM)


def wait_for(port: int) -> None:
    """Wait until somebody listens."""
    until = time.monotonic() + 20
    while is_free(port):
        assert time.monotonic() < until, "the example did not start"
        time.sleep(0.05)


def test_the_mailbox_is_there(page: Page, demo: Demo) -> None:
    """It says what will be in it."""
    page.goto(f"{demo.issuer}/demo/mailbox")
    expect_heading(page, "Mailbox")


def test_either_name_of_this_machine_will_do(page: Page, demo: Demo) -> None:
    """Whoever types 127.0.0.1 ends at localhost, where the cookies are."""
    page.goto(f"http://127.0.0.1:{demo.port}/demo/connect")
    assert f"{demo.issuer}/demo/connect" == page.url
    page.goto(f"http://127.0.0.1:{demo.port + 1}/")
    assert f"{demo.driver_portal}/" == page.url
