# Everything a newcomer needs: Python 3.11 or newer with venv, and make. `make help` lists the rest.
# PYTHON=python3.12 names the Python to build .venv with; IDP_DEMO_PORT moves the demo.

PYTHON ?=
export PYTHON

VENV := .venv
BIN := $(VENV)/bin
UV_COMPILE := $(BIN)/uv pip compile --quiet --universal --generate-hashes --no-header --no-annotate

.DEFAULT_GOAL := help
.PHONY: help run test test-extra oldest quick fuzz check bench lock clean

help: ## list these commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

run: $(VENV)/run.stamp ## set up what is missing and start the demo: issuer, two portals, a mailbox
	@exec $(BIN)/idp demo

test: $(VENV)/dev.stamp ## all tests, against real PostgreSQL, Valkey and Chromium
	$(BIN)/python -m pytest -n auto --dist loadgroup -m "not alone" tests
	@# What measures time runs by itself, when the machine is quiet.
	@alone=$$(grep -rl --include='test_*.py' 'mark\.alone' tests); \
		test -z "$$alone" || $(BIN)/python -m pytest -m alone $$alone

test-extra: $(VENV)/extra.stamp ## keys in OpenBao (Transit) and in AWS KMS: fetches half a gigabyte
	$(BIN)/python -m pytest tests/extra

oldest: $(VENV)/dev.stamp ## the storage contracts once more, on the oldest PostgreSQL that Debian has here
	@programs=$$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | head -n 1); \
		if [ -z "$$programs" ]; then echo "no PostgreSQL of Debian's here: apt-get install -y postgresql"; else \
		POSTGRESQL_PROGRAMS=$$programs $(BIN)/python -m pytest -n auto tests/contracts tests/protocol/test_statements.py; fi

quick: $(VENV)/dev.stamp ## unit tests alone, in under 30 seconds
	$(BIN)/python -m pytest -n auto -m "not alone and not slow" tests/unit

fuzz: $(VENV)/dev.stamp ## ten thousand random walks over all pages (WALKS, WALKS_SEED)
	@export WALKS=$${WALKS:-10000} WALKS_SEED=$${WALKS_SEED:-$$(date +%s)}; echo "WALKS_SEED=$$WALKS_SEED"; \
		$(BIN)/python -m pytest -n auto tests/attacks/test_walks.py

check: $(VENV)/dev.stamp ## the gates: lint, layout, types, imports, locks, translations
	@scripts/check

bench: $(VENV)/dev.stamp ## measure one worker beside its floors and a peer (docs/performance.md)
	$(BIN)/python tests/benchmarks/run.py

lock: $(VENV)/dev.stamp ## compile pyproject.toml into the hashed locks (make lock UPGRADE=--upgrade takes newer versions)
	$(UV_COMPILE) $(UPGRADE) --group pyproject.toml:bootstrap -o requirements-bootstrap.lock
	$(UV_COMPILE) $(UPGRADE) pyproject.toml --group build -o requirements.lock
	$(UV_COMPILE) $(UPGRADE) pyproject.toml --group dev --extra hsm -c requirements.lock -o requirements-dev.lock
	$(UV_COMPILE) $(UPGRADE) pyproject.toml --group extra --all-extras -c requirements-dev.lock -o requirements-extra.lock

clean: ## remove what make made: .venv, caches, built packages, the demo's data
	rm -rf $(VENV) dist var/demo .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV)/run.stamp: pyproject.toml requirements-bootstrap.lock requirements.lock
	@scripts/bootstrap run

$(VENV)/dev.stamp: pyproject.toml requirements-bootstrap.lock requirements.lock requirements-dev.lock
	@scripts/bootstrap dev

$(VENV)/extra.stamp: $(VENV)/dev.stamp requirements-extra.lock
	@scripts/bootstrap extra
