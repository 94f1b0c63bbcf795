"""How guessing is slowed and stopped.

Invariant: a guess is counted as failed before it is checked, in the database and committed, so that however many run at
once no more are checked than the budget allows (OWASP ASVS 6.3.1, NIST SP 800-63B-4 §3.2.2, PCI DSS 8.3.4). A name that
nobody has is counted like any other, and all names of one account are counted together.
"""
