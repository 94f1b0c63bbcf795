"""What a key is for. The purpose is part of the wrapping's AAD, so a row moved to another purpose does not open.

Pepper, CSRF, lookup, sealing and proof are the *founding* secrets: made together with the canary and never again. One
of them missing later means data loss, and a new value in its place would hide that.

Tokens, checkpoints (of the audit trail) and drill (rehearsals of a compromise) are for signing, each with keys of its
own: what one of them signs can never be taken for another's. In the JWKS are tokens' keys, and a drill's for its
seconds: its private part is thrown away when it is made.
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
    CHECKPOINTS = "checkpoints"
    DRILL = "drill"


FOUNDING_SECRETS = (Purpose.PEPPER, Purpose.CSRF, Purpose.LOOKUP, Purpose.SEALING, Purpose.PROOF)
