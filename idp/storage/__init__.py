"""The ground floor: engine, rows' base class, migrations, the spent ledger, marks, and the ephemeral store.

Invariant: what must survive a crash is written inside one SQL transaction (`database.Database.writing`); what may be
lost goes to an `ephemeral.EphemeralStore`. Nothing here knows a chapter above it, reads settings or tells the time.
"""
