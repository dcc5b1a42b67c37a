# `make demo` and `make test` need Python 3.11 or newer and make, nothing else: the rest goes into .venv.
# All paths are relative, so that a folder with spaces in its name will do.

SHELL := /bin/sh
.DEFAULT_GOAL := all
.DELETE_ON_ERROR:

PY := .venv/bin/python
PIP := $(PY) -m pip --disable-pip-version-check
PYTEST := $(PY) -m pytest
JOBS ?= auto
INTERCEPTOR := mitmproxy==11.0.2

DEMO := captures/mm-faults.pcapng
DEMO_SITE := captures/mm-faults.site.yaml

BENCH ?= ../shared/bench
WORKLOADS ?= bulk industrial flowheavy
MB ?= 300
RUNS ?= 3
PEERS ?= ours cat capinfos $(if $(shell command -v ndpiReader),ndpi)
EMPTY :=
SPACE := $(EMPTY) $(EMPTY)
COMMA := ,

PYTHONS := python3.13 python3.12 python3.11 python3.14 python3 python
FITS := import sys, ensurepip, venv; sys.exit(sys.version_info < (3, 11))

.PHONY: all demo test slow lint format types bench bench-live golden captures pictures wheel clean help

all: format lint test ## format, lint, check types, test

demo: .venv/.runs ## check a shipped capture; writes demo-out/
	@echo "analyzer check $(DEMO) --site $(DEMO_SITE) --out demo-out"
	@.venv/bin/analyzer check $(DEMO) --site $(DEMO_SITE) --out demo-out; code=$$?; echo; case $$code in \
	  0) echo "Exit code 0: no requirement fails. demo-out/ holds the whole result.";; \
	  1) echo "Exit code 1: a requirement fails, as it should here. demo-out/ holds the result.";; \
	  *) echo "make demo: analyzer check ended with exit code $$code" >&2; exit $$code;; \
	esac

test: .venv/.develops ## run the tests
	@$(PYTEST) -q -n $(JOBS)

format: .venv/.develops ## format the code
	@$(PY) -m ruff format --quiet .
	@$(PY) -m ruff check --fix-only --quiet .

lint: .venv/.develops types ## check style, format and types; changes nothing
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .

types: .venv/.develops
	@$(PY) -m mypy

slow: .venv/.develops ## all tests with bounds checks, again without the compiler, and those that take minutes
	ANALYZER_BOUNDSCHECK=1 $(PYTEST) -q -n $(JOBS)
	NUMBA_DISABLE_JIT=1 $(PYTEST) -q -n $(JOBS)
	$(PYTEST) -q -n $(JOBS) -m slow

bench: .venv/.develops ## measure beside other programs (BENCH=folder of gencap.py and peers.py, MB=, RUNS=, PEERS=)
	@for program in $(BENCH)/gencap.py $(BENCH)/peers.py; do \
	  test -f "$$program" || { echo "make bench: $$program is missing; BENCH=FOLDER names another place" >&2; exit 1; }; \
	done
	@command -v capinfos >/dev/null || { echo "make bench: capinfos is missing (Debian: wireshark-common)" >&2; exit 1; }
	@mkdir -p bench-out
	@for kind in $(WORKLOADS); do test -f bench-out/$$kind-$(MB).pcap || \
	  $(PY) $(BENCH)/gencap.py $$kind bench-out/$$kind-$(MB).pcap --mb $(MB) --seed 1; done
	@echo "$$(uname -srm), $$(getconf _NPROCESSORS_ONLN) processors, seed 1, $(RUNS) runs, median"
	@ANALYZER=.venv/bin/analyzer $(PY) $(BENCH)/peers.py $(RUNS) \
	  $(subst $(SPACE),$(COMMA),$(WORKLOADS:%=bench-out/%-$(MB).pcap)) $(PEERS)

bench-live: .venv/.develops ## measure what each way to listen loses and takes (root, Linux; BENCH= as above, MB=, RUNS=)
	@test -f $(BENCH)/gencap.py || { echo "make bench-live: $(BENCH)/gencap.py is missing" >&2; exit 1; }
	@for program in dumpcap ip tcpdump tcpreplay; do command -v $$program >/dev/null || \
	  { echo "make bench-live: $$program is missing" >&2; exit 1; }; done
	@mkdir -p bench-out
	@test -f bench-out/industrial-$(MB).pcap || \
	  $(PY) $(BENCH)/gencap.py industrial bench-out/industrial-$(MB).pcap --mb $(MB) --seed 1
	@echo "$$(uname -srm), $$(getconf _NPROCESSORS_ONLN) processors, seed 1, $(RUNS) runs, median"
	@$(PY) -m tests.benchmarks.live bench-out/industrial-$(MB).pcap $(RUNS)

golden: .venv/.develops ## write the expected results of the sample captures anew; read the diff
	@$(PYTEST) -q -p no:xdist tests/golden --write-golden

captures: .venv/.stages ## make the sample captures anew, from real programs (root, Linux)
	@$(PY) captures/make.py $(ARGS)

pictures: .venv/.develops ## make the pictures of the documents anew, from the sample captures (Chromium)
	@$(PY) captures/pictures.py $(ARGS)

wheel: .venv/.develops ## build dist/*.whl
	@rm -rf dist
	@$(PIP) wheel --quiet --no-deps --wheel-dir dist .
	@ls dist

clean: ## remove all that was made here, .venv too
	rm -rf .venv build dist demo-out bench-out .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

help: ## list what can be made
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1|\2/p' Makefile | awk -F'|' '{ printf "%-18s %s\n", $$1, $$2 }'

.venv/bin/python:
	@for python in $(PYTHONS); do \
	  if "$$python" -c '$(FITS)' 2>/dev/null; then \
	    echo "making .venv with $$("$$python" --version)"; exec "$$python" -m venv .venv; \
	  fi; \
	done; \
	echo "No Python 3.11 or newer with venv and pip was found (tried: $(PYTHONS)); on Debian: apt-get install python3-venv" >&2; \
	exit 1

.venv/.runs: pyproject.toml | .venv/bin/python
	@echo "installing the analyzer and its libraries into .venv (once; a minute or two)"
	@$(PIP) install --quiet --editable .
	@touch $@

.venv/.develops: pyproject.toml | .venv/bin/python
	@echo "installing the analyzer, its libraries and the tools of its tests into .venv (once; a minute or two)"
	@$(PIP) install --quiet --editable '.[dev]'
	@touch .venv/.runs $@

.venv/.stages: pyproject.toml | .venv/bin/python
	@echo "installing the programs that the sample captures are made of into .venv (once; a minute or two)"
	@$(PIP) install --quiet --editable '.[samples]'
	@$(PY) -m venv .venv/mitmproxy
	@.venv/mitmproxy/bin/python -m pip --disable-pip-version-check install --quiet $(INTERCEPTOR)
	@touch .venv/.runs $@
