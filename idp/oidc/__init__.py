"""What apps call: discovery, JWKS, token, userinfo, introspection, revocation; and the checks behind two pages.

Plain request in, plain response out; no Flask. The only folder that imports Authlib: its core classes carry the
protocol, and every fault known of them is overridden here, with a canary test that tells when upstream mends it. Each
endpoint answers every input with what its RFC specifies: 6749, 6750, 7009, 7523, 7636, 7662, 8414, 9068, 9207, OpenID
Connect Core; /authorize and /end-session are checked here and served by pages.
"""
