"""Where to report a weakness."""

from __future__ import annotations

from idp.web.security_txt import security_txt


def test_it_names_contact_and_a_date_less_than_a_year_ahead() -> None:
    """RFC 9116 §2.5: Contact and Expires are required; an address becomes a mailto URI."""
    expected = (
        b"Contact: mailto:security@example.com\nExpires: 1970-06-30T00:00:00Z\nPreferred-Languages: en, de\n"
        b"Canonical: https://id.example.com/.well-known/security.txt\n"
    )
    assert expected == security_txt(contact="security@example.com", issuer="https://id.example.com", now=0.0)
