"""``python -m idp.cli``: the command `idp` where it is not on PATH."""

from idp.cli import main

main(prog_name="idp")
