# A thin face of `benchdl`: every target makes the locked virtual environment on first use.
#   make bench-NAME (tf, theano, mxnet, ...) | bench-all | bench      EPOCHS= MODE= VARIANT= CNMEM= CUDNN= DEVICE= LAUNCHER= ...
#   make resume          CAMPAIGN= (default: the newest)
#   make report          REPORT= (default: report.html)  RESULTS=
#   make compare         A= B= [FORCE=1] [FAIL_ON=regression]
#   make selftest        ARGS=--quick
#   make perf            ARGS="--blocks 5 --out docs/measurements/..." (benchmarks/perf)
#   make images | doctor | setup | test | test-gpu | lint | lock

PYTHON ?= python3
VENV := .venv
STAMP := $(VENV)/.ready
BENCHDL := $(VENV)/bin/benchdl

# Make variables become options only when they are set; CNMEM and CUDNN are the seed's words.
OPTIONS := \
	$(if $(WORKLOAD),--workload '$(WORKLOAD)') \
	$(if $(LAUNCHER),--launcher '$(LAUNCHER)') \
	$(if $(DEVICE),--device '$(DEVICE)') \
	$(if $(GPUS),--gpus '$(GPUS)') \
	$(if $(PARALLEL_GPUS),--parallel-gpus) \
	$(if $(INJECTION),--injection '$(INJECTION)') \
	$(foreach mode,$(MODE),--mode '$(mode)') \
	$(if $(VARIANT),--variant '$(VARIANT)') \
	$(if $(CNMEM),--set 'lib.cnmem=$(CNMEM)') \
	$(if $(CUDNN),--set 'cudnn.enabled=$(CUDNN)') \
	$(foreach pair,$(SET),--set '$(pair)') \
	$(if $(EPOCHS),--epochs '$(EPOCHS)') \
	$(if $(TRAIN_SAMPLES),--train-samples '$(TRAIN_SAMPLES)') \
	$(if $(REPEAT),--repeat '$(REPEAT)') \
	$(if $(THREADS),--threads '$(THREADS)') \
	$(if $(BATCH_SIZE),--batch-size '$(BATCH_SIZE)') \
	$(if $(SEED),--seed '$(SEED)') \
	$(if $(ORDER_SEED),--order-seed '$(ORDER_SEED)') \
	$(if $(COOL_DOWN),--cool-down '$(COOL_DOWN)') \
	$(if $(IDLE_WAIT),--idle-wait '$(IDLE_WAIT)') \
	$(if $(DATASET),--dataset '$(DATASET)') \
	$(if $(DATA_DIR),--data-dir '$(DATA_DIR)') \
	$(if $(RESULTS),--results '$(RESULTS)') \
	$(if $(TIMEOUT),--timeout '$(TIMEOUT)') \
	$(if $(JSON),--json)

# bench-NAME is not listed: make looks for no pattern rule of a phony target.
.PHONY: bench report resume compare selftest perf images setup doctor test test-gpu lint format lock clean

bench: setup
	@$(BENCHDL) run tf theano --make-base $(OPTIONS)

bench-%: setup
	@$(BENCHDL) run '$*' --make-base $(OPTIONS)

resume: setup
	@$(BENCHDL) resume '$(or $(CAMPAIGN),latest)' --make-base \
		$(if $(RESULTS),--results '$(RESULTS)') $(if $(JSON),--json)

compare: setup
	@$(BENCHDL) compare '$(or $(A),$(error make compare A=tf B=theano))' '$(B)' $(if $(FORCE),--force) $(if $(FAIL_ON),--fail-on '$(FAIL_ON)') \
		$(if $(RESULTS),--results '$(RESULTS)')

report: setup
	@$(BENCHDL) report -o '$(or $(REPORT),report.html)' $(if $(RESULTS),--results '$(RESULTS)')

selftest: setup
	@$(BENCHDL) selftest --make-base $(if $(LAUNCHER),--launcher '$(LAUNCHER)') $(ARGS)

# Never a test: on a machine that does nothing else, and with a Docker engine.
perf: setup
	@$(VENV)/bin/python -m benchmarks.perf $(if $(DEVICE),--device '$(DEVICE)') \
		$(if $(DATA_DIR),--data-dir '$(DATA_DIR)') $(ARGS) $(BACKENDS)

images: setup
	@$(BENCHDL) images build --make-base $(if $(FLAVOUR),--flavour '$(FLAVOUR)') $(BACKENDS)

doctor: setup
	@$(BENCHDL) doctor

test: setup
	@$(VENV)/bin/python -m pytest $(PYTEST_ARGS)

# On a machine with a real GPU; elsewhere every test says why it was skipped.
test-gpu: setup
	@$(VENV)/bin/python -m pytest -m gpu tests/gpu $(PYTEST_ARGS)

lint: setup
	@$(VENV)/bin/ruff check .
	@$(VENV)/bin/ruff format --check .
	@$(VENV)/bin/mypy

format: setup
	@$(VENV)/bin/ruff format .
	@$(VENV)/bin/ruff check --fix .

setup: $(STAMP)

$(STAMP): harness/requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' || \
		{ echo "benchdl needs Python 3.10 or newer; choose one with: make $(MAKECMDGOALS) PYTHON=python3.11"; exit 1; }
	@echo "benchdl: making the harness's environment in $(VENV) (once) ..."
	@rm -rf $(VENV)
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); \
		echo "benchdl: $(PYTHON) cannot make virtual environments; on Debian: apt-get install python3-venv"; exit 1; }
	@$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement harness/requirements.lock
	@$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

# Locks of the harness itself; a backend's locks are made from its image.toml by `benchdl images lock`.
lock: setup
	@$(VENV)/bin/uv pip compile pyproject.toml --extra dev --universal --python-version 3.10 \
		--generate-hashes --no-annotate --no-header --no-emit-index-url --output-file harness/requirements.lock

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache
