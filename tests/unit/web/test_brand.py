"""How relying parties appear."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idp.clients.client import Client, decode_client
from idp.web.brand import NEUTRAL, Brand, brand_of
from idp.web.colour import BadColour, contrast, ink_on


def client(**metadata: object) -> Client:
    """A registered client with these members."""
    return decode_client("driver-portal", {"client_name": "Driver Portal", **metadata}, [], None)


def test_contrast_is_wcags() -> None:
    """Black on white is 21 to 1, a colour on itself 1 to 1, and a known grey is where the tables say."""
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#123456", "#123456") == pytest.approx(1)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.01)


@given(st.integers(0, 0xFFFFFF))
def test_text_on_any_accent_can_be_read(colour: int) -> None:
    """Whatever colour an app registers, the letter on it reaches AA."""
    accent = f"#{colour:06x}"
    assert contrast(accent, ink_on(accent)) >= 4.5


@pytest.mark.parametrize("colour", ["", "red", "#fff", "#12345g", "#1234567", "#123456;", "url(x)"])
def test_only_plain_colours_are_taken(colour: str) -> None:
    """Nothing else gets into a page."""
    with pytest.raises(BadColour):
        Brand(name="App", accent=colour)


@pytest.mark.parametrize("member", ["logo_uri", "policy_uri", "tos_uri"])
@pytest.mark.parametrize("address", ["javascript:alert(1)", "data:text/html,x", "//cdn.example.com/x", "/x"])
def test_links_that_could_run_are_refused(member: str, address: str) -> None:
    """A brand with an address that is not on the web is not made."""
    with pytest.raises(ValueError, match=r"linked|address"):
        Brand(name="App", **{member: address})


def test_a_clients_registration_becomes_its_brand() -> None:
    """Name, addresses and colour come from the registration, the host from the request's address."""
    brand = brand_of(
        client(logo_uri="https://cdn.example.com/l.svg", accent="#B4472E", support_phone="+49 30 5550 0111"),
        return_address="https://portal.example.com/callback",
    )
    assert brand == Brand(
        name="Driver Portal",
        return_host="portal.example.com",
        logo_uri="https://cdn.example.com/l.svg",
        accent="#B4472E",
        support_phone="+49 30 5550 0111",
    )


def test_a_stored_fault_is_left_out() -> None:
    """An old row with an odd address costs the link and not the page."""
    brand = brand_of(client(logo_uri="javascript:alert(1)", policy_uri="", accent="red"), return_address="x")
    assert brand == Brand(name="Driver Portal", accent=NEUTRAL)


@pytest.mark.parametrize(("name", "expected"), [("driver", "D"), ("»Émile«", "É"), ("--", "?"), ("", "?")])
def test_a_missing_logo_becomes_a_letter(name: str, expected: str) -> None:
    """The first letter or digit stands in."""
    assert expected == Brand(name=name).initial
