"""The client of AWS KMS: short patience, no retry, a rest after silence, and its failures as ours."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, ConnectionError, HTTPClientError  # noqa: A004

from keys.errors import SignerAway
from keys.signers.address import KmsAddress
from keys.signers.rest import Rest

TIMEOUT_SECONDS = 2.0


def kms_client(address: KmsAddress) -> Any:  # noqa: ANN401 - made from a description at run time
    """Make a client; credentials come from where AWS's own programs look."""
    patience = Config(connect_timeout=TIMEOUT_SECONDS, read_timeout=TIMEOUT_SECONDS, retries={"total_max_attempts": 1})
    return boto3.client("kms", region_name=address.region, endpoint_url=address.endpoint_url, config=patience)


class Kms:
    """A client that is left alone for a moment after it was silent."""

    def __init__(self, client: Any) -> None:  # noqa: ANN401 - made from a description at run time
        self._client = client
        self._rest = Rest("AWS KMS", (ConnectionError, HTTPClientError), patience=2 * TIMEOUT_SECONDS)

    @contextmanager
    def answering(self) -> Iterator[Any]:
        """Give the client, and turn every failure of it into one word.

        Raises:
            SignerAway: it does not answer, or refuses.
        """
        try:
            with self._rest.asking():
                yield self._client
        except (BotoCoreError, ClientError) as error:
            raise SignerAway(f"AWS KMS refuses: {' '.join(str(error).split())[:200]}") from error
