# A thin face of `benchdl`: `make help` lists the goals, `make help ABOUT=bench` explains all variables
# of one. Every goal makes the locked virtual environment on first use. What the goals do is in
# harness/make/goals.py, what they are called in harness/make/offered.py.

ifeq ($(wildcard harness/make/__main__.py),)
$(error run make in the folder of benchdl: make -C FOLDER)
endif

# Variables of the command line reach harness/make as they were typed, in its environment: neither
# make nor a shell looks into a value. Those that are only in the environment do not count. `override`:
# none of them, and no `make -e`, replaces what stands here (SHELL, run, ...).
override given := $(foreach each,$(.VARIABLES),$(if $(findstring command,$(origin $(each))),$(each)))
override given += $(if $(findstring command,$(origin each)),each)
$(foreach each,$(given),$(eval unexport $(each))$(eval override BENCHDL_MAKE_$(each) := $$(value $(each))))
$(foreach each,$(given),$(eval export BENCHDL_MAKE_$(each)))
override BENCHDL_MAKE_GIVEN := $(given)
override BENCHDL_MAKE_GOALS := $(MAKECMDGOALS)
export BENCHDL_MAKE_GIVEN BENCHDL_MAKE_GOALS

override SHELL := /bin/sh
override .SHELLFLAGS := -c
override GOALS := help bench resume report compare history selftest perf images doctor peak setup test test-fast test-gpu mutants lint format lock clean

override define run
@python=$${BENCHDL_MAKE_PYTHON:-python3}; \
command -v "$$python" >/dev/null || { echo "benchdl: no program $$python: choose a Python with make PYTHON=python3.11" >&2; exit 1; }; \
exec "$$python" -I harness/make/__main__.py
endef

# One goal after the other, whatever `-j` the surroundings have set: two benchmarks at once would
# measure each other. No rule of make's own: `make bench-` would link a program.
.NOTPARALLEL:
MAKEFLAGS += --no-builtin-rules

.PHONY: $(GOALS) always
$(GOALS): override export BENCHDL_MAKE_GOAL = $@
$(GOALS):
	$(run)

# Not listed: make looks for no pattern rule of a phony goal. bench-NAME, and whatever is mistyped.
%: override export BENCHDL_MAKE_GOAL = $@
%: always
	$(run)

Makefile always: ;
