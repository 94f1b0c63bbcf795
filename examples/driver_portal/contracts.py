"""Which contract a page is about, and what its reader may do with it: the issuer's word, beside this app's own figures.

A scope says what the app may do for a person, the claim `contracts` with which contract; both are checked at each call.
"""

import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .step_up import HOLD

FIGURES = {row["number"]: row for row in json.loads(Path(__file__).with_name("contracts.json").read_text())}


def contract_of(claims: Mapping[str, Any]) -> dict[str, Any] | None:
    """Give the newest contract that the person has a part in, as the issuer tells it, with this app's figures."""
    told = next((one for one in claims.get("contracts", ()) if one["number"] in FIGURES), None)
    if told is None:
        return None
    held = claims.get("recovered_at", 0) > time.time() - HOLD
    return {**FIGURES[told["number"]], **told, "manages": "manage" in told["permissions"], "held": held}
