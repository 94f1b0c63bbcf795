"""One mail, one recipient, and headers that no text can add to."""

from email import message_from_bytes
from email.policy import default

import pytest

from idp.delivery.mail import Mail, Sender, UnusableAddress, compose, envelope_address

LENDER = Sender(name="Example Motor Finance", address="no-reply@example.com")


def mail(**changes: str) -> Mail:
    """Give a mail."""
    values = {"recipient": "dana@example.com", "subject": "Hello", "text": "Hello.\n", "html": "<p>Hello.</p>"}
    return Mail(**(values | {"language": "en", "key": "k1"} | changes))


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("dana@example.com", "dana@example.com"),
        ("dana+car@example.com", "dana+car@example.com"),
        ("o'hara@example.com", "o'hara@example.com"),
        ("jürgen@bücher.example", "jürgen@xn--bcher-kva.example"),
        ("d@localhost", "d@localhost"),
    ],
)
def test_addresses_that_can_be_written_to(address: str, said: str) -> None:
    """Hosts in other letters are said in ASCII."""
    assert said == envelope_address(address)


@pytest.mark.parametrize(
    "address",
    [
        "",
        "dana",
        "@example.com",
        "dana@",
        "a@b@example.com",
        "a,b@example.com",
        "a@example.com,b@example.com",
        "a@example.com;b@example.com",
        "<a@example.com>",
        "Dana <a@example.com>",
        '"a b"@example.com',
        "a b@example.com",
        "a@exa mple.com",
        "a@example.com\r\nBcc: b@example.com",
        "a\nb@example.com",
        "a\x00b@example.com",
        "a\u2028b@example.com",
        "a@[127.0.0.1]",
        "a@-example.com",
        "a@example..com",
        ".a@example.com",
        "a.@example.com",
        "a@" + "x" * 64 + ".com",
        "x" * 65 + "@example.com",
        "a@" + ".".join(["xxxxxxxxx"] * 30) + ".com",
    ],
)
def test_whatever_is_not_exactly_one_address_is_refused(address: str) -> None:
    """T60: no second recipient, no header, no comment."""
    with pytest.raises(UnusableAddress):
        envelope_address(address)
    with pytest.raises(UnusableAddress):
        compose(mail(recipient=address), LENDER, now=0.0)


@pytest.mark.parametrize("text", ["x\r\nBcc: thief@evil.example", "x\nX-Evil: 1", "x\r\n\r\nbody", "x\u2028Bcc: y"])
def test_no_text_becomes_a_header(text: str) -> None:
    """Neither the subject nor the sender's name."""
    composed = compose(mail(subject=text), Sender(name=text, address=LENDER.address), now=0.0)
    read = message_from_bytes(composed.as_bytes(), policy=default)
    assert {"Bcc", "X-Evil"}.isdisjoint(read.keys())
    assert "dana@example.com" == read["To"]


def test_both_parts_and_the_headers_of_a_machine() -> None:
    """Text first, HTML after it; nobody's out-of-office answers; the same key makes the same Message-ID."""
    read = message_from_bytes(compose(mail(), LENDER, now=1_800_000_000.0).as_bytes(), policy=default)
    assert ["text/plain", "text/html"] == [part.get_content_type() for part in read.iter_parts()]
    assert ("auto-generated", "<k1@example.com>") == (read["Auto-Submitted"], read["Message-ID"])
    assert ("Fri, 15 Jan 2027 08:00:00 -0000", "en") == (read["Date"], read["Content-Language"])


def test_lines_of_the_text_stay_what_they_are() -> None:
    """A line with a single dot does not end the message, whatever carries it."""
    read = message_from_bytes(compose(mail(text="one\n.\ntwo – drei\n"), LENDER, now=0.0).as_bytes(), policy=default)
    body = read.get_body(("plain",))
    assert body is not None
    assert ["one", ".", "two – drei"] == body.get_content().splitlines()
