"""Reference numbers."""

import re
import secrets

from idp.web.reference import new_reference


def test_a_reference_can_be_read_out() -> None:
    """Four consonants, a dash, four digits."""
    for _ in range(200):
        assert re.fullmatch(r"[BCDFGHJKLMNPQRSTVWXZ]{4}-[0-9]{4}", new_reference(secrets.token_bytes))


def test_a_reference_comes_from_the_entropy_alone() -> None:
    """The same bytes give the same number."""
    assert new_reference(lambda size: bytes(range(size))) == new_reference(lambda size: bytes(range(size)))
    assert new_reference(lambda size: b"\x00" * size) == "BBBB-0000"


def test_references_hardly_ever_meet() -> None:
    """A thousand of them differ."""
    assert len({new_reference(secrets.token_bytes) for _ in range(1000)}) > 995
