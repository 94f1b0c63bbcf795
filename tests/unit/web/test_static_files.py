"""Style and scripts."""

from pathlib import Path

import flask
import pytest
from flask.testing import FlaskClient

from idp.web.render import Pages
from idp.web.static_files import serve_static


@pytest.fixture
def browser(templates: Path) -> FlaskClient:
    """A client of an app that serves nothing else."""
    app = flask.Flask("static", static_folder=None)
    serve_static(app, templates / "static")
    return app.test_client()


def test_a_fingerprinted_address_is_kept_for_long(browser: FlaskClient) -> None:
    """A file whose address changes with its content need not be asked for again."""
    response = browser.get("/static/style.css?v=abc", buffered=True)
    assert response.status_code == 200
    assert response.content_type == "text/css; charset=utf-8"
    assert response.cache_control.max_age == 31_536_000
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert "Set-Cookie" not in response.headers


def test_an_address_without_one_is_not(browser: FlaskClient) -> None:
    """Five minutes, then it is asked for again."""
    assert browser.get("/static/style.css", buffered=True).cache_control.max_age == 300


def test_the_icon_is_served(browser: FlaskClient) -> None:
    """Browsers ask for it at the root by themselves."""
    assert browser.get("/favicon.ico", buffered=True).content_type.startswith("image/svg+xml")


@pytest.mark.parametrize("name", ["../layout.html", "..%2flayout.html", "nothing.css", "", "%00"])
def test_nothing_else_is_served(browser: FlaskClient, name: str) -> None:
    """The folder above holds templates."""
    assert browser.get(f"/static/{name}").status_code == 404


def test_pages_name_files_that_exist(pages: Pages) -> None:
    """Each template's style and scripts are served."""
    body = pages.render("demo_mailbox", language="en", messages=[]).get_data(as_text=True)
    assert '<link rel="stylesheet" href="/static/style.css?v=' in body
