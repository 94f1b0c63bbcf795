"""A bucket with object lock, in what answers as S3: a checkpoint is there, and stays there."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from idp.delivery.witnesses import place_fault, witness_at
from tests.extra.servers import Moto

AT = datetime(2026, 12, 1, 7, 30, tzinfo=UTC).timestamp()


@pytest.fixture(scope="module")
def moto() -> Iterator[Moto]:
    """A server of this file's own."""
    server = Moto().open()
    yield server
    server.close()


@pytest.fixture
def s3(moto: Moto, monkeypatch: pytest.MonkeyPatch) -> Any:  # noqa: ANN401 - made from a description at run time
    """A client with credentials, and two buckets: one that locks, one that does not."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    client = boto3.client("s3", region_name="us-east-1", endpoint_url=f"http://127.0.0.1:{moto.port}")
    client.create_bucket(Bucket="evidence", ObjectLockEnabledForBucket=True)
    return client


def place(moto: Moto, bucket: str = "evidence") -> str:
    """A setting."""
    return f"s3:{bucket}/idp/?region=us-east-1&days=30&endpoint-url=http://127.0.0.1:{moto.port}"


def test_a_checkpoint_stays(moto: Moto, s3: Any) -> None:  # noqa: ANN401
    """An object of its own, locked for thirty days: deleting that version is refused."""
    assert place_fault(place(moto)) is None
    witness_at(place(moto))("a.b.c", AT)
    witness_at(place(moto))("a.b.d", AT)
    versions = s3.list_object_versions(Bucket="evidence")["Versions"]
    assert 2 == len(versions)
    key = versions[0]["Key"]
    assert key.startswith("idp/2026/12/01/073000-")
    assert s3.get_object(Bucket="evidence", Key=key)["Body"].read() in {b"a.b.c", b"a.b.d"}
    lock = s3.head_object(Bucket="evidence", Key=key)
    kept = lock["ObjectLockRetainUntilDate"] - datetime.fromtimestamp(AT, UTC)
    assert ("COMPLIANCE", 30) == (lock["ObjectLockMode"], kept.days)
    with pytest.raises(ClientError, match="AccessDenied"):
        s3.delete_object(Bucket="evidence", Key=key, VersionId=versions[0]["VersionId"])


def test_a_bucket_that_takes_nothing_is_an_error(moto: Moto, s3: Any) -> None:  # noqa: ANN401
    """The checkpoint goes on waiting."""
    assert s3
    with pytest.raises(OSError, match="NoSuchBucket"):
        witness_at(place(moto, "nobody-s"))("a.b.c", AT)


@pytest.mark.parametrize("wrong", ["s3:", "s3:bucket", "s3:bucket?region=x&days=0", "s3:bucket?region=x&days=many"])
def test_what_is_no_place(wrong: str) -> None:
    """It is refused in the settings."""
    assert "s3:BUCKET" in (place_fault(wrong) or "")
