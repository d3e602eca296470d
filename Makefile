# Sallyport. `make run` shows it, `make test` proves it.
.PHONY: run build test check bench spec soak fuzz pictures clean
.DEFAULT_GOAL := build
export GOFLAGS += -buildvcs=false
# What "sallyport version" says of a binary that "make build" made; empty where there is no git to ask.
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null)

run: ## the demo: everything in one process, nothing to configure
	go run ./cmd/sallyport demo

build: ## one static binary
	CGO_ENABLED=0 go build -trimpath -ldflags '-s -w -X main.version=$(VERSION)' -o bin/sallyport ./cmd/sallyport

test: ## install what the tests need (as root on Debian or Ubuntu), then run all of them
	@scripts/prepare
	@scripts/test

check: ## format, vet, staticcheck, the import table, tidy modules
	@scripts/check

bench: ## the ratios that docs/bench.md shows; rewrites it
	go run ./bench

spec: ## the specification of sign-in and Save in a model checker, and the mistakes that it must find
	@scripts/prepare
	go test -count=1 -timeout 40m -v ./docs/spec

soak: ## mixed load with faults, SPAN=10m of it and KILLS=1000; writes what was tried and lost to docs/evidence.md; ONLY="crash orders" repeats those
	@scripts/prepare
	@scripts/soak $(or $(SPAN),10m) $(or $(KILLS),1000) docs/evidence.md $(ONLY)

fuzz: ## every fuzz target for TIME=20s
	@scripts/fuzz $(or $(TIME),20s)

pictures: ## docs/pictures, made by the demo's tour in a real browser
	@scripts/prepare
	go test -count=1 -run TestTourInChromium ./internal/demo -readme $(CURDIR)/docs/pictures

clean:
	rm -rf bin .cache
