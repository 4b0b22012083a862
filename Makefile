# Every target sets up what it needs: a virtual environment in .venv, installed from the locks (with hashes).
PYTHON ?= python3
BIN := .venv/bin
LOCKED := --quiet --universal --python-version 3.11 --generate-hashes --no-header
EMULATOR := packages/kube-api-emulator
AWS_EMULATOR := packages/aws-api-emulator
PINNED := --quiet --disable-pip-version-check --require-hashes --no-deps
# Without bytecode each process of the tests would compile all of envctl, and each run all of the tests anew.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: demo kubernetes platform system-packages test test-emulators test-envctl static static-emulators static-envctl check check-tests nightly dist mutation bench lock schemas pages picture docs provider-schema kubernetes-live audit clean

demo: .venv/.demo
	@PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python -m demo.demo web

# An application in a Kubernetes cluster, from dev to prod.
kubernetes: .venv/.demo
	@PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python -m demo.demo kubernetes

# All modules in all environments: it mostly waits, for load balancers and databases.
platform: .venv/.demo
	@PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python -m demo.demo platform

# What tests need besides .venv: as root, or with sudo that asks for no password, Debian and Ubuntu get what is missing.
# Elsewhere one line says what to install, and the tests that need it are skipped. With NO_SKIPS=1 none may be.
system-packages:
	@$(PYTHON) -m tools.system_packages $(if $(NO_SKIPS),--required)

test: system-packages
	@$(MAKE) --no-print-directory --jobs=2 static
	@$(BIN)/python -m compileall -q src $(EMULATOR)/src $(AWS_EMULATOR)/src
	@$(MAKE) --no-print-directory --jobs=2 test-emulators test-envctl

# Beside each other: the end of either leaves workers idle. What the tests of the packages print is shown as a whole, at
# their end.
test-emulators: .venv/.installed
	@printed=$$($(MAKE) --no-print-directory -C $(EMULATOR) test WORKERS=2 2>&1 && \
	  $(MAKE) --no-print-directory -C $(AWS_EMULATOR) test WORKERS=2 2>&1); code=$$?; echo "$$printed"; exit $$code

# Tests wait for processes more than a third of their time, so that two cores have work for five. One process collects
# all tests, and splits off those that run them (tests/forks.py).
test-envctl: .venv/.installed
	$(BIN)/pytest -m "not night" --forks $(or $(WORKERS),5)

static: static-emulators static-envctl

static-emulators: .venv/.installed
	@$(MAKE) --no-print-directory -C $(EMULATOR) static
	@$(MAKE) --no-print-directory -C $(AWS_EMULATOR) static

static-envctl: .venv/.installed
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# At the same time. One process collects all tests, and splits off two that run them (tests/forks.py).
check:
	@$(MAKE) --no-print-directory -j 2 static check-tests

check-tests: .venv/.installed
	HYPOTHESIS_PROFILE=check $(BIN)/pytest -q --forks 2 -m "not night and not slow and not terraform and not sandbox" \
	  tests/unit tests/usecases --ignore tests/usecases/laws

# Everything, in parts of under an hour: tests/nightly.py lists them, and `make nightly-NAME` runs one.
nightly: system-packages .venv/.installed
	@$(BIN)/python -m tests.nightly

nightly-%: system-packages .venv/.installed
	@$(BIN)/python -m tests.nightly $*

# A wheel and a source archive of each package in dist/: the same bytes for the same commit, wherever and whenever it is built.
dist: .venv/.installed
	@SOURCE_DATE_EPOCH=$${SOURCE_DATE_EPOCH:-$$(git log -1 --format=%ct)} $(BIN)/hatchling build --clean
	@$(MAKE) --no-print-directory -C $(EMULATOR) dist
	@cp $(EMULATOR)/dist/* dist/
	@$(BIN)/pip hash dist/*

# Changes the guards in every small way, one at a time: the tests have to notice each.
mutation: .venv/.installed
	rm -rf mutants
	$(BIN)/mutmut run
	@if $(BIN)/mutmut results | grep .; then echo "not noticed: mutmut show NAME shows the change"; exit 1; fi
	@echo "all $$($(BIN)/mutmut results --all true | grep -c .) changes of the guards were noticed"

bench: .venv/.installed
	$(BIN)/python -m benchmarks.run $(THEMES)

# With what the package in packages/ needs: its own lock would only be a copy.
lock: .venv/.installed
	$(BIN)/uv pip compile $(LOCKED) --extra sandbox-embedded --extra server --group dev \
	  pyproject.toml $(EMULATOR)/pyproject.toml --output-file requirements.lock
	$(BIN)/uv pip compile $(LOCKED) --extra embedded --constraint requirements.lock pyproject.toml \
	  --output-file requirements-run.lock
	$(BIN)/uv pip compile $(LOCKED) --group build --constraint requirements.lock --output-file requirements-build.lock
	$(BIN)/uv pip compile $(LOCKED) --extra sandbox-embedded --extra server --group demo --constraint requirements.lock \
	  pyproject.toml $(EMULATOR)/pyproject.toml --output-file requirements-demo.lock
	$(BIN)/uv pip compile --quiet --python-version 3.11 --generate-hashes --no-header \
	  --group audit --output-file requirements-audit.lock

# What --json promises, written from the types of the results; and the schema and page of envctl.toml, from its models.
schemas: .venv/.installed
	$(BIN)/python -m tools.result_schemas docs/schemas
	$(BIN)/python -m tools.project_schema

# What scanners say of the rendered environments. They pin what envctl has otherwise, and so live apart.
audit: .venv/.installed .venv-audit/.installed
	$(BIN)/python -m tools.audit

.venv-audit/.installed: requirements-audit.lock
	$(PYTHON) -m venv .venv-audit
	.venv-audit/bin/pip install $(PINNED) --requirement requirements-audit.lock
	@touch $@

# The tables in the pages of the modules, and the pages of the commands, from their code.
pages: .venv/.installed
	$(BIN)/python -m tools.module_pages
	$(BIN)/python -m tools.command_pages

# The picture of README.md, docs/terminal.svg: commands typed in the sandbox. After a change of what they print.
picture: .venv/.installed
	$(BIN)/python -m tools.record_terminal

# The site of the documentation, in site/: site/index.html opens in a browser as it lies there.
docs: .venv/.installed
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet --clean && echo "site/index.html"

# Needs the index of Python packages, which tests may not: after a module has begun to use another type of AWS.
provider-schema: .venv/.installed
	$(BIN)/python -m tools.provider_schema

# The end-to-end tests of Kubernetes on a real cluster for tests: KUBECONFIG=FILE, and CONTEXT=NAME if it is not the current one.
kubernetes-live: .venv/.installed
	@$(BIN)/python -m tests.kubernetes_live "$(KUBECONFIG)" "$(CONTEXT)"

# In two parts: a demo on a fresh machine waits for a third of the packages.
.venv/.demo: requirements-demo.lock pyproject.toml $(EMULATOR)/pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "envctl needs Python 3.11 or newer; try: make PYTHON=python3.13")'
	@echo "Installing envctl into .venv: this takes a few minutes, once"
	@$(PYTHON) -m venv .venv
	@$(BIN)/pip install $(PINNED) --requirement requirements-demo.lock
	@# The former name of the distribution. Uninstalled later, it would take the command along.
	@$(BIN)/pip uninstall --quiet --quiet --yes envctl
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable . --editable ./$(EMULATOR)
	@touch $@

.venv/.installed: .venv/.demo requirements.lock
	@echo "Installing what the tests need into .venv: this takes a few minutes, once"
	@$(BIN)/pip install $(PINNED) --requirement requirements.lock
	@touch $@

clean:
	rm -rf .venv .venv-audit .envctl dist mutants site
