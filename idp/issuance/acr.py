"""Authentication contexts that can be reached here, and their names in tokens (OpenID Connect Core §2, RFC 8176).

Only the password exists yet; second factors add `urn:idp:mfa` and `urn:idp:phishing-resistant`.
"""

from __future__ import annotations

PASSWORD_ACR = "urn:idp:pwd"
PASSWORD_AMR = ("pwd",)
SUPPORTED_ACR = (PASSWORD_ACR,)
