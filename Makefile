# Every target does its own set-up, once; needed are Python 3.11 or newer, and make.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
LOWEST := .setup/lowest
PEERS := .setup/peers
SKMOB := .setup/skmob
TERRAIN := .setup/terrain
REGION ?= data/darien/region.toml

PIP_FLAGS := --quiet --disable-pip-version-check --no-input
# A lock names every package, so pip need not look for others.
LOCKED := $(PIP_FLAGS) --no-deps --require-hashes
OURS := $(PIP_FLAGS) --no-deps --no-build-isolation --editable .

# Two processes; the tests of a file share what they build, and stay together.
TOGETHER := -n 2 --dist loadfile

# Processes, signals, full disks, what is held back or remembered from map to map, and
# what Chromium makes of the page do not hang on the versions of our libraries. (An old
# NumPy starts lscpu when it is imported whole, which the test of damaged files takes for
# a deed of ours.)
VERSIONLESS := bad_input fuzz holding map_in_browser pipeline_again standing upkeep \
  validating watching

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help maps test check coverage browser bench peers wheel lowest lock clean

help: ## say what there is
	@sed -n 's/^\([a-z]*\):.*## /  make \1	/p' Makefile

maps: $(VENV)/ours.done ## build the map of Darién (REGION=… for another region)
	$(BIN)/trocha build $(REGION)

test: check browser ## check style and types, run all tests
	$(BIN)/python -m pytest $(TOGETHER)

coverage: export PYTEST_ADDOPTS += --cov --cov-branch --cov-report=term-missing:skip-covered
coverage: test ## the same, and say which lines none of them runs

check: $(VENV)/dev.done ## check style and types
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

browser: ## see that there is a Chromium for the tests of the map
	@.ci/browser \
	  || echo "Without Chromium the tests of the map in a browser are skipped." >&2

bench: $(VENV)/dev.done ## time the hot paths beside their peers
	@set -e; for script in tests/bench/bench_*.py; do $(BIN)/python "$$script"; done

peers: $(PEERS)/locked.done $(SKMOB)/locked.done $(TERRAIN)/locked.done ## install what the benches compare with

wheel: $(VENV)/ours.done ## build dist/trocha-….whl
	rm -rf dist
	$(BIN)/python -m pip wheel $(PIP_FLAGS) --no-deps --no-build-isolation \
	  --wheel-dir dist .

# The map in the checkout has the bytes that the locked versions give.
lowest: $(LOWEST)/ours.done ## run the tests with the oldest versions that we promise
	$(LOWEST)/bin/python -m pytest $(TOGETHER) --quiet \
	  --deselect tests/test_maps.py::test_the_committed_map_is_what_the_code_builds \
	  $(patsubst %,--ignore=tests/test_%.py,$(VERSIONLESS))

lock: $(VENV)/dev.done ## choose the newest versions again, and the oldest
	$(call compile,.ci/locked.txt)
	$(call compile,.ci/locked-dev.txt,--group dev --constraint .ci/locked.txt)
	$(call compile,.ci/lowest.txt,--group dev --resolution lowest-direct)
	$(call compile_peers,.ci/peers.txt,movingpandas trackintel fastmob pyarrow)
	$(call compile_peers,.ci/skmob.txt,scikit-mobility 'numpy<2' 'shapely<2' 'pyarrow<21',\
	  --no-emit-package igraph --no-emit-package python-igraph)
	$(call compile_peers,.ci/terrain.txt,scikit-image xarray-spatial whitebox-workflows itinera)

clean: ## remove what make made, except for maps and the store of fixes
	rm -rf $(VENV) .setup dist .coverage .hypothesis
	rm -rf .mypy_cache .pytest_cache .ruff_cache
	find geo tests data -name __pycache__ -prune -exec rm -rf {} +

UV_COMPILE = $(BIN)/uv pip compile --quiet --universal --python-version 3.11 \
    --upgrade --generate-hashes --no-emit-index-url --no-header --no-annotate

# What builds us is locked too; it stands in pyproject.toml and nowhere else.
define compile
$(BIN)/python -c "import tomllib as t; \
  print(*t.load(open('pyproject.toml', 'rb'))['build-system']['requires'], sep='\n')" \
  | $(UV_COMPILE) $(2) --output-file $(1) - pyproject.toml
endef

define compile_peers
printf '%s\n' $(2) | $(UV_COMPILE) $(3) --output-file $(1) -
endef

define venv
@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
  echo "trocha needs Python 3.11 or newer, and $(PYTHON) is not that;" \
    "name one with: make PYTHON=python3.11 …" >&2; exit 1; }
$(PYTHON) -m venv $(1) || { \
  .ci/debian python3-venv && $(PYTHON) -m venv --clear $(1); }
@touch $(1)/venv.done
endef

# Stamps lie inside their environment, so that they vanish with it.
$(VENV)/venv.done:
	$(call venv,$(VENV))

$(LOWEST)/venv.done:
	$(call venv,$(LOWEST))

$(PEERS)/venv.done:
	$(call venv,$(PEERS))

# scikit-mobility needs a pandas of its own time, and igraph only for its models.
$(SKMOB)/venv.done:
	$(call venv,$(SKMOB))

$(TERRAIN)/venv.done:
	$(call venv,$(TERRAIN))

$(VENV)/locked.done: .ci/locked.txt | $(VENV)/venv.done
	$(BIN)/python -m pip install $(LOCKED) -r $<
	@touch $@

$(VENV)/ours.done: pyproject.toml $(VENV)/locked.done
	$(BIN)/python -m pip install $(OURS)
	@touch $@

$(VENV)/dev.done: .ci/locked-dev.txt $(VENV)/ours.done
	$(BIN)/python -m pip install $(LOCKED) -r $<
	@touch $@

$(LOWEST)/locked.done: .ci/lowest.txt | $(LOWEST)/venv.done
	$(LOWEST)/bin/python -m pip install $(LOCKED) -r $<
	@touch $@

$(LOWEST)/ours.done: pyproject.toml $(LOWEST)/locked.done
	$(LOWEST)/bin/python -m pip install $(OURS)
	@touch $@

$(PEERS)/locked.done: .ci/peers.txt | $(PEERS)/venv.done
	$(PEERS)/bin/python -m pip install $(LOCKED) -r $<
	@touch $@

$(SKMOB)/locked.done: .ci/skmob.txt | $(SKMOB)/venv.done
	$(SKMOB)/bin/python -m pip install $(LOCKED) -r $<
	@touch $@

$(TERRAIN)/locked.done: .ci/terrain.txt | $(TERRAIN)/venv.done
	$(TERRAIN)/bin/python -m pip install $(LOCKED) -r $<
	@touch $@
