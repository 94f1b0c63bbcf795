"""May a token be issued, to whom, and what does it say?

One gate (`may_issue`) stands before every code, token and session; every state that forbids one is a named check in
`gate.py`, and a generated test crosses each state with each path. Codes and refresh tokens are rows that are spent by
compare-and-swap in the transaction that mints what they pay for (RFC 6749 §4.1.2, RFC 9700 §4.14).
"""
