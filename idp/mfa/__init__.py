"""Second factors: authenticator apps, passkeys, codes by text, recovery codes, and what each of them is worth.

Invariant: a factor counts from the moment it has been proved once, each code or signature is accepted once, and the
last factor never goes away silently (NIST SP 800-63B-4 §3 and §4, OWASP ASVS 6.5, RFC 8176 for `amr`).
"""
