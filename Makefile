# `make` alone explains itself: every target below with a `##` is printed by `make help`.

# Any Python from 3.11 on: `make setup PYTHON=python3.13`. By default the first one found.
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 && { echo $$p; break; }; done)
# Options handed to the command behind a target: make build ARGS="--drafts --jobs 2"
ARGS ?=

VENV := .venv
BIN := $(VENV)/bin
PY := $(BIN)/python
PIP := $(PY) -m pip --disable-pip-version-check --quiet
READY := $(VENV)/.ready
PANGO := $(VENV)/.pango

# A Python asked for by name, other than the one that .venv was made with, makes it anew.
VERSION := -c 'import sys; print(*sys.version_info[:3], sep=".")' 2>/dev/null
ifneq ($(filter command,$(origin PYTHON)),)
OTHER := $(filter-out $(shell $(PY) $(VERSION)),$(shell $(PYTHON) $(VERSION)))
endif

# One setup at a time, where the system has flock: a second one waits, then finds nothing to do.
LOCK := $(if $(shell command -v flock 2>/dev/null),flock Makefile)

# Where it is set, every command compiles the whole program again: seconds each time.
unexport PYTHONDONTWRITEBYTECODE

CHROMIUM ?= $(shell command -v chromium || command -v chromium-browser || command -v google-chrome)
export CHROMIUM

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:
.PHONY: help setup run site build check-content test check lint types imports unit browser format bench \
	lighthouse screenshots lock clean environment

help: ## Print this list
	@echo "make TARGET [PYTHON=python3.13] [ARGS=\"options of the command behind it\"]"
	@echo
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' Makefile

setup: ## Make the environment in .venv (a second call is instant)
	@$(LOCK) $(MAKE) --no-print-directory environment

# A demonstration of its own under .demo/, unless the environment says otherwise; its key is made once.
# Each of these settings may be given from outside, all or some of them.
run: export PORTAL_DEMO ?= 1
run: export PORTAL_PORT ?= 8000
run: export PORTAL_BASE_URL ?= http://127.0.0.1:$(PORTAL_PORT)
run: export PORTAL_DATABASE_URL ?= sqlite:///.demo/portal.sqlite3
run: export PORTAL_STORAGE_URL ?= file:.demo/files
run: setup ## Build the site, make the demo, serve both on http://127.0.0.1:8000 until Ctrl-C
	@mkdir -p .demo
	@test -s .demo/key || (umask 077; $(PY) -c 'import secrets; print(secrets.token_hex(32))' > .demo/key)
	@$(PY) build.py --base-url $(PORTAL_BASE_URL)/ --portal-url $(PORTAL_BASE_URL)/espace-client $(ARGS)
	@export PORTAL_SECRET_KEY="$${PORTAL_SECRET_KEY:-$$(cat .demo/key)}"; \
	$(BIN)/portal db upgrade && { [ "$(PORTAL_DEMO)" != 1 ] || $(BIN)/portal demo; } && \
	exec $(BIN)/portal start --log .demo/portal.log

site: setup ## Build the site alone and serve it on http://127.0.0.1:8000
	@$(PY) build.py --serve --base-url http://127.0.0.1:8000/ $(ARGS)

build: setup ## Build the site into public/
	@$(PY) build.py $(ARGS)

check-content: setup ## Print everything that is wrong or still to fill in under content/
	@$(PY) build.py --check $(ARGS)

test: setup lint types imports unit browser ## Everything: lint, types, imports, unit tests, browser

check: setup lint types imports ## The quick half of `make test`, before each commit
	@$(PY) -m pytest --ignore=tests/browser -m "not slow" -n auto --quiet $(ARGS)

lint: setup ## ruff: rules and format
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

format: setup ## Let ruff mend what it can
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

types: setup ## mypy, strict
	@$(BIN)/mypy

imports: setup ## Who may import whom
	@$(BIN)/lint-imports --no-logo

# The terms are covered by their own tests alone, so only these pay for the counting. The data file gets
# a name of its own, so that two runs at once do not mix their counts.
unit: setup ## Unit tests, with branches of portal/terms covered to 95 % at least
	@COVERAGE_FILE=$$(mktemp); export COVERAGE_FILE; trap 'rm -f "$$COVERAGE_FILE"' EXIT; \
	$(PY) -m pytest tests/terms --cov --cov-report= --quiet && \
	$(BIN)/coverage report --include='portal/terms/*' --fail-under=95
	@$(PY) -m pytest --ignore=tests/browser --ignore=tests/terms -n auto $(ARGS)

browser: setup ## Browser tests (skipped, loudly, where there is no Chromium)
	@$(PY) -m pytest tests/browser -n auto --dist loadfile $(ARGS)

bench: setup ## The site's build beside Hugo and others: prints ratios
	@$(PY) bench/site.py $(ARGS)

lighthouse: setup ## Lighthouse's four scores on four pages (needs npm and Chromium)
	@$(PY) bench/lighthouse.py $(ARGS)

screenshots: setup build ## Every page at 375 and 1280 px, light and dark, into screenshots/
	@$(PY) bench/screenshots.py $(ARGS)

# uv reads none of pip's settings: the index and the certificates that pip uses are handed to it.
lock: ## Lock the requirements again, with hashes and without the address of any index
	@$(call need-python)
	@test -x .venv-lock/bin/uv || { $(PYTHON) -m venv .venv-lock && \
		.venv-lock/bin/python -m pip --disable-pip-version-check --quiet install uv; }
	@index=$$(.venv-lock/bin/python -m pip config get global.index-url 2>/dev/null || true); \
	[ -z "$${PIP_INDEX_URL:-$$index}" ] || export UV_DEFAULT_INDEX="$${PIP_INDEX_URL:-$$index}"; \
	[ -z "$${PIP_CERT:-}" ] || export SSL_CERT_FILE="$$PIP_CERT"; \
	for extra in "requirements.txt" "requirements-dev.txt --extra dev --constraints requirements.txt"; do \
		.venv-lock/bin/uv pip compile pyproject.toml --quiet --universal --python-version 3.11 \
			--generate-hashes --no-emit-index-url --no-emit-find-links \
			--custom-compile-command "make lock" --output-file $$extra || exit 1; \
	done

clean: ## Remove what the other targets made (.venv too)
	rm -rf $(VENV) .venv-lock .demo public .public.* screenshots build dist *.egg-info node_modules
	rm -rf .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis htmlcov .coverage .coverage.*
	find bench portal tests -name __pycache__ -type d -prune -exec rm -rf {} +

# --- The environment: stamps tell what is done --------------------------------------------------

define need-python
	test -n "$(PYTHON)" && $(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "Python 3.11 or newer is needed: name it, as in  make setup PYTHON=python3.12" >&2; exit 1; }
endef

environment: $(READY) $(PANGO)
	@:

$(if $(OTHER),.PHONY: $(READY))

# The lock is whole, so nothing is left to resolve: a resolver would take the newest release of a package that
# another one names with an extra, and then refuse it for having no hash.
$(READY): requirements-dev.txt pyproject.toml
	@test -z "$(OTHER)" && $(PY) -m pip --version >/dev/null 2>&1 || { $(need-python); }
	@test -z "$(OTHER)" && $(PY) -m pip --version >/dev/null 2>&1 || { \
		echo "Making $(VENV) with $(PYTHON) …"; $(PYTHON) -m venv --clear $(VENV); }
	@echo "Installing the locked requirements into $(VENV) …"
	@$(PIP) install --require-hashes --no-deps -r requirements-dev.txt
	@$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@

# WeasyPrint needs Pango from the system. Without it the site is built all the same, but for the
# PDFs: so a missing Pango is told, and is no error here.
$(PANGO): $(READY)
	@if $(PY) -c 'import weasyprint' >/dev/null 2>&1 || { \
		sh .ci/install.sh libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 \
			&& $(PY) -c 'import weasyprint' >/dev/null 2>&1; }; \
	then touch $@; \
	else echo "Pango is missing: the site will be built without its PDFs."; fi
