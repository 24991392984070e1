# make run [ARGS="--source camera:clip.mp4 --for 20"], make test, make bench [ARGS=--quick], make lint, make clean.
# Everything is installed into .venv of this folder; only what requirements/system.txt names is installed elsewhere.

PYTHON ?= python3
ARGS ?=
VENV := .venv
BIN := $(VENV)/bin
PY := $(BIN)/python
PIP_INSTALL := $(PY) -m pip install --quiet --disable-pip-version-check --no-input --no-deps --no-compile
PACKAGES := airdeck bridges dynamics safety
SYSTEMS := linux darwin win32
JITTED_TESTS := $(wildcard tests/dynamics tests/gestures/test_recognizer.py tests/gestures/test_steps.py)
LOCK := uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
	--no-emit-index-url --no-emit-find-links --no-emit-package evdev

.PHONY: help run test bench lint format mutation models wheels lock clean

help:
	@sed -n '1,2s/^# //p' Makefile

run: $(VENV)/.ready-run models
	@exec $(BIN)/airdeck run $(ARGS)

test: $(VENV)/.ready-dev models
	$(if $(JITTED_TESTS),NUMBA_DISABLE_JIT=1 $(PY) -m pytest $(JITTED_TESTS))
	$(PY) -m pytest $(ARGS)

bench: $(VENV)/.ready-dev models
	@exec $(PY) -m bench $(ARGS)

lint: $(VENV)/.ready-dev
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	@set -e; for system in $(SYSTEMS); do echo "mypy --platform $$system"; \
		$(BIN)/mypy --platform $$system --cache-dir .mypy_cache/$$system; done

format: $(VENV)/.ready-dev
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

# The camera needs the models, the demo performer does not: a machine without network still runs.
models: | $(VENV)/.ready-run
	@$(BIN)/airdeck models verify >/dev/null 2>&1 || $(BIN)/airdeck models fetch \
		|| echo "set-up: no models, so no camera, until 'airdeck models fetch' succeeds"

# Breaks the gate in one place at a time: do its tests see it? Takes long; ARGS="--limit 20" takes a few minutes.
mutation: $(VENV)/.ready-dev
	$(PY) bench/mutate_safety.py $(ARGS)

# Do wheels of every runtime dependency exist for the systems the DJs use? Needs the network.
wheels: $(VENV)/.ready-dev
	$(PY) tests/project/wheels.py

# After a change of pyproject.toml or requirements/*.in. Needs uv: pipx install uv, or pip install uv.
lock:
	@command -v uv >/dev/null || { echo "make lock needs uv: pipx install uv" >&2; exit 2; }
	env -u PIP_FIND_LINKS $(LOCK) pyproject.toml requirements/runtime.in -o requirements/runtime.lock
	env -u PIP_FIND_LINKS $(LOCK) pyproject.toml requirements/runtime.in requirements/dev.in -o requirements/dev.lock

clean:
	rm -rf $(VENV) build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Set-up, done again only when a lock or pyproject.toml changes.
$(VENV)/.ready-dev: requirements/dev.lock pyproject.toml requirements/system.txt
	@sh requirements/system.sh test
	@$(MAKE) -s --no-print-directory $(PY)
	@echo "set-up: installing requirements/dev.lock"
	@$(PIP_INSTALL) --require-hashes -r requirements/dev.lock
	@$(call finish)
	@touch $(VENV)/.ready-run $@

$(VENV)/.ready-run: requirements/runtime.lock pyproject.toml requirements/system.txt
	@sh requirements/system.sh run
	@$(MAKE) -s --no-print-directory $(PY)
	@echo "set-up: installing requirements/runtime.lock (a few minutes on a slow line)"
	@$(PIP_INSTALL) --require-hashes -r requirements/runtime.lock
	@$(call finish)
	@touch $@

# Bytecode is compiled here because importing numba without it takes seven times as long.
define finish
$(PIP_INSTALL) --no-build-isolation -e . \
	&& { $(PY) -m compileall -qq -j 0 $(VENV)/lib $(PACKAGES) || true; } && echo "set-up: done"
endef

$(PY):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "AirDeck needs Python 3.11 or newer; $(PYTHON) is `$(PYTHON) --version 2>&1`. Try: make run PYTHON=python3.12" >&2; exit 2; }
	@echo "set-up: making $(VENV) with `$(PYTHON) --version`"
	@$(PYTHON) -m venv $(VENV) || { echo "Python's venv module is missing; on Debian: apt-get install python3-venv" >&2; rm -rf $(VENV); exit 2; }
