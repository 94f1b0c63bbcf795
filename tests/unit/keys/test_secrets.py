"""The secrets of the service."""

import secrets
from dataclasses import replace

import pytest

from keys.canary import check_canary, new_canary
from keys.errors import BadTag, KeyDamaged, SealBroken, SecretMissing, WrongKek
from keys.kek import FileKek
from keys.new_records import new_secret
from keys.purposes import FOUNDING_SECRETS, Purpose
from keys.records import KeyRecord
from keys.secrets import ServiceSecrets
from tests.unit.keys.conftest import NOW


def with_second_version(rows: list[KeyRecord], kek: FileKek, purpose: Purpose) -> list[KeyRecord]:
    """The rows after a secret got a successor."""
    return [*rows, new_secret(purpose, kek=kek, epoch=2, now=NOW, entropy=secrets.token_bytes, version=2)]


def test_a_wrong_kek_stops_the_start(secret_rows: list[KeyRecord]) -> None:
    """The canary names the wanted key and what to do."""
    with pytest.raises(WrongKek, match=r"IDP_KEK_FILE.*backup"):
        ServiceSecrets.open(secret_rows, FileKek(secrets.token_bytes(32)))


def test_no_keys_yet_names_the_command(kek: FileKek) -> None:
    """Without a canary there has been no `idp keys init`."""
    with pytest.raises(SecretMissing, match="idp keys init"):
        check_canary([], kek)


def test_a_damaged_canary_is_no_wrong_kek(kek: FileKek, secret_rows: list[KeyRecord]) -> None:
    """A canary wrapped by this key that does not open was altered."""
    with pytest.raises(KeyDamaged):
        check_canary([replace(secret_rows[0], wrapped=b"")], kek)


def test_a_canary_that_sings_another_song_is_refused(kek: FileKek, secret_rows: list[KeyRecord]) -> None:
    """Its text counts, not only that it opens."""
    sealing = next(row for row in secret_rows if row.purpose == Purpose.SEALING)
    with pytest.raises(KeyDamaged):
        check_canary([replace(sealing, purpose="canary")], kek)


@pytest.mark.parametrize("purpose", FOUNDING_SECRETS)
def test_a_lost_secret_is_named(kek: FileKek, secret_rows: list[KeyRecord], purpose: Purpose) -> None:
    """Nothing opens half."""
    with pytest.raises(SecretMissing, match=purpose):
        ServiceSecrets.open([row for row in secret_rows if row.purpose != purpose], kek)


def test_the_pepper_is_the_same_each_time(service_secrets: ServiceSecrets) -> None:
    """Version and 32 octets, other ones for another password."""
    version, octets = service_secrets.pepper.apply(b"correct horse")

    assert (1, 32) == (version, len(octets))
    assert (1, octets) == service_secrets.pepper.apply(b"correct horse", 1)
    assert octets != service_secrets.pepper.apply(b"another")[1]


def test_an_old_pepper_goes_on_verifying(kek: FileKek, secret_rows: list[KeyRecord]) -> None:
    """With a second version new hashes use it, and old ones are made with the first."""
    before = ServiceSecrets.open(secret_rows, kek).pepper
    after = ServiceSecrets.open(with_second_version(secret_rows, kek, Purpose.PEPPER), kek).pepper

    assert before.apply(b"password") == after.apply(b"password", 1)
    assert 2 == after.apply(b"password")[0]
    with pytest.raises(SecretMissing, match="version 2"):
        before.apply(b"password", 2)


def test_what_is_sealed_opens(service_secrets: ServiceSecrets) -> None:
    """With the same purpose and context, and the ciphertext differs each time."""
    sealer = service_secrets.sealer("totp seed")
    first, second = sealer.seal(b"seed", b"row 1"), sealer.seal(b"seed", b"row 1")

    assert first != second
    assert b"seed" == service_secrets.sealer("totp seed").open(first, b"row 1")


def test_nothing_else_opens(service_secrets: ServiceSecrets) -> None:
    """Another purpose, another context, any flipped octet, any cut."""
    sealer = service_secrets.sealer("totp seed")
    sealed = sealer.seal(b"seed", b"row 1")
    flips = [sealed[:place] + bytes([sealed[place] ^ 1]) + sealed[place + 1 :] for place in range(len(sealed))]
    for octets in (*flips, *(sealed[:length] for length in range(len(sealed)))):
        with pytest.raises(SealBroken):
            sealer.open(octets, b"row 1")
    with pytest.raises(SealBroken):
        sealer.open(sealed, b"row 2")
    with pytest.raises(SealBroken):
        service_secrets.sealer("refresh successor").open(sealed, b"row 1")


def test_an_old_sealing_key_goes_on_opening(kek: FileKek, secret_rows: list[KeyRecord]) -> None:
    """A successor seals, both open, and before it was made its seals say so."""
    before = ServiceSecrets.open(secret_rows, kek).sealer("x")
    after = ServiceSecrets.open(with_second_version(secret_rows, kek, Purpose.SEALING), kek).sealer("x")

    assert b"old" == after.open(before.seal(b"old", b""), b"")
    with pytest.raises(SealBroken):
        before.open(after.seal(b"new", b""), b"")


def test_a_tag_is_for_its_parts(service_secrets: ServiceSecrets) -> None:
    """Parts are told apart by their lengths."""
    key = service_secrets.mac_key("proof")
    tag = key.tag(b"ab", b"c")

    key.check(tag, b"ab", b"c")
    for parts in ((b"a", b"bc"), (b"abc",), (b"ab", b"c", b""), (b"c", b"ab"), ()):
        with pytest.raises(BadTag):
            key.check(tag, *parts)
    for wrong in (b"", tag[:-1], tag + b"\0", bytes(32)):
        with pytest.raises(BadTag):
            key.check(wrong, b"ab", b"c")


def test_each_use_has_a_key_of_its_own(service_secrets: ServiceSecrets) -> None:
    """A tag made for one use is none for another."""
    uses = ("csrf", "lookup", "proof", "lookup.user_id", "lookup.address")

    assert 5 == len({service_secrets.mac_key(use).tag(b"x") for use in uses})


@pytest.mark.parametrize("use", ["pepper", "sealing", "tokens", "", "lookups", "csrf_"])
def test_other_roots_make_no_tags(service_secrets: ServiceSecrets, use: str) -> None:
    """A use without a root of its own is a mistake in the code."""
    with pytest.raises(SecretMissing):
        service_secrets.mac_key(use)


def test_an_old_mac_key_goes_on_checking(kek: FileKek, secret_rows: list[KeyRecord]) -> None:
    """Form tokens made before a change are good after it."""
    before = ServiceSecrets.open(secret_rows, kek).mac_key("csrf")
    after = ServiceSecrets.open(with_second_version(secret_rows, kek, Purpose.CSRF), kek).mac_key("csrf")

    after.check(before.tag(b"form"), b"form")
    assert before.tag(b"form") != after.tag(b"form")
    with pytest.raises(BadTag):
        before.check(after.tag(b"form"), b"form")


def test_nothing_prints(service_secrets: ServiceSecrets) -> None:
    """Reprs name the purpose, never octets."""
    assert [
        "<ServiceSecrets>",
        "<Pepper version 1>",
        "<Sealer totp seed>",
        "<MacKey csrf>",
    ] == [
        repr(thing)
        for thing in (
            service_secrets,
            service_secrets.pepper,
            service_secrets.sealer("totp seed"),
            service_secrets.mac_key("csrf"),
        )
    ]


def test_the_canary_is_wrapped_like_any_secret(kek: FileKek) -> None:
    """Two canaries of the same key differ."""
    first, second = (new_canary(kek=kek, epoch=1, now=NOW, entropy=secrets.token_bytes) for _ in range(2))

    assert first.wrapped != second.wrapped
