"""How the service is run: checks before the start, request workers, the housekeeper beside them, and how all stops.

Invariant: nothing listens before everything that a request needs has been found, and a stop loses no request that was
taken in. Works on what `idp.app` has put together; knows no command line.
"""
