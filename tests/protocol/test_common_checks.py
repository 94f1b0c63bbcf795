"""What the suite checks in nearly every module by name; `candidate.py` does them along the way too."""

from __future__ import annotations

import json

import pytest

from tests.protocol.candidate import (
    NONCE,
    PUBLIC_ERROR,
    Candidate,
    check_error,
    check_success,
    has_enough_entropy,
    sign_in,
)
from tests.protocol.world import World

PRIVATE_MEMBERS = {"d", "p", "q", "dp", "dq", "qi", "k", "oth"}
EVERYTHING = "openid profile email address phone offline_access"


@pytest.fixture
def app(world: World) -> Candidate:
    """Give a client of the suite."""
    app = Candidate.register(world.service, world.name("suite"), **Candidate.profile)
    assert isinstance(app, Candidate)
    return app


def test_the_jwks_is_valid(world: World) -> None:
    """Every key has a kid of its own, an alg, a use, and no private part."""
    document = world.get("/jwks").get_json()
    kids = [key["kid"] for key in document["keys"]]
    assert len(set(kids)) == len(kids) >= 4
    for key in document["keys"]:
        assert not PRIVATE_MEMBERS & key.keys()
        assert "sig" == key["use"]
        assert key["alg"] in world.discovery()["id_token_signing_alg_values_supported"]
    assert len(document["keys"]) == len(world.keys().keys)


def test_registration_is_not_offered(world: World) -> None:
    """There is no dynamic registration, so discovery does not name it and nothing answers there."""
    assert "registration_endpoint" not in world.discovery()
    assert 404 == world.send("POST", "/register", json={}).status_code


@pytest.mark.parametrize("length", [1, 128, 384, 4096])
def test_state_comes_back_byte_for_byte(world: World, app: Candidate, length: int) -> None:
    """Up to 4096 characters, in success and in error."""
    state = ("~!*()'-._ &=+/?#%" * length)[:length]
    browser = world.browser()
    check_success(app.answer(app.finish(browser, app.ask(browser, state=state))), state)
    check_error(app.answer(app.ask(browser, state=state, response_type="token")), state)


def test_no_state_comes_back_where_none_was_sent(world: World, app: Candidate) -> None:
    """Neither in success nor in error."""
    browser = world.browser()
    check_success(app.answer(app.finish(browser, app.ask(browser, state=None))), None)
    check_error(app.answer(app.ask(browser, state=None, response_type="token")), None)


@pytest.mark.parametrize("nonce", ["n", NONCE, "n" * 384, "a b\"'<>&%+ü"])
def test_the_nonce_comes_back_exactly(world: World, app: Candidate, nonce: str) -> None:
    """As long as any profile asks for (384 characters)."""
    assert nonce == sign_in(world, app, nonce=nonce).claims["nonce"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"response_type": 'x"\\\u00e9'},
        {"scope": 'x"\\\u00e9'},
        {"prompt": 'x"\\\u00e9'},
        {"max_age": "x\r\n"},
        {"claims": '{"x'},
        {"response_mode": "x\t"},
        {"id_token_hint": "x\u00e9"},
        {"code_challenge_method": "x\n"},
    ],
    ids=lambda wrong: next(iter(wrong)),
)
def test_an_error_holds_only_what_it_may(world: World, app: Candidate, wrong: dict[str, str]) -> None:
    """Error and description keep to their character sets, whatever was sent."""
    answer = app.answer(app.ask(world.browser(), **wrong))
    check_error(answer)
    assert answer["error_description"]
    assert PUBLIC_ERROR.match(answer["error_description"])


def test_handles_cannot_be_guessed(world: World, app: Candidate) -> None:
    """Codes and refresh tokens are 43 base64url characters; no two are alike."""
    flows = [sign_in(world, app, scope=EVERYTHING) for _ in range(3)]
    handles = [flow.answer["code"] for flow in flows] + [flow.tokens["refresh_token"] for flow in flows]
    assert len(set(handles)) == len(handles)
    for handle in handles:
        assert 43 == len(handle)
        assert has_enough_entropy(handle)
    assert not has_enough_entropy("CklRXBmRSp2kqe1XM9OZbA")


def test_scopes_put_nothing_about_the_person_into_the_id_token(world: World, app: Candidate) -> None:
    """Only a claims request does; `check_id_token` allows no other claim."""
    sign_in(world, app, scope=EVERYTHING)


def test_the_claims_parameter_puts_them_there(world: World, app: Candidate) -> None:
    """Asked for by null, essential, value or values; what is not known is left out (Core §5.5)."""
    asked = {
        "name": None,
        "email": {"essential": True},
        "given_name": {"value": "Somebody Else"},
        "locale": {"values": ["en", "de"]},
        "updated_at": None,
        "https://example.com/unknown": None,
    }
    claims = sign_in(
        world, app, claims=json.dumps({"id_token": asked}), asked=frozenset(asked) - {"https://example.com/unknown"}
    ).claims
    assert ("Dana Driver", "dana@example.com", "Dana", "en") == tuple(
        claims[name] for name in ("name", "email", "given_name", "locale")
    )
