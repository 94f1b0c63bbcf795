"""Where a post came from."""

import pytest

from idp.web.same_origin import CrossOrigin, require_same_origin

ORIGIN = "https://login.example.com"


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Sec-Fetch-Site": "same-origin", "Origin": ORIGIN},
        {"Sec-Fetch-Site": "none"},
        {"Origin": ORIGIN},
        {"Referer": f"{ORIGIN}/sign-in"},
        {"Referer": ORIGIN},
    ],
)
def test_our_own_pages_and_silent_clients_pass(headers: dict[str, str]) -> None:
    """What does not speak against us passes; the form token is checked besides."""
    require_same_origin(headers, origin=ORIGIN)


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site", "Origin": ORIGIN},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": ""},
        {"Origin": "null"},
        {"Origin": ""},
        {"Origin": "https://evil.example"},
        {"Origin": f"{ORIGIN}.evil.example"},
        {"Origin": "http://login.example.com"},
        {"Origin": f"{ORIGIN}:8443"},
        {"Origin": f"{ORIGIN}, https://evil.example"},
        {"Referer": "https://evil.example/"},
        {"Referer": f"{ORIGIN}.evil.example/"},
        {"Referer": ""},
    ],
)
def test_other_sites_are_refused(headers: dict[str, str]) -> None:
    """A sibling host, another port, a sandboxed frame: none of them is us."""
    with pytest.raises(CrossOrigin):
        require_same_origin(headers, origin=ORIGIN)
