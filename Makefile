# A thin face of `benchdl`: every goal makes the locked virtual environment on first use.
#   make bench-NAME (tf, theano, mxnet, ...) | bench-all | bench      EPOCHS= MODE= VARIANT= CNMEM= CUDNN= DEVICE= LAUNCHER= ...
#   make resume          CAMPAIGN= (default: the newest)
#   make report          REPORT= (default: report.html)  RESULTS=
#   make compare         A= B= [FORCE=1] [FAIL_ON=regression]
#   make selftest        ARGS=--quick
#   make perf            ARGS="--blocks 5 --out docs/measurements/..." (benchmarks/perf)
#   make images | doctor | setup | test | test-gpu | lint | format | lock | clean
# PYTHON=python3.11 chooses the Python. What the goals do stands in harness/make/goals.py.

GOALS := bench resume report compare selftest perf images doctor setup test test-gpu lint format lock clean

ifeq ($(wildcard harness/make/__main__.py),)
$(error run make in the folder of benchdl: make -C FOLDER)
endif

# Variables of the command line reach harness/make as they were typed, in its environment: neither
# make nor a shell looks into a value. Those that are only in the environment do not count.
given := $(foreach name,$(.VARIABLES),$(if $(findstring command,$(origin $(name))),$(name)))
$(foreach name,$(given),$(eval unexport $(name))$(eval export BENCHDL_MAKE_$(name) := $$(value $(name))))
export BENCHDL_MAKE_GIVEN := $(given)
export BENCHDL_MAKE_GOALS := $(MAKECMDGOALS)

define run
@python=$${BENCHDL_MAKE_PYTHON:-python3}; \
command -v "$$python" >/dev/null || { echo "benchdl: no program $$python: choose a Python with make PYTHON=python3.11" >&2; exit 1; }; \
exec "$$python" -I harness/make/__main__.py
endef

.PHONY: $(GOALS) always
$(GOALS): export BENCHDL_MAKE_GOAL = $@
$(GOALS):
	$(run)

# bench-NAME is not listed: make looks for no pattern rule of a phony goal.
bench-%: export BENCHDL_MAKE_GOAL = $@
bench-%: always
	$(run)

always:
