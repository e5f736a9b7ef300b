PYTHON ?= python3
BIN := .venv/bin

.PHONY: install app test lint benchmark clean

install: .venv/installed

.venv/installed: requirements.txt requirements-dev.txt pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet -r requirements-dev.txt
	touch $@

app: install
	$(BIN)/streamlit run app/main.py

test: install
	$(BIN)/python -m pytest --numprocesses auto --maxprocesses 4 --dist worksteal

lint: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(BIN)/mypy

benchmark: install
	$(BIN)/python -m pytest tests/benchmarks -m benchmark -s

clean:
	rm -rf .venv build
