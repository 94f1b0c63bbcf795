"""The kit that pages are built with: rendering, headers, cookies, form tokens, errors.

Invariant: no page is sent without its policy, no cookie is believed twice, no text of a stranger is printed unescaped.
Only `web`, `flows`, `staff` and `app` know Flask.
"""
