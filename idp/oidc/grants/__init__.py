"""The grants of the token endpoint, a file each; `phases` holds what every one of them passes.

Invariant: whatever a grant issues, it asks `issuance.may_issue` first, in the transaction that spends what pays for it.
"""

from __future__ import annotations

from idp.oidc.grants.authorization_code import AuthorizationCode
from idp.oidc.grants.client_credentials import ClientCredentials
from idp.oidc.grants.refresh_token import RefreshToken

GRANTS = (AuthorizationCode, RefreshToken, ClientCredentials)

__all__ = ["GRANTS", "AuthorizationCode", "ClientCredentials", "RefreshToken"]
