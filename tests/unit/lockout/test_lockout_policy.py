"""What guesses are counted by."""

import pytest

from idp.lockout.keys import address_key, identifier_key
from idp.lockout.policy import BUDGETS, Budget, GuessKind, network_of
from idp.lockout.reservation import Reservation, TooManyGuesses
from keys.mac import MacKey

KEY = MacKey({1: b"1" * 32}, "lookup")


def test_the_budgets_are_the_decided_ones() -> None:
    """Ten failures per name in half an hour, a hundred per network in an hour."""
    assert Budget(failures=10, seconds=1800.0) == BUDGETS[GuessKind.IDENTIFIER]
    assert Budget(failures=100, seconds=3600.0) == BUDGETS[GuessKind.ADDRESS]


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:0DB8:1:2:ffff::1", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::1", "2001:db8:1:3::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", "elsewhere"),
        ("unix:", "elsewhere"),
        ("192.0.2.7.evil", "elsewhere"),
    ],
)
def test_an_address_counts_as_its_network(address: str, network: str) -> None:
    """A household of IPv6 has 2**64 addresses and one budget; what is no address has one together."""
    assert network == network_of(address)


def test_keys_hide_what_they_stand_for() -> None:
    """A copy of the counters tells neither what was typed nor from where, and can't be searched without the key."""
    typed = identifier_key(KEY, identifier="hunter2")
    assert ("typed:", 49) == (typed[:6], len(typed))
    assert typed != identifier_key(MacKey({1: b"2" * 32}, "lookup"), identifier="hunter2")
    assert address_key(KEY, address="2001:db8::1") == address_key(KEY, address="2001:db8::2")
    assert identifier_key(KEY, identifier="192.0.2.7")[6:] != address_key(KEY, address="192.0.2.7")[8:]


def reservation(*, address: float | None, identifier: float | None) -> Reservation:
    """Make a reservation that ends at 9 where it is refused."""
    return Reservation(
        address_key="a", address_window=address, identifier_key="i", identifier_window=identifier, ends_at=9.0
    )


def test_both_budgets_admit_or_none() -> None:
    """The refusal names the budget that is used up and when it begins anew."""
    reservation(address=1.0, identifier=1.0).require_admitted()
    for refused, kind in (
        (reservation(address=None, identifier=None), GuessKind.ADDRESS),
        (reservation(address=1.0, identifier=None), GuessKind.IDENTIFIER),
    ):
        with pytest.raises(TooManyGuesses) as raised:
            refused.require_admitted()
        assert (kind, 9.0) == (raised.value.kind, raised.value.ends_at)
