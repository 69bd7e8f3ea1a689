# Linewarden. `make help` lists the targets. Nothing is installed outside this folder.
PYTHON ?= python3
VENV   ?= .venv
SHARED ?= ../shared
FUZZ_SECONDS ?= 1800
SOAK_SECONDS ?= 1800
LIVE_SOAK_SECONDS ?= 3600

BIN    := $(VENV)/bin
RUST   := $(shell find engine -path engine/fuzz -prune -o \( -name '*.rs' -o -name Cargo.toml \) -print) Cargo.toml Cargo.lock
CONSOLE := $(shell find frontend -path frontend/node_modules -prune -o -type f -print)
# The engine crate is only the Python face: it links no libpython, so it is tested from Python.
CARGO_TEST := cargo test --workspace --exclude linewarden-engine --locked --quiet
PIP    := $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes
export LINEWARDEN_SHARED := $(SHARED)
export PYO3_PYTHON := $(abspath $(BIN)/python)

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:  # pip and cargo use all cores themselves, and must not meet in one .venv
.PHONY: help collectors-slow properties process-attacks setup exercise-deps exercise-check check-units demo test pytest cargo-test lint type contract bench bench-live flood detection analytics accuracy fuzz soak soak-live detection-cost detection-peers practice docs console-pictures docs-check wheel wheel-check lock changelog clean client client-check

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

# --- set-up: three stamps, each made once and again only when what it stands on changes ---

$(VENV)/.base: requirements/build.txt
	@scripts/setup.sh $(PYTHON)
	@echo "setup: Python packages into $(VENV)"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(PIP) --only-binary :all: -r requirements/build.txt
	@touch $@

$(VENV)/.engine: $(VENV)/.base pyproject.toml $(RUST)
	@echo "setup: the Rust engine (a few minutes the first time)"
	@PATH="$(abspath $(BIN)):$$PATH" $(BIN)/python -m pip install --quiet --disable-pip-version-check \
		--no-build-isolation --no-deps --editable .
	@$(BIN)/python -m compileall -q src/linewarden  # where Python may not write it later, each start would compile
	@touch $@

$(VENV)/.dev: $(VENV)/.base requirements/dev.txt
	@echo "setup: test and lint packages into $(VENV)"
	@$(PIP) --only-binary :all: -r requirements/dev.txt
	@touch $@

# The console's scripts: built here, shipped in the wheel. Node.js is needed for this only.
$(VENV)/.console: $(VENV)/.base $(CONSOLE)
	@echo "setup: the console's scripts (Node.js)"
	@cd frontend && npm ci --silent --no-audit --no-fund --ignore-scripts && npm run --silent build -- --logLevel error
	@touch $@

# An OPC UA server that shares no line with our library: for tests/collectors/test_opcua_node.py only.
$(VENV)/.peers: $(VENV)/.base tests/collectors/node/package-lock.json
	@echo "setup: servers of others for the tests (Node.js)"
	@cd tests/collectors/node && npm ci --silent --no-audit --no-fund --ignore-scripts
	@touch $@

setup: $(VENV)/.engine $(VENV)/.console $(VENV)/.dev $(VENV)/.peers ## what `make test` and `make lint` need, without running them

# greenery, which cpppo needs, is published as source only; its hash is checked like all others.
$(VENV)/.exercises: $(VENV)/.base requirements/exercises.txt
	@echo "setup: protocol stacks of the practice plant into $(VENV)"
	@$(PIP) --only-binary :all: --no-binary greenery -r requirements/exercises.txt
	@touch $@

exercise-deps: $(VENV)/.exercises ## protocol stacks of the practice plant (linewarden exercise)

exercise-check: setup $(VENV)/.exercises ## run the practice plant and check it with programs that are not ours (minutes)
	@scripts/install-test-deps.sh
	$(BIN)/pytest -m slow tests/exercises

properties: setup ## the costly property tests, twenty times as long as in `make test`
	LINEWARDEN_EFFORT=20 $(BIN)/pytest -n $(TEST_WORKERS) --timeout 3600 $$(grep -rl 'tests.effort import' tests --include=test_*.py)

collectors-slow: setup ## outages of collectors that take longer (minutes)
	@scripts/install-test-deps.sh
	$(BIN)/pytest -m slow tests/collectors

check-units: setup ## the systemd units under a real systemd in namespaces (root, systemd, a system Python like that of .venv)
	scripts/check_units.sh

# --- what people run ---

demo: $(VENV)/.engine $(VENV)/.console $(VENV)/.exercises ## a recorded plant, then a practice plant watched live; reports in build/demo
	@scripts/install-test-deps.sh --plant
	@scripts/demo.sh $(BIN)/linewarden "$(SHARED)"

test: cargo-test pytest ## all tests: Rust, then Python

# Many tests wait for a network or a clock: with one worker more for every two cores these have something to do.
TEST_WORKERS ?= $(shell echo $$(( ($$(nproc) * 3 + 1) / 2 )))
# What fails in a whole run gets a second look alone: see the script.
pytest: setup
	@$(BIN)/pytest -n $(TEST_WORKERS) || { test $$? -eq 1 && $(BIN)/python scripts/once_more.py $(BIN)/pytest; }

cargo-test:
	$(CARGO_TEST)

lint: $(VENV)/.dev type contract ## style, types and the import contract, Python and Rust
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	cd frontend && npm run --silent check
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --locked --quiet -- -D warnings

type: setup ## mypy --strict
	$(BIN)/mypy

contract: setup ## which folder may import which
	$(BIN)/lint-imports

bench: setup ## speed and memory beside Suricata, tshark, ndpiReader (needs SHARED)
	@scripts/install-test-deps.sh --bench
	$(BIN)/python benchmarks/run.py --data $(SHARED)/data

bench-live: setup ## delay and highest rate of `watch`, beside Suricata (root, needs SHARED)
	@scripts/install-test-deps.sh --bench
	$(BIN)/python benchmarks/live.py --data $(SHARED)/data

flood: setup ## can a flood of rich messages slow the rest?
	$(BIN)/python benchmarks/flood.py

detection: setup ## what the detections say to attacks, and to captures without (needs SHARED)
	$(BIN)/python benchmarks/detection.py

detection-cost: setup ## what judging costs in throughput, and in memory under a flood
	$(BIN)/python benchmarks/detection_cost.py --data $(SHARED)/data

detection-peers: setup ## the same captures through Suricata with Quickdraw's rules
	$(BIN)/python benchmarks/detection_peers.py --data $(SHARED)/data

practice: setup exercise-deps ## all scenarios of the practice plant, judged live (45 minutes)
	$(BIN)/python benchmarks/practice.py

analytics: setup ## what the analytics tell, foresee and manage a second, beside published figures (needs SHARED)
	$(BIN)/python benchmarks/analytics.py --data $(SHARED)/data

process-attacks: setup ## attacks and faults of the practice plant's process, and a week without (half an hour)
	$(BIN)/python benchmarks/process_attacks.py

accuracy: setup ## every shared capture against its ground truth (needs SHARED)
	$(BIN)/python benchmarks/accuracy.py --data $(SHARED)/data

fuzz: setup ## coverage-guided, all targets, FUZZ_SECONDS in total (default 1800)
	@scripts/fuzz.sh $(FUZZ_SECONDS) "$(SHARED)"

soak: setup ## damaged captures through the whole program, SOAK_SECONDS (default 1800)
	$(BIN)/python scripts/soak.py --seconds $(SOAK_SECONDS) $(SHARED)/data/captures src/linewarden/exercises/data

soak-live: setup ## a live sensor for an hour, with what goes wrong: is memory flat? (root; LIVE_SOAK_SECONDS, default 3600)
	$(BIN)/python benchmarks/soak_live.py --seconds $(LIVE_SOAK_SECONDS) --data $(SHARED)/data

docs: setup ## write docs/reference and the catalogues of what detections say from the code, check every link
	$(BIN)/python scripts/make_docs.py
	$(BIN)/python scripts/make_words.py

console-pictures: setup ## pictures of the console's pages for docs/ (chromium); --all FOLDER: all themes and sizes, to look at
	$(BIN)/python scripts/console_pictures.py

docs-check: setup
	$(BIN)/python scripts/make_docs.py --check
	$(BIN)/python scripts/make_words.py --check

client: setup ## write the calls of the Python client from the routes
	$(BIN)/python scripts/make_client.py

client-check: setup
	$(BIN)/python scripts/make_client.py --check

wheel: $(VENV)/.base $(VENV)/.console ## one wheel for Python 3.11 and later, into dist/
	VIRTUAL_ENV=$(abspath $(VENV)) $(BIN)/maturin build --release --out dist

wheel-check: wheel ## install that wheel with every Python found (or PYTHONS="3.11 3.14"), and read the demo
	@scripts/check_wheel.sh $(PYTHONS)

lock: ## resolve dependencies again (needs uv); UPGRADE=1 takes newer versions
	@scripts/lock.sh $(if $(UPGRADE),--upgrade)

changelog: setup ## show what the fragments in changes/ will say
	$(BIN)/towncrier build --draft

clean: ## remove what make made (not target/, which is slow to make again)
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find src -name '*.so' -delete
