"""One file for each act that touches several chapters.

Pages, endpoints, consoles, CLI and worker all call these, so that no path has its own version. An act runs in the
transaction it is given (or opens its own, where it must commit before answering), writes its audit row in that same
transaction, and raises when it may not happen.
"""
