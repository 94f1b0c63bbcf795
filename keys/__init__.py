"""The security team's chapter: signing keys, their lives, and the secrets of the service.

Invariant: a private part exists in the clear only inside a process that signs; at rest it is wrapped (an AES-256-GCM
data key under a key-encryption key, bound to kid, algorithm, purpose and version), and a row that does not open is
neither signed with nor published. States move forward only (`states`). JOSE by RFC 7515, 7517, 7518, 7638, 8037, 9864.
Knows no web, no SQL and nothing of `idp`: rows are handed in as `KeyRecord`, time and randomness are arguments.
"""
