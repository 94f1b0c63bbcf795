"""The first factor: passwords, how they are made comparable, hashed, checked and replaced.

Invariant: a password exists in memory only, for one request; what is stored is argon2id over a keyed hash whose key
is not in the database. Every check costs the same, whether the person exists or not, and no more checks run at once
than there are cores (NIST SP 800-63B-4 §3.1.1, OWASP ASVS 6.2, 11.4.2).
"""
