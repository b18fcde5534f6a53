# make lab · make test · make build · make bench: each makes .venv first, once, and again when pyproject.toml changes.
# Works with GNU make 3.81 and later (macOS has 3.81) and BSD make. To choose an interpreter: make lab PYTHON=python3.12

PYTHON =
BIN = .venv/bin
READY = .venv/.installed
COLAB = build/colab/.prepared
# Up to four tests side by side, each on one thread: faster than one after another with a thread for every core.
# The longest come first, so that at the end none keeps one processor busy and the others waiting.
PYTEST = OMP_NUM_THREADS=1 LOKY_MAX_CPU_COUNT=1 $(BIN)/python -m pytest -n logical --maxprocesses 4 --durations 10
TESTS = tests/browser tests/notebooks tests/colab tests/homework tests/contract tests/unit

help:
	@echo 'make lab       open the course in JupyterLab'
	@echo 'make test      check what 2 cores can check in about sixteen minutes'
	@echo 'make test-all  the same, the slow tests, and every lesson in both builds'
	@echo 'make build     build notebooks/ from course/lessons/'
	@echo 'make bundle    make the course for Colab: one wheel, and notebooks that stand alone'
	@echo 'make colab     prepare the older packages of Colab for make test-all, once'
	@echo 'make playground  make pages whose networks run in the browser'
	@echo 'make site      make the site: lessons with their pictures, gallery, reference, and the playground'
	@echo 'make bench     measure this machine: drawing, training, sampling'
	@echo 'make race      hours: how good after 3, 10 and 30 minutes, official recipes beside ours'
	@echo 'make gpu       measure a GPU in eight minutes, and train on it for the rest of them'
	@echo 'make zoo       go on training the bundled models, at low priority, for two hours and a half'
	@echo 'make lint      ruff and mypy, without changing a file'

$(READY): pyproject.toml
	@set -e; \
	if ! $(BIN)/python -c 'import sys; sys.exit(sys.version_info < (3, 10))' 2>/dev/null; then \
	    found=; \
	    for name in "$(PYTHON)" python3 python3.13 python3.12 python3.11 python3.10 python; do \
	        if "$$name" -c 'import sys; sys.exit(sys.version_info < (3, 10))' 2>/dev/null; then found=$$name; break; fi; \
	        if [ -n "$$name" ] && [ "$$name" = "$(PYTHON)" ]; then break; fi; \
	    done; \
	    if [ -z "$$found" ]; then \
	        echo 'animelab needs Python 3.10 or newer: install it (python.org, or: apt install python3 python3-venv), or name one: make lab PYTHON=/path/to/python3' >&2; \
	        exit 1; \
	    fi; \
	    if ! "$$found" -c 'import ensurepip' 2>/dev/null; then \
	        echo "$$found cannot make virtual environments: install its venv module (Debian, Ubuntu: apt install python3-venv)" >&2; \
	        exit 1; \
	    fi; \
	    "$$found" -m venv --clear .venv; \
	fi
	@echo 'Installing into .venv (the first time this downloads PyTorch and takes a few minutes)'
	$(BIN)/python -m pip install --quiet -e '.[dev]'
	@touch $(READY)

lab: $(READY)
	$(BIN)/python -m animelab lab

build: $(READY)
	$(BIN)/python -m animelab.authoring build

bundle: $(READY)
	$(BIN)/python -m animelab.authoring bundle

playground: $(READY)
	$(BIN)/python course/site/playground.py build/site/playground
	@echo 'Look at it: $(BIN)/python -m http.server --directory build/site, then http://localhost:8000/playground/'

# SITE_EXECUTE=full runs the lessons as learners do (hours, once), smoke in minutes, 0 not at all.
site: playground
	$(BIN)/python -m pip install --quiet -e '.[site]'
	$(BIN)/python course/site/build.py build/site

# On a rented GPU: eight minutes, and all that they can tell; a second call goes on.
gpu: $(READY)
	$(BIN)/python tests/bench/gpu.py

zoo: $(READY)
	$(BIN)/python -m animelab zoo build

lint: $(READY)
	$(BIN)/python -m ruff check .
	$(BIN)/python -m ruff format --check .
	$(BIN)/python -m mypy

drift: $(READY)
	$(BIN)/python -m animelab.authoring check

test: lint drift
	$(PYTEST) -m 'not slow' $(TESTS)

# Colab's older packages, for the tests of tests/colab; it takes what else it needs from .venv.
colab: $(COLAB)

$(COLAB): tests/colab/environment.py tests/colab/requirements.txt $(READY)
	$(BIN)/python tests/colab/environment.py build/colab
	@touch $(COLAB)

test-all: lint drift $(COLAB)
	$(PYTEST) $(TESTS)

bench: $(READY)
	$(BIN)/python tests/bench/speed.py
	$(BIN)/python tests/bench/official_steps.py
	$(BIN)/python tests/bench/inference.py

# Hours, at low priority; a second call goes on.
race: $(READY)
	nice -n 10 $(BIN)/python tests/bench/race.py

.PHONY: help lab build bundle playground site zoo lint drift test colab test-all bench race gpu
