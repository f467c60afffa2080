# Each target first makes .venv and installs what it needs, so any of them is the only command one types.
PYTHON ?= python3
BIN := .venv/bin
BASE := .venv/.base
DEV := .venv/.dev
DOCS := .venv/.docs
JOBS ?= 2

.PHONY: demo test test-all faults fuzz test-lowest test-newest lint format bench soak docs wheel clean

demo: $(BASE)
	$(BIN)/normax demo

test: $(DEV)
	$(BIN)/pytest -n $(JOBS)

test-all: $(DEV)
	$(BIN)/pytest -n $(JOBS) -m "slow or not slow"

# Faults injected into runs, hostile files read: for some seconds (BUDGET=600s) or trials (BUDGET=500), on a schedule that
# SEED repeats; ONLY="fit,path" begins the names of what is tried.
BUDGET ?= 60s
faults fuzz: $(DEV)
	$(BIN)/python -m robustness.$@ --budget $(BUDGET) $(if $(SEED),--seed $(SEED)) $(if $(ONLY),--only "$(ONLY)")

# The lowest and the newest versions of what normax needs, on the Python given (PYTHON=python3.13), by uv: what a user may have.
CHOSEN := tests/penalties/test_separable.py tests/linear_model/test_path.py tests/linear_model/test_groups.py \
  tests/linear_model/test_published.py tests/training/test_fit.py tests/paths/test_linear.py tests/selection tests/test_face.py
test-lowest: RESOLUTION := lowest-direct
test-newest: RESOLUTION := highest
test-lowest test-newest:
	$(PYTHON) -m venv --clear build/$@
	build/$@/bin/python -m pip install --quiet uv
	build/$@/bin/uv pip install --quiet --python build/$@/bin/python --resolution $(RESOLUTION) . 'pytest>=8.3' 'pandas>=2.2'
	build/$@/bin/python -m pytest -p no:cacheprovider $(CHOSEN)

lint: $(DEV)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(DEV)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(DEV)
	@for file in benchmarks/[a-z]*.py; do echo "== $$file" && $(BIN)/python $$file || exit 1; done

# What a process holds over a thousand fits, paths and the like; hours. `python tests/training/long_runs.py 100 "a fit"` for less.
soak: $(DEV)
	$(BIN)/python tests/training/long_runs.py 1000

# The site, in both languages, in build/site: open index.html there. A warning is an error.
docs: $(DOCS)
	$(BIN)/python docs/site/assemble.py
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet --strict --config-file docs/site/mkdocs.yml

$(BASE): pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --editable .
	@touch $@

# torch is pinned to a CPU build: a bare `torch` may bring gigabytes of CUDA libraries along.
$(DEV): $(BASE)
	$(BIN)/python -m pip install --quiet torch==2.13.0
	$(BIN)/python -m pip install --quiet --editable '.[torch,dev]'
	@touch $@

$(DOCS): $(BASE)
	$(BIN)/python -m pip install --quiet --editable '.[docs]'
	@touch $@

# For this platform and this Python, with the kernels compiled; it wants a C compiler, which who installs it does not.
wheel: $(DEV)
	$(BIN)/python wheels/kernels.py
	$(BIN)/pip wheel --quiet --no-deps --wheel-dir dist .

clean:
	rm -rf .venv build dist src/normax/_kernels .pytest_cache .mypy_cache .ruff_cache
