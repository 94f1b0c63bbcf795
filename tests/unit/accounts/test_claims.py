"""The standard claims of OpenID Connect Core §5.1, as an account has them."""

from dataclasses import replace

from idp.accounts.claims import standard_claims
from idp.accounts.facts import AccountFacts

DANA = AccountFacts(
    id="a" * 22,
    user_id="dana",
    user_id_key="dana",
    kind="consumer",
    status="active",
    email="dana@example.com",
    email_key="dana@example.com",
    email_verified=True,
    phone_number="+15555550100",
    phone_number_verified=False,
    claims={
        "name": "Dana Driver",
        "given_name": "Dana",
        "middle_name": "",
        "address": {"street_address": "1 Main St", "country": "US", "region": ""},
    },
    locale="en-US",
    created_at=1.5,
    updated_at=1_700_000_000.9,
    not_before=None,
)


def test_claims_come_from_columns_and_document() -> None:
    """Each claim has one place; the user ID is the preferred user name."""
    expected = {"name": "Dana Driver", "preferred_username": "dana", "locale": "en-US", "email": "dana@example.com"}
    assert expected == standard_claims(DANA, ["name", "preferred_username", "locale", "email"])


def test_claims_without_a_value_are_left_out() -> None:
    """A claim is absent, never null or empty (§5.3.2)."""
    assert {"given_name": "Dana"} == standard_claims(DANA, ["given_name", "middle_name", "family_name"])


def test_updated_at_is_whole_seconds() -> None:
    """`updated_at` is a JSON number of seconds."""
    assert {"updated_at": 1_700_000_000} == standard_claims(DANA, ["updated_at"])


def test_an_address_is_an_object_of_what_is_known() -> None:
    """§5.1.1: members without a value are left out, and an empty address is none."""
    assert {"address": {"street_address": "1 Main St", "country": "US"}} == standard_claims(DANA, ["address"])
    assert {} == standard_claims(replace(DANA, claims={"address": {"region": ""}}), ["address"])


def test_false_is_a_value() -> None:
    """An unverified number says so, as long as there is one."""
    assert {"phone_number_verified": False} == standard_claims(DANA, ["phone_number_verified"])
    assert {} == standard_claims(replace(DANA, phone_number=None), ["phone_number", "phone_number_verified"])
    assert {} == standard_claims(replace(DANA, email=None), ["email", "email_verified"])


def test_only_claims_about_the_person_are_given() -> None:
    """Whatever is asked for, nothing leaves that is no standard claim."""
    assert {} == standard_claims(DANA, ["status", "kind", "password", "user_id_key", "sub", "address.country"])
