"""A bucket with object lock (S3, or what speaks like it) as a witness: what is there nobody deletes before its day.

`s3:BUCKET/PREFIX?region=eu-central-1&days=400`, and `endpoint-url=https://…` for another maker's. Each checkpoint is an
object of its own under compliance lock, which not even the owner of the bucket lifts. Needs the extra `aws`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from importlib.util import find_spec
from typing import Self
from urllib.parse import parse_qs

LEAST_DAYS = 1
USUAL_DAYS = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class Bucket:
    """Where objects go, and for how many days each is locked."""

    name: str
    prefix: str
    region: str
    days: int
    endpoint_url: str | None

    @classmethod
    def parse(cls, place: str) -> Self:
        """Read a place.

        Raises:
            ValueError: it names no bucket or region, or too few days; or the extra is not installed.
        """
        path, _, query = place.removeprefix("s3:").partition("?")
        asked = {name: values[-1] for name, values in parse_qs(query).items()}
        name, _, prefix = path.partition("/")
        days = asked.get("days", str(USUAL_DAYS))
        if not name or "region" not in asked or not days.isdecimal() or int(days) < LEAST_DAYS:
            raise ValueError("is not s3:BUCKET/PREFIX?region=REGION&days=DAYS")
        if find_spec("boto3") is None:
            raise ValueError("needs boto3: pip install 'idp[aws]'")
        return cls(
            name=name, prefix=prefix, region=asked["region"], days=int(days), endpoint_url=asked.get("endpoint-url")
        )


def put_locked(bucket: Bucket, jws: str, at: float, *, timeout: float) -> None:
    """Write a checkpoint that stays; `at` is an instant, `timeout` in seconds.

    Raises:
        OSError: it was not taken, or the bucket locks nothing.
    """
    import boto3  # noqa: PLC0415 - an extra
    from botocore.config import Config  # noqa: PLC0415
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415

    moment = datetime.fromtimestamp(at, UTC)
    patience = Config(connect_timeout=timeout, read_timeout=timeout, retries={"total_max_attempts": 1})
    try:
        boto3.client("s3", region_name=bucket.region, endpoint_url=bucket.endpoint_url, config=patience).put_object(
            Bucket=bucket.name,
            Key=f"{bucket.prefix}{moment:%Y/%m/%d/%H%M%S}-{sha256(jws.encode()).hexdigest()[:16]}.jws",
            Body=jws.encode(),
            ContentType="application/jose",
            ObjectLockMode="COMPLIANCE",
            ObjectLockRetainUntilDate=moment + timedelta(days=bucket.days),
        )
    except (BotoCoreError, ClientError) as error:
        raise OSError(" ".join(str(error).split())[:200]) from error
