"""What happened: one typed row for every event that matters, written in the transaction of what it tells about.

Invariant: rows name people by opaque ids only. Address, place and agent stand in a side table under a random salt, and
the row keeps their salted hash, so that personal values can be forgotten without breaking what was sealed. What was
typed as a user ID is kept only when it is one; people type passwords there.
"""
