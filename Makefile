# The README's two commands are `make demo` and `make test`; each sets up what it needs.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.PHONY: demo test chaos lint docs clean

$(STAMP): pyproject.toml requirements.lock
	$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed; this is " + sys.version.split()[0] if sys.version_info < (3, 11) else 0)'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --requirement requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	$(BIN)/python -m compileall -q lgsp adapters mocks
	touch $(STAMP)

demo: $(STAMP)
	$(BIN)/lgsp demo $(ARGS)

# Files in the order of their names: the long ones (browser, chaos) begin first, and short ones (unit) fill up the end.
test: $(STAMP)
	sh tests/set-up.sh
	$(BIN)/pytest -n 4 --dist loadfile --no-loadscope-reorder $(ARGS)

chaos: $(STAMP)
	PYTHONPATH=tests $(BIN)/python -m chaos $(ARGS)

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	PYTHONPATH=.:adapters:mocks $(BIN)/lint-imports

docs: $(STAMP)
	$(BIN)/python docs/make.py

clean:
	rm -rf $(VENV) .lgsp .mypy_cache .ruff_cache .pytest_cache
