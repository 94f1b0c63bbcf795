"""People who sign in: who they are, by which names they can be found, and whether they may.

Invariant: whatever spelling of a name is typed, at most one account answers to it, and every spelling of the same
name is counted as that one account. An id (the `sub` of tokens, OpenID Connect Core §2) is never reused; an account
that is ended carries the instant before which its tokens are void.
"""
