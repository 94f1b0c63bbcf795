"""Keys in a PKCS#11 token: made there, never readable, gone and back again; and a key-encryption key beside them."""

from __future__ import annotations

import secrets
import subprocess
import sys
import threading
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Literal

import pkcs11
import pytest
from pkcs11 import Attribute, ObjectClass

from keys.compact import encode, verify
from keys.custody import Custody
from keys.errors import HomeUnknown, KekRefused, KeyDamaged, NoActiveKey, SignerAway, UnsupportedAlgorithm
from keys.kek import FileKek, Kek
from keys.new_records import new_signing_key
from keys.pkcs11_kek import Pkcs11Kek, is_there
from keys.records import KeyRecord
from keys.ring import KeyRing, prove
from keys.signers.address import OFFERS, Pkcs11Address
from keys.signers.homes import Homes
from keys.signers.pkcs11 import Pkcs11Home
from keys.signers.pkcs11_token import RETRY_SECONDS, Pkcs11Token
from keys.states import KeyState
from keys.wrapping import unwrap
from tests.support.missing import Missing, skip_or_fail
from tests.support.racing import at_once
from tests.support.softhsm import SoftToken, soft_token
from tests.unit.keys.conftest import NOW

CLAIMS = {"sub": "dana", "iat": int(NOW), "exp": int(NOW) + 300}
# One process has one module with one configuration.
pytestmark = pytest.mark.xdist_group("softhsm")


@pytest.fixture
def token() -> SoftToken:
    """A token of the test's own."""
    try:
        return soft_token()
    except Missing as error:
        skip_or_fail(error)


def opened(token: SoftToken, key: str = "") -> Pkcs11Token:
    """The token as a process has it that has just started."""
    return Pkcs11Token(Pkcs11Address.parse(token.address(key)))


@pytest.fixture
def custody(token: SoftToken, kek: FileKek) -> Custody:
    """New keys are made in the token; the standby key stays in the database."""
    return Custody(kek, Homes([Pkcs11Home(opened(token))], new="pkcs11"))


def made(kek: Kek, algorithm: str = "ES256", *, standby: bool = False) -> KeyRecord:
    """A key, made where new ones are."""
    state: Literal[KeyState.STANDBY, KeyState.ACTIVE] = KeyState.STANDBY if standby else KeyState.ACTIVE
    return new_signing_key(algorithm, state=state, kek=kek, epoch=1, now=NOW, entropy=secrets.token_bytes)


@pytest.mark.parametrize("algorithm", OFFERS["pkcs11"])
def test_what_it_signs_every_library_verifies(custody: Custody, algorithm: str) -> None:
    """Each algorithm: made in the token, nothing of it in the row, a token that verifies by the published key."""
    record = made(custody, algorithm)
    assert (None, "", "pkcs11") == (record.wrapped, record.kek_id, record.home.partition(":")[0])
    prove(record, custody)
    ring = KeyRing.open([record], custody, epoch=1)
    signed = encode(ring.signer(algorithm, NOW), typ="JWT", claims=CLAIMS)
    assert CLAIMS == verify(ring, signed, typ="JWT", now=NOW)
    assert record.kid in ring.jwks(NOW).body.decode()


def test_nobody_reads_it_out(custody: Custody, token: SoftToken) -> None:
    """Not even who has the PIN."""
    key_id = bytes.fromhex(made(custody).home.partition(":")[2])
    with opened(token).session() as held:
        key = held.key(ObjectClass.PRIVATE_KEY, id=key_id)
        assert (True, False) == (key[Attribute.SENSITIVE], key[Attribute.EXTRACTABLE])
        with pytest.raises(pkcs11.exceptions.AttributeSensitive):
            key[Attribute.VALUE]


def test_the_standby_key_is_elsewhere(custody: Custody) -> None:
    """It is there to sign when the token is not; the other way round, too."""
    assert "local" == made(custody, standby=True).home
    turned = Custody(custody, Homes([], standby="pkcs11"))
    with pytest.raises(HomeUnknown):
        made(turned, standby=True)


def test_what_a_token_has_no_keys_for(custody: Custody) -> None:
    """It is said; nothing else is made instead."""
    with pytest.raises(UnsupportedAlgorithm, match="ML-DSA-44"):
        made(custody, "ML-DSA-44")


def test_a_node_without_the_token_verifies_on(custody: Custody, kek: FileKek) -> None:
    """It publishes and verifies, and signs with the rest; with nothing left to sign by it does not start."""
    record, local = made(custody), made(kek, "RS256")
    signed = encode(KeyRing.open([record], custody, epoch=1).signer("ES256", NOW), typ="JWT", claims=CLAIMS)
    ring = KeyRing.open([record, local], kek, epoch=1)
    assert CLAIMS == verify(ring, signed, typ="JWT", now=NOW)
    assert {record.kid} == set(ring.damaged)
    with pytest.raises(NoActiveKey):
        ring.signer("ES256", NOW)
    with pytest.raises(KeyDamaged, match="key_homes"):
        KeyRing.open([record], kek, epoch=1)


def test_another_key_s_row_is_found_out(custody: Custody) -> None:
    """A row whose `home` was changed to another key of the token does not go into service."""
    one, other = made(custody), made(custody)
    with pytest.raises(KeyDamaged, match="does not verify"):
        prove(replace(one, home=other.home), custody)


def test_many_threads_sign_at_once(custody: Custody) -> None:
    """Each signature is good, whoever shares the token."""
    record = made(custody)
    ring = KeyRing.open([record], custody, epoch=1)

    def sign() -> dict[str, object]:
        return dict(verify(ring, encode(ring.signer("ES256", NOW), typ="JWT", claims=CLAIMS), typ="JWT", now=NOW))

    assert [CLAIMS] * 24 == at_once(24, sign)


def test_a_token_that_goes_away_comes_back(custody: Custody, token: SoftToken) -> None:
    """Signing says so, quickly, while it is away, and works again by itself (F23)."""
    record = made(custody)
    signer = KeyRing.open([record], custody, epoch=1).signer("ES256", NOW)
    signer.sign(b"before")
    with token.pulled_out():
        with pytest.raises(SignerAway, match=token.label):
            patiently(lambda: signer.sign(b"meanwhile"), until_it_fails=True)
        began = time.monotonic()
        for _ in range(50):
            with pytest.raises(SignerAway):
                signer.sign(b"meanwhile")
        assert time.monotonic() - began < 2.0
    patiently(lambda: signer.sign(b"after"))
    prove(record, custody)


def test_a_wrong_pin_is_not_tried_twice(token: SoftToken, kek: FileKek) -> None:
    """Some more tries would lock the token for good; a PIN that was mended is tried."""
    right = token.pin_file.read_text()
    token.pin_file.write_text("9999-wrong")
    home = Pkcs11Home(opened(token))
    custody = Custody(kek, Homes([home], new="pkcs11"))
    for told in ("does not answer: PinIncorrect", "refuses the PIN"):
        with pytest.raises(SignerAway, match=told):
            made(custody)
        time.sleep(RETRY_SECONDS)
    token.pin_file.write_text(right)
    prove(made(custody), custody)


@pytest.mark.parametrize("harm", ["absent", "readable", "no module"])
def test_what_is_not_set_up_is_said(token: SoftToken, tmp_path: Path, harm: str) -> None:
    """A PIN that is missing or that others can read, a module that is not there."""
    address, match = token.address(), "pin"
    if harm == "absent":
        token.pin_file.unlink()
    elif harm == "readable":
        token.pin_file.chmod(0o644)
        match = "chmod 600"
    else:
        address, match = address.replace(str(token.module), str(tmp_path / "none.so")), "cannot be loaded"
    with pytest.raises(SignerAway, match=match):
        Pkcs11Home(Pkcs11Token(Pkcs11Address.parse(address))).make("ES256")


def test_a_child_of_the_process_signs_too(custody: Custody, token: SoftToken) -> None:
    """PKCS#11 does not survive a fork: the child opens the module anew (request workers are forked)."""
    record = made(custody)
    program = (
        "import os, sys\n"
        "from keys.signers.address import Pkcs11Address\n"
        "from keys.signers.pkcs11_token import Pkcs11Token\n"
        "from pkcs11 import Mechanism, ObjectClass\n"
        "token = Pkcs11Token(Pkcs11Address.parse(sys.argv[1]))\n"
        "def sign():\n"
        "    with token.session() as held:\n"
        "        key = held.key(ObjectClass.PRIVATE_KEY, id=bytes.fromhex(sys.argv[2]))\n"
        "        return len(key.sign(b'x' * 32, mechanism=Mechanism.ECDSA))\n"
        "assert sign() == 64\n"
        "child = os.fork()\n"
        "if not child: os._exit(0 if sign() == 64 else 1)\n"
        "assert os.waitpid(child, 0)[1] == 0 and sign() == 64\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, token.address(), record.home.partition(":")[2]],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (0, "") == (done.returncode, done.stderr)


@pytest.fixture
def token_kek(token: SoftToken) -> Pkcs11Kek:
    """A key-encryption key in the token."""
    return Pkcs11Kek.create(opened(token, "kek"))


def test_a_kek_in_the_token_wraps(token_kek: Pkcs11Kek, token: SoftToken) -> None:
    """What it wraps opens in a process that starts later, and nowhere else."""
    assert is_there(opened(token, "kek"))
    record = made(token_kek)
    again = Pkcs11Kek.load(opened(token, "kek"))
    assert (record.kek_id, again) == (again.kek_id, again.holding(record.kek_id))
    prove(record, again)
    assert unwrap(record, token_kek) == unwrap(record, again)


def test_a_kek_is_never_replaced_nor_made_in_passing(token_kek: Pkcs11Kek, token: SoftToken) -> None:
    """One of that label is kept; one that is not there is not made by whoever looks for it."""
    assert token_kek.kek_id
    with pytest.raises(KekRefused, match="never replaced"):
        Pkcs11Kek.create(opened(token, "kek"))
    for key, told in (("other", "no key-encryption key other"), ("", "object=LABEL")):
        with pytest.raises(KekRefused, match=told):
            Pkcs11Kek.load(opened(token, key))


def test_a_row_copied_to_another_kid_does_not_open(token_kek: Pkcs11Kek) -> None:
    """The binding holds in the token as it does in the file (K10); the token is not taken to be away."""
    one, other = made(token_kek), made(token_kek)
    for wrapped in (other.wrapped, (one.wrapped or b"")[:-1], (one.wrapped or b"")[:40]):
        with pytest.raises(KeyDamaged, match="damaged"):
            unwrap(replace(one, wrapped=wrapped), token_kek)
    prove(one, token_kek)


def test_a_ring_in_hand_survives_its_kek(token_kek: Pkcs11Kek, token: SoftToken) -> None:
    """What was opened stays open, so a change of the ring is read while the token is away; nothing new is wrapped."""
    record = made(token_kek)
    unwrap(record, token_kek)
    with token.pulled_out():
        assert "ES256" == KeyRing.open([record], token_kek, epoch=2).signer("ES256", NOW).algorithm
        with pytest.raises(SignerAway):
            patiently(lambda: made(token_kek), until_it_fails=True)


def patiently(call: object, *, until_it_fails: bool = False) -> None:
    """Call until it works, or until it fails; tokens are asked once a second while they are away."""
    assert callable(call)
    end = time.monotonic() + 10 * RETRY_SECONDS
    while time.monotonic() < end:
        if until_it_fails:
            call()
        else:
            with suppress(SignerAway):
                call()
                return
        threading.Event().wait(0.1)
    call()
