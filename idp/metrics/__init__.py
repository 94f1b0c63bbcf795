"""What is counted and timed, for Prometheus: requests, tokens, sign-ins, hashes, and the health of the process's views.

Invariant: no label ever holds a user, an address, a client's free text or anything else that a caller chooses; counting
costs a request less than a microsecond, and a fault in counting costs it nothing.
"""
