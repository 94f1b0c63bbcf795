"""The ring: who signs, what is published, what is trusted."""

import json
import secrets
from dataclasses import replace

import pytest

from keys.algorithms import ALGORITHMS
from keys.errors import KeyDamaged, NoActiveKey, UnknownKey, WrongKek
from keys.kek import FileKek
from keys.records import KeyRecord
from keys.ring import KeyRing, open_signer, prove
from keys.states import KeyState
from tests.unit.keys.conftest import NOW, staged


def rotated(kek: FileKek, old: KeyRecord, *, at: float) -> tuple[KeyRecord, KeyRecord]:
    """An old key and the one that relieves it at that instant."""
    new = staged(old.algorithm, kek).moved(KeyState.ACTIVE, at=at, epoch=2)
    return old.moved(KeyState.RETIRING, at=at, epoch=2), new


def published_kids(ring: KeyRing, now: float = NOW) -> set[str]:
    """The kids of the JWKS."""
    return {key["kid"] for key in json.loads(ring.jwks(now).body)["keys"]}


def test_the_old_key_signs_until_the_new_one_does(kek: FileKek, active_keys: dict[str, KeyRecord]) -> None:
    """A change holds from its instant on, not from when it was read."""
    old, new = rotated(kek, active_keys["ES256"], at=NOW + 3)
    ring = KeyRing.open([new, old], kek, epoch=2)

    assert [old.kid, old.kid, new.kid] == [ring.signer("ES256", NOW + s).kid for s in (0, 2.999, 3)]


def test_two_rotations_before_the_first_holds_leave_no_gap(kek: FileKek, active_keys: dict[str, KeyRecord]) -> None:
    """A key that is relieved before its turn signs for its short time; one signer at every instant."""
    first, second = rotated(kek, active_keys["Ed25519"], at=NOW + 3)
    second, third = rotated(kek, second, at=NOW + 4)
    ring = KeyRing.open([first, second, third], kek, epoch=3)

    assert [first.kid, second.kid, third.kid] == [ring.signer("Ed25519", NOW + s).kid for s in (2, 3.5, 4)]


def test_no_key_signs_what_none_is_for(ring: KeyRing, kek: FileKek) -> None:
    """An unknown algorithm and one whose key is only staged have no signer."""
    waiting = KeyRing.open([staged("ES256", kek)], kek, epoch=1)

    for found, algorithm in ((ring, "ES384"), (ring, "none"), (waiting, "ES256")):
        with pytest.raises(NoActiveKey, match=algorithm):
            found.signer(algorithm, NOW)


def test_algorithms_are_those_that_something_signs_with(ring: KeyRing, kek: FileKek) -> None:
    """What discovery may announce."""
    waiting = KeyRing.open([staged("ES256", kek)], kek, epoch=1)

    assert (tuple(sorted(ALGORITHMS)), ()) == (ring.algorithms(NOW), waiting.algorithms(NOW))


def test_the_jwks_holds_who_may_sign_soon_now_or_lately(kek: FileKek, active_keys: dict[str, KeyRecord]) -> None:
    """Staged, active and retiring keys are published; removed and compromised ones are not."""
    waiting = staged("ES256", kek)
    old, new = rotated(kek, active_keys["ES256"], at=NOW)
    removed = active_keys["Ed25519"].moved(KeyState.RETIRING, at=NOW, epoch=2).moved(KeyState.REMOVED, at=NOW, epoch=3)
    leaked = active_keys["PS256"].moved(KeyState.COMPROMISED, at=NOW, epoch=2)
    ring = KeyRing.open([waiting, old, new, removed, leaked], kek, epoch=3)

    assert {waiting.kid, old.kid, new.kid} == published_kids(ring)


def test_a_planned_removal_changes_the_jwks_on_its_instant(kek: FileKek, active_keys: dict[str, KeyRecord]) -> None:
    """No reload is needed for what the rows already say."""
    old, new = rotated(kek, active_keys["ES256"], at=NOW)
    ring = KeyRing.open([old.moved(KeyState.REMOVED, at=NOW + 60, epoch=3), new], kek, epoch=3)

    assert ({old.kid, new.kid}, {new.kid}) == (published_kids(ring, NOW + 59), published_kids(ring, NOW + 60))
    assert ring.jwks(NOW).etag != ring.jwks(NOW + 60).etag


def test_removed_keys_serve_hints_only(kek: FileKek, active_keys: dict[str, KeyRecord]) -> None:
    """An ordinary lookup refuses a removed key, a hint's finds it even when its private part was destroyed."""
    old = active_keys["Ed25519"].moved(KeyState.RETIRING, at=NOW, epoch=2).moved(KeyState.REMOVED, at=NOW, epoch=3)
    ring = KeyRing.open([active_keys["ES256"], replace(old, wrapped=None)], kek, epoch=3)

    assert old.kid == ring.public_key(old.kid, NOW, removed=True).record.kid
    with pytest.raises(UnknownKey):
        ring.public_key(old.kid, NOW)


def test_a_compromised_key_serves_nothing(kek: FileKek, active_keys: dict[str, KeyRecord]) -> None:
    """Not even hints."""
    leaked = active_keys["PS256"].moved(KeyState.COMPROMISED, at=NOW, epoch=2)
    ring = KeyRing.open([active_keys["ES256"], leaked], kek, epoch=2)

    with pytest.raises(UnknownKey):
        ring.public_key(leaked.kid, NOW, removed=True)
    with pytest.raises(NoActiveKey):
        ring.signer("PS256", NOW)


def test_a_damaged_key_is_named_and_the_others_go_on(kek: FileKek, active_keys: dict[str, KeyRecord]) -> None:
    """A row that does not open is neither signed with nor published (F22)."""
    broken = replace(active_keys["ES256"], wrapped=b"\x01\x00")
    ring = KeyRing.open([broken, active_keys["Ed25519"]], kek, epoch=1)

    assert [broken.kid] == list(ring.damaged)
    assert {active_keys["Ed25519"].kid} == published_kids(ring)
    with pytest.raises(NoActiveKey):
        ring.signer("ES256", NOW)


@pytest.mark.parametrize("state", [KeyState.STAGED, KeyState.ACTIVE, KeyState.RETIRING, KeyState.REMOVED])
@pytest.mark.parametrize("wrapped", [None, b"", b"\x01" + bytes(200)])
def test_a_row_slipped_into_the_database_is_not_published(
    kek: FileKek, active_keys: dict[str, KeyRecord], state: KeyState, wrapped: bytes | None
) -> None:
    """Who can write the database but has no key-encryption key can't have a key of theirs trusted."""
    theirs = staged("ES256", FileKek(secrets.token_bytes(32)))
    planted = replace(
        theirs, wrapped=wrapped, kek_id=kek.kek_id, state=state, activated_at=NOW - 1, removed_at=NOW + 9999
    )
    ring = KeyRing.open([active_keys["Ed25519"], planted], kek, epoch=1)

    assert {active_keys["Ed25519"].kid} == published_kids(ring)
    with pytest.raises(UnknownKey):
        ring.public_key(planted.kid, NOW)
    with pytest.raises(NoActiveKey):
        ring.signer("ES256", NOW)


def test_a_swapped_public_part_is_noticed(kek: FileKek, active_keys: dict[str, KeyRecord]) -> None:
    """A public part that is not the kid's, or not the private part's, damns the row."""
    mine, other = active_keys["ES256"], staged("ES256", kek)
    swapped = replace(mine, public_jwk=other.public_jwk)
    renamed = replace(mine, public_jwk=other.public_jwk, kid=other.kid)
    ring = KeyRing.open([active_keys["Ed25519"], swapped, renamed], kek, epoch=1)

    assert {mine.kid, other.kid} == set(ring.damaged)


def test_a_private_part_of_another_key_does_not_prove_itself(kek: FileKek, active_keys: dict[str, KeyRecord]) -> None:
    """The self-test passes a whole key and refuses a mixed one."""
    mine = active_keys["ES256"]
    prove(mine, kek)

    with pytest.raises(KeyDamaged):
        prove(replace(mine, public_jwk=staged("ES256", kek).public_jwk), kek)


def test_a_ring_of_which_nothing_opens_is_refused(active_keys: dict[str, KeyRecord]) -> None:
    """With a wrong key-encryption key there is no empty ring, but an error that names it."""
    stranger = FileKek(secrets.token_bytes(32))

    with pytest.raises(KeyDamaged, match=stranger.kek_id):
        KeyRing.open(active_keys.values(), stranger, epoch=1)
    with pytest.raises(WrongKek):
        open_signer(active_keys["ES256"], stranger)


def test_secrets_of_the_service_are_no_signing_keys(
    kek: FileKek, active_keys: dict[str, KeyRecord], secret_rows: list[KeyRecord]
) -> None:
    """All rows may be handed in; only those of the purpose are looked at."""
    ring = KeyRing.open([*secret_rows, active_keys["ES256"]], kek, epoch=1)

    assert ({active_keys["ES256"].kid}, {}) == (published_kids(ring), dict(ring.damaged))


def test_an_empty_ring_publishes_an_empty_set(kek: FileKek) -> None:
    """No keys are no error yet: the start looks at the canary."""
    assert b'{"keys":[]}' == KeyRing.open([], kek, epoch=0).jwks(NOW).body


def test_reprs_show_nothing(ring: KeyRing) -> None:
    """Neither ring nor signer prints key material."""
    signer = ring.signer("ES256", NOW)

    assert "<KeyRing of 7 keys, epoch 1>" == repr(ring)
    assert f"<Signer ES256 {signer.kid}>" == repr(signer)
