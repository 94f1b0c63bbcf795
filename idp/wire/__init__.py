"""What reaches us and what leaves us: plain requests and answers, strict forms, and the hardened front of the service.

Invariant: nothing a client sends becomes an unexpected exception; it is parsed, or refused with a named status.
Addresses and schemes are believed from trusted proxies alone (RFC 7239), hosts from the configuration alone
(RFC 9110 §7.2).
"""
