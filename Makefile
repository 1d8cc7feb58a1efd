# The door to everything: `make help`.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

export GOTOOLCHAIN := local
export GOFLAGS := -buildvcs=false
# Absolute, because each module builds from its own folder.
export BIN := $(abspath $(or $(BIN),bin))
export VELERO_KRM_BIN := $(BIN)

GO ?= go
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo devel)
MODULES := . velero e2e e2e/controlplane bench
LDFLAGS := -s -w -X main.version=$(VERSION)

.PHONY: help
help: ## List what can be made.
	@awk 'BEGIN {FS = ":.*## "} /^[a-z][a-zA-Z0-9_.-]*:.*## / {printf "  %-22s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

##@ Build

.PHONY: build
build: $(BIN)/velero-krm $(BIN)/krm-functions $(BIN)/cel ## Build the command and the functions into bin/.

# Go keeps its own build cache, so these are always asked and cost nothing when
# nothing changed.
.PHONY: $(BIN)/velero-krm $(BIN)/krm-functions $(BIN)/cel
$(BIN)/velero-krm:
	@echo "building velero-krm"
	@CGO_ENABLED=0 $(GO) build -trimpath -ldflags '$(LDFLAGS)' -o $@ ./cmd/velero-krm
$(BIN)/krm-functions:
	@echo "building krm-functions"
	@CGO_ENABLED=0 $(GO) build -tags nocel -trimpath -ldflags '-s -w' -o $@ ./cmd/krm-functions

# The function cel is an executable of its own, so that the others start in half
# the time: the name of the executable selects the function.
$(BIN)/cel:
	@echo "building cel"
	@CGO_ENABLED=0 $(GO) build -trimpath -ldflags '-s -w' -o $@ ./cmd/krm-functions

include velero/build.mk
include e2e/build.mk

##@ Use

# The servers that VELERO= can name, and what builds each.
VELERO ?= multi-item
SERVER_multi-item := velero
SERVER_stock := velero-stock
SERVER := $(or $(SERVER_$(VELERO)),$(error VELERO=$(VELERO): want multi-item or stock))

.PHONY: demo
demo: build plugin stack $(SERVER) ## Back up, transform and restore an application on a real Velero, and show the change (VELERO=stock: on an unmodified one).
	@cd e2e && $(GO) run ./cmd/demo --velero $(SERVER)

.PHONY: bench bench-functions bench-stack
bench: bench-functions bench-stack ## Measure everything docs/performance.md states; prints "figure <name> <value> <unit>" (about 25 minutes).

bench-functions: build ## Measure functions and the runner, without a cluster.
	@cd bench && $(GO) run .

.PHONY: bench-docs
bench-docs: build ## Measure every function at 1,000 and 10,000 objects; write the table into docs/performance.md.
	@cd bench && $(GO) run . -only scaling -runs 3 -docs ../docs/performance.md

# The chart is drawn from the run's own figures. BENCH_FLAGS leaves out or
# resizes: BENCH_FLAGS='-only backup -backups 1800'.
bench-stack: build plugin stack velero ## Measure backups, restores and memory on the real stack, and draw docs/performance.svg.
	@cd e2e && $(GO) run ./cmd/bench $(BENCH_FLAGS) | tee $(BIN)/bench-stack.txt
	@if grep -q '^figure [br][a-z]*\.' $(BIN)/bench-stack.txt; then cd bench && $(GO) run ./cmd/chart -o ../docs/performance.svg <$(BIN)/bench-stack.txt; fi

.PHONY: docs
docs: ## Write docs/functions.md and the tables of catalog/README.md from what the functions state, those of docs/run-context.md from its type.
	@UPDATE_DOCS=1 $(GO) test -count=1 ./internal/fndoc ./fn/runcontext

##@ Check

.PHONY: test
test: test-unit test-e2e ## Everything: unit tests with the race detector, conformance, fixtures, end to end.

.PHONY: test-unit
test-unit: cgo ## Unit tests, conformance suite, fixtures and dependency tests, with the race detector.
	@echo "unit tests"
	@$(GO) test -race -timeout 20m ./...
	@cd velero && $(GO) test -race -timeout 20m ./...
	@cd bench && $(GO) test -timeout 10m ./...

.PHONY: test-e2e
test-e2e: build plugin stack velero velero-stock-older ## Features on the real stack: etcd, kube-apiserver, Velero, its AWS plugin, S3.
	@echo "end-to-end tests"
	@cd e2e/controlplane && $(GO) test ./...
	@cd e2e && $(GO) test -count=1 -timeout 30m ./...

.PHONY: cgo
cgo:
	@command -v $${CC:-gcc} >/dev/null || { echo "the race detector needs a C compiler: apt-get install gcc libc6-dev" >&2; exit 2; }

.PHONY: lint
lint: ## Lint every module with the pinned linter.
	@hack/lint.sh $(MODULES)

.PHONY: fmt
fmt: ## Format every module.
	@hack/lint.sh --fix $(MODULES)

.PHONY: verify
verify: ## Check that go.mod files are tidy and generated code is current (needs protobuf-compiler).
	@for m in $(MODULES); do echo "tidy $$m"; (cd $$m && $(GO) mod tidy -diff); done
	@multiitem/generate.sh --check
	@$(MAKE) --no-print-directory velero-verify

FUZZTIME ?= 30s
.PHONY: fuzz
fuzz: ## Fuzz every fuzz target for FUZZTIME (default 30s) each.
	@hack/fuzz.sh $(FUZZTIME)

.PHONY: clean
clean: ## Remove what was built.
	@rm -rf $(BIN)
