"""The client of AWS KMS: short patience, one retry, and its failures as ours."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from keys.errors import SignerAway
from keys.signers.address import KmsAddress

TIMEOUT_SECONDS = 2.0


def kms_client(address: KmsAddress) -> Any:  # noqa: ANN401 - made from a description at run time
    """Make a client; credentials come from where AWS's own programs look."""
    patience = Config(connect_timeout=TIMEOUT_SECONDS, read_timeout=TIMEOUT_SECONDS, retries={"total_max_attempts": 2})
    return boto3.client("kms", region_name=address.region, endpoint_url=address.endpoint_url, config=patience)


@contextmanager
def answering() -> Iterator[None]:
    """Turn every failure of KMS into one word.

    Raises:
        SignerAway: it does not answer, or refuses.
    """
    try:
        yield
    except (BotoCoreError, ClientError) as error:
        raise SignerAway(f"AWS KMS does not answer: {' '.join(str(error).split())[:200]}") from error
