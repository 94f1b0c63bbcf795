"""What a key is for. The purpose is part of the wrapping's AAD, so a row moved to another purpose does not open.

Pepper, CSRF, lookup, sealing and proof are the *founding* secrets: made together with the canary and never again. One
of them missing later means data loss, and a new value in its place would hide that.
"""

from enum import StrEnum


class Purpose(StrEnum):
    """What a row of the key ring serves."""

    TOKENS = "tokens"
    CANARY = "canary"
    PEPPER = "pepper"
    CSRF = "csrf"
    LOOKUP = "lookup"
    SEALING = "sealing"
    PROOF = "proof"


FOUNDING_SECRETS = (Purpose.PEPPER, Purpose.CSRF, Purpose.LOOKUP, Purpose.SEALING, Purpose.PROOF)
