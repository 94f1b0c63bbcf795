"""What single pages promise to people, to password managers and to certification."""

import pytest

from idp.web.brand import Brand
from idp.web.form_post import form_post_page
from idp.web.origins import UnsafeAddress
from idp.web.render import Pages
from tests.unit.web.page_samples import consent, form_post, seen, sign_in, sign_in_first


def test_what_was_typed_is_kept_and_the_password_is_not(pages: Pages, brand: Brand) -> None:
    """A person does not type a user ID twice."""
    page = seen(sign_in(pages, "en", 'da"na', brand))
    inputs = {found["name"]: found for found in page.all("input")}
    user_id, password = inputs["user_id"], inputs["password"]
    assert (user_id["name"], user_id["value"], user_id["autocomplete"]) == ("user_id", 'da"na', "username webauthn")
    assert (password["name"], password["autocomplete"]) == ("password", "current-password")
    assert "value" not in password


def test_a_form_in_error_says_so_first(pages: Pages, brand: Brand) -> None:
    """Title, summary with links to the fields, and the same words beside them."""
    page = seen(sign_in(pages, "en", "dana", brand))
    assert "".join(page.texts).strip().startswith("Error: Sign in")
    shown = [found for _, found in page.tags if found.get("role") == "alert" and "hidden" not in found]
    assert [found["id"] for found in shown] == ["error-summary"]
    assert {"#user_id", "#password"} <= {found.get("href") for found in page.all("a")}
    assert sum("Enter your user ID or e-mail address." in text for text in page.texts) == 2
    assert not [found for _, found in page.tags if "autofocus" in found]


def test_the_first_field_has_the_focus(pages: Pages, brand: Brand) -> None:
    """The password has it once the user ID is there."""
    first = seen(sign_in_first(pages, "en", "", brand))
    assert [found["id"] for found in first.all("input") if "autofocus" in found] == ["user_id"]
    second = seen(sign_in_first(pages, "en", "dana", brand))
    assert [found["id"] for found in second.all("input") if "autofocus" in found] == ["password"]


def test_enter_signs_in_and_does_not_cancel(pages: Pages, brand: Brand) -> None:
    """The first button of a form is the one that Enter presses; that for passkeys stands in a form of its own."""
    buttons = [found for found in seen(sign_in(pages, "en", "", brand)).all("button") if found["type"] == "submit"]
    assert [found.get("value") for found in buttons] == ["sign_in", "cancel", None]


def test_without_an_app_there_is_nothing_to_cancel(pages: Pages, brand: Brand) -> None:
    """Whoever opens the account page signs in or leaves."""
    buttons = seen(sign_in_first(pages, "en", "", brand)).all("button")
    assert [found.get("value") for found in buttons if found["type"] == "submit"] == ["sign_in", None]


def test_sign_in_shows_the_apps_logo_and_links(pages: Pages, brand: Brand) -> None:
    """Logo, policy and terms of the app are on the page, as certification asks, and the policy admits the logo."""
    response = sign_in(pages, "en", "", brand)
    page = seen(response)
    assert [found["src"] for found in page.all("img")] == [brand.logo_uri]
    assert {brand.policy_uri, brand.tos_uri} <= {found.get("href") for found in page.all("a")}
    assert "img-src 'self' https://cdn.example.com;" in response.headers["Content-Security-Policy"]


def test_allow_and_cancel_weigh_the_same(pages: Pages, brand: Brand) -> None:
    """Neither button is bigger, coloured otherwise or chosen in advance."""
    buttons = seen(consent(pages, "en", "Dana", brand)).all("button")
    assert [found["value"] for found in buttons] == ["allow", "cancel"]
    assert len({found["class"] for found in buttons}) == 1


def test_values_are_folded(pages: Pages, brand: Brand) -> None:
    """They are there without script, and not in the way."""
    details = seen(consent(pages, "en", "Dana", brand)).all("details")
    assert details == [{}]


def test_form_post_posts_to_the_app_alone(pages: Pages, brand: Brand) -> None:
    """The button works without script; the policy admits the app."""
    response = form_post(pages, "en", "x y", brand)
    page = seen(response)
    assert page.all("form") == [{"id": "form-post", "method": "post", "action": "https://portal.example.com/cb"}]
    assert [(found["name"], found["value"]) for found in page.all("input")] == [("code", "abc"), ("state", "x y")]
    assert page.all("button") == [{"class": "primary", "type": "submit"}]
    assert "form-action 'self' https://portal.example.com;" in response.headers["Content-Security-Policy"]


@pytest.mark.parametrize("action", ["javascript:alert(1)", "data:text/html,x", "/local", ""])
def test_form_post_refuses_an_address_that_would_run(pages: Pages, action: str) -> None:
    """Whatever was registered, a script is never posted to (T48)."""
    with pytest.raises(UnsafeAddress):
        form_post_page(pages, action=action, fields={}, language="en")
