"""Relying parties: what is registered, how they prove who they are, what they may ask for.

A client is read from SQL once, decoded into a frozen `Client`, and held in the process's `ClientDirectory`; a change
bumps the revision "clients" and every process reloads within its next poll. Metadata names follow RFC 7591 and OpenID
Connect Registration 1.0; redirect URIs match exactly (RFC 9700 §2.1).
"""
