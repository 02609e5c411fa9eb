# make run    the main job on a real control plane on 127.0.0.1 (see README.md)
# make test   installs what is missing, builds, runs every test
# make build  leaves the one binary at build/landwaiter
# make bench  ratios beside the bare limit, in one run
# make bench-cluster  a real API server filled with 20,000 pods: memory, requests, times (docs/scale.md)
# make accuracy  precision and recall beside other scanners (docs/accuracy.md)
# make image  the image as IMAGE, by buildah, podman or docker (docs/install.md)
# make lint   format, tidy, include direction
# make sanitize  ASan+UBSan over parsers and lib, TSan over the concurrent parts
# make fuzz   each fuzz target for FUZZ_SECONDS (60)

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := build
.PHONY: setup build unit-tests cluster test run bench bench-cluster accuracy image lint sanitize fuzz clean

RELEASE := build/release
FUZZ_SECONDS ?= 60
# Debian's own: what apt installs (pytest, xdist, yaml) is for that one, whatever comes first on the PATH.
PYTHON ?= /usr/bin/python3
# End-to-end tests at once, each with a control plane of its own: they mostly wait.
TEST_WORKERS ?= 2
# More for the release build, e.g. -DLANDWAITER_UNITY=TESTS (cmake/unity.cmake).
CMAKE_FLAGS ?=

setup:
	@scripts/setup.sh

$(RELEASE)/build.ninja: | setup
	@cmake -G Ninja -S . -B $(RELEASE) -DCMAKE_BUILD_TYPE=Release $(CMAKE_FLAGS) >build/cmake.log 2>&1 || { cat build/cmake.log; exit 1; }

build: setup
	@mkdir -p build
	@$(MAKE) --no-print-directory $(RELEASE)/build.ninja
	@ninja -C $(RELEASE) landwaiter
	@ln -f $(RELEASE)/landwaiter build/landwaiter

# The control plane's Go programs build beside the C++ ones: each alone would leave a core idle.
test: setup
	@mkdir -p build
	@$(MAKE) --no-print-directory $(RELEASE)/build.ninja
	@{ tests/cluster/build.sh && tests/cluster/helm/build.sh; } >build/cluster-build.log 2>&1 & cluster=$$!; \
	  status=0; ninja -C $(RELEASE) all || status=$$?; \
	  if [ $$status -eq 0 ]; then ln -f $(RELEASE)/landwaiter build/landwaiter; \
	    ctest --test-dir $(RELEASE) --output-on-failure || status=$$?; fi; \
	  echo "waiting for the control plane's build (build/cluster-build.log)"; \
	  wait $$cluster || { tail -40 build/cluster-build.log; exit 1; }; \
	  exit $$status
	@$(PYTHON) -m pytest -q -p no:cacheprovider -n $(TEST_WORKERS) --dist loadfile tests/e2e tests/accuracy

run: setup
	@python3 scripts/run.py

bench: build
	@ninja -C $(RELEASE) landwaiter_bench
	@python3 tests/bench/bench.py

bench-cluster: build
	@tests/cluster/build.sh
	@python3 tests/bench/bench_cluster.py

accuracy: build
	@python3 tests/accuracy/accuracy.py

image:
	@IMAGE="$(IMAGE)" scripts/image/build.sh $(IMAGE_FLAGS)

lint:
	@scripts/setup.sh --lint
	@scripts/lint/lint.sh

sanitize: setup
	@scripts/lint/sanitize.sh

fuzz:
	@scripts/setup.sh --lint
	@scripts/lint/fuzz.sh $(FUZZ_SECONDS)

clean:
	@rm -rf build
