"""What staff do: the security console, as a built-in first-party client of the same dispatcher.

Invariant: every page and every button names an action, and `roles.py` alone says whose role includes it; acts are those
of the command line.
"""
