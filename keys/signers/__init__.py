"""Private parts that never come here: in tokens (PKCS#11), OpenBao or Vault (Transit), AWS KMS.

Each kind is a `Home`: it makes a key, and signs by it when asked. What it needs is an extra of this package, imported
when such a home is set up. The ring knows a key by its row alone (`home` names it): its public part is published and
verified with whether or not its home answers, and it signs again by itself once that does.
"""
