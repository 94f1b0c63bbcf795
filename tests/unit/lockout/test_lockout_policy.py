"""What guesses are counted by, how many there are, and how long the next one waits."""

import pytest

from idp.lockout.keys import address_key, identifier_key, work_key
from idp.lockout.origin import Origin, origin_of
from idp.lockout.places import HOUR, LIMITS, PlaceLimits, hour_of, network_of, wider_network_of
from idp.lockout.policy import BUDGETS, STOP_AFTER, Budget, GuessKind, delay_after
from idp.lockout.reservation import GuessTooSoon, Reservation, TooManyGuesses, WorkDue
from keys.mac import MacKey

KEY = MacKey({1: b"1" * 32}, "lookup")
NOON = 1_800_014_400.0


def test_the_budgets_are_the_decided_ones() -> None:
    """Ten failures per class of devices in half an hour, a hundred in a row; networks slow down at 100, end at 1000."""
    assert Budget(failures=10, seconds=1800.0) == BUDGETS[GuessKind.IDENTIFIER]
    assert 100 == STOP_AFTER
    assert {
        GuessKind.ADDRESS: PlaceLimits(work=100, refused=1000),
        GuessKind.NETWORK: PlaceLimits(work=1000, refused=10_000),
    } == LIMITS


def test_codes_have_budgets_of_their_own() -> None:
    """Ten guesses an hour at second factors, five texts an hour."""
    assert Budget(failures=10, seconds=3600.0) == BUDGETS[GuessKind.FACTOR]
    assert Budget(failures=10, seconds=3600.0) == BUDGETS[GuessKind.CODE]
    assert Budget(failures=5, seconds=3600.0) == BUDGETS[GuessKind.SEND]


def test_six_guesses_are_free_and_the_last_wait_longer() -> None:
    """People who mistype wait for nothing at first, and for seconds at most."""
    assert [0.0] * 6 + [1.0, 2.0, 4.0, 8.0, 0.0] == [delay_after(failures) for failures in range(11)]


@pytest.mark.parametrize(
    ("address", "network", "wider"),
    [
        ("192.0.2.7", "192.0.2.7", "192.0.2.0/24"),
        ("::ffff:192.0.2.7", "192.0.2.7", "192.0.2.0/24"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64", "2001:db8:1::/48"),
        ("2001:0DB8:1:2:ffff::1", "2001:db8:1:2::/64", "2001:db8:1::/48"),
        ("2001:db8:1:3::1", "2001:db8:1:3::/64", "2001:db8:1::/48"),
        ("fe80::1%eth0", "fe80::/64", "fe80::/48"),
        ("", "elsewhere", "elsewhere"),
        ("unix:", "elsewhere", "elsewhere"),
        ("192.0.2.7.evil", "elsewhere", "elsewhere"),
    ],
)
def test_an_address_counts_as_its_networks(address: str, network: str, wider: str) -> None:
    """A household of IPv6 has 2**64 addresses and one budget; what is no address has one together."""
    assert (network, wider) == (network_of(address), wider_network_of(address))


def test_keys_hide_what_they_stand_for() -> None:
    """A copy of the counters tells neither what was typed nor from where, and can't be searched without the key."""
    typed = identifier_key(KEY, identifier="hunter2")
    assert ("typed:", 49) == (typed[:6], len(typed))
    assert typed != identifier_key(MacKey({1: b"2" * 32}, "lookup"), identifier="hunter2")
    assert address_key(KEY, address="2001:db8::1") == address_key(KEY, address="2001:db8::2")
    assert identifier_key(KEY, identifier="192.0.2.7")[6:] != address_key(KEY, address="192.0.2.7")[8:]


def origin(*, name: str = "tom", address: str = "192.0.2.7", device: bytes | None = None, now: float = NOON) -> Origin:
    """Describe where a guess comes from."""
    return origin_of(KEY, identifier=name, address=address, device_digest=device, now=now)


def test_a_pair_is_a_browser_and_a_name_in_one_hour() -> None:
    """Another name, browser, network or hour is another pair."""
    others = [
        origin(name="dana"),
        origin(device=b"d" * 32),
        origin(address="192.0.2.8"),
        origin(now=NOON + HOUR),
    ]
    assert 5 == len({each.pair_key for each in [origin(), *others]})
    assert origin().pair_key == origin(now=NOON + HOUR - 1).pair_key


def test_places_count_by_the_clock_hour() -> None:
    """Two addresses of a network share its budget alone; the next hour has budgets of its own."""
    assert origin().network_key == origin(address="192.0.2.8").network_key
    assert origin().address_key != origin(address="192.0.2.8").address_key
    assert origin().address_key != origin(now=NOON + HOUR).address_key
    assert NOON == hour_of(NOON + 3599.9)


def test_nobody_shares_a_place_behind_a_silent_proxy() -> None:
    """Where no address is told, each name is a place of its own: no guesser slows down the others."""
    dana, tom = (origin(name=name, address="") for name in ("dana", "tom"))
    assert (False, False) == (dana.address_key == tom.address_key, dana.network_key == tom.network_key)


def test_work_pays_in_one_journey_and_network() -> None:
    """Neither another journey nor another network has anything from it."""
    key = work_key(KEY, journey_id="one", address="192.0.2.7")
    assert key != work_key(KEY, journey_id="two", address="192.0.2.7")
    assert key != work_key(KEY, journey_id="one", address="192.0.2.8")


def test_a_refused_guess_is_not_checked() -> None:
    """The refusal names the budget that is used up and when it begins anew."""
    Reservation(origin=origin(), key="k", window=1.0).require_admitted()
    refused = Reservation(origin=origin(), key="k", refusal=TooManyGuesses(GuessKind.IDENTIFIER, 9.0))
    with pytest.raises(TooManyGuesses) as raised:
        refused.require_admitted()
    assert (GuessKind.IDENTIFIER, 9.0) == (raised.value.kind, raised.value.ends_at)


@pytest.mark.parametrize(
    ("refusal", "device_id", "counts"),
    [
        (None, None, True),
        (TooManyGuesses(GuessKind.IDENTIFIER, 9.0), None, True),
        (None, "known", False),
        (GuessTooSoon(GuessKind.IDENTIFIER, 9.0), None, False),
        (WorkDue(GuessKind.ADDRESS, 9.0), None, False),
        (TooManyGuesses(GuessKind.ADDRESS, 9.0), None, False),
    ],
)
def test_what_counts_for_a_place(refusal: TooManyGuesses | None, device_id: str | None, counts: bool) -> None:  # noqa: FBT001 - a row of the table above
    """What was looked at in an unknown browser, and guesses at a name that rests."""
    reservation = Reservation(origin=origin(), key="k", device_id=device_id, refusal=refusal)
    assert counts is reservation.counts_for_place
