"""What is said of the end of everything that a backup had brought back to life."""

from __future__ import annotations

from idp.acts.after_restore import EndedByRestore

QUESTION = """\
Everybody has to sign in again and is asked again what apps may have; links and codes that were mailed open nothing;
recovery codes have to be made anew."""


def said(ended: EndedByRestore) -> str:
    """Say what ended, and what is left to do."""
    return f"""\
Ended: {ended.sessions} sign-ins, {ended.grants} grants to apps, {ended.consents} consents, {ended.shares} shares, \
{ended.recoveries} recoveries, {ended.email_changes} changes of address, {ended.invitations} invitations, \
{ended.approvals} proposals.
Forgotten: the recovery codes of {ended.people_without_codes} people, {ended.remembered_devices} browsers that need no \
second factor, {ended.messages} messages that waited.
What people changed since the backup is lost: passwords, second factors, and whom the desk has stopped.
Who did so because of a thief stands in your copies of the audit trail: `idp accounts compromise USER_ID` for each."""
