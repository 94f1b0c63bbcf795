"""Single sign-on sessions: that somebody has signed in here, with which proofs, and until when that counts.

Invariant: a session is opened in one place, with proofs, and its row is found only by the digest of a handle that the
browser alone has. It ends once, for good, and its mark ends what descends from it. Who proves more gets a new handle;
the old one is dead at that moment (OWASP ASVS 7.2, 7.3, NIST SP 800-63B-4 §5).
"""
