"""The demo: invented people, relying parties to try, the pages that show them round, and where it keeps its data.

Invariant: its passwords and secrets are known to everybody, so it writes to a database in a folder of its own, never
to one that was configured; its pages exist in demo mode alone.
"""
