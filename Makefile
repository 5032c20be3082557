# Everyday work on this project. "make" alone prints the targets.

SHELL := /bin/bash -o pipefail
.DEFAULT_GOAL := help
.PHONY: help build demo test race lint generate fuzz bench ci clean

# Go asks git for the version, and git refuses the checkout of another user.
ifneq ($(shell git rev-parse HEAD >/dev/null 2>&1 || echo refused),)
export GOFLAGS := $(GOFLAGS) -buildvcs=false
endif

# How often each fuzz test runs, and which part is measured.
FUZZ ?= 5000
BENCH ?= propagation

help: ## Print the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' Makefile

build: ## Build bin/syncer
	go build -o bin/ ./cmd/syncer

demo: ## Play the story on a throw-away database, then keep it running
	go run ./cmd/syncer demo

test: ## Run all tests, on PostgreSQL servers that they start themselves
	go test ./...

race: ## Run all tests with the race detector
	go test -race ./...

lint: ## Check format, vet and lint
	tools=$$(.ci/tools gofumpt golangci-lint) && test -z "$$("$$tools/gofumpt" -l . | tee /dev/stderr)"
	go vet ./...
	tools=$$(.ci/tools golangci-lint) && "$$tools/golangci-lint" run

generate: ## Write db/ anew from migrations/ and queries/, and format the code
	tools=$$(.ci/tools gofumpt sqlc) && "$$tools/sqlc" generate && "$$tools/gofumpt" -w .

fuzz: ## Run each fuzz test FUZZ=5000 times
	.ci/fuzz $(FUZZ)

bench: ## Measure a part beside its floor: BENCH=propagation, reads, bans, saves, changes or start
	go run ./cmd/syncer bench $(BENCH)

ci: ## Check everything, as a clean machine would
	.ci/run

clean: ## Remove what was built
	rm -rf bin
