# Compiled code is kept outside the checkout, so that a fresh clone does not compile the same dependencies again.
export CARGO_TARGET_DIR ?= $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/tandem/target

.DEFAULT_GOAL := help

help: ## What there is
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## Installs what is missing
	@deploy/development/setup.sh

pages: setup ## Builds the pages
	@cd web-client && npm run --silent build

run: pages ## Builds and starts everything, with the demo shop, and prints the links
	cargo run --quiet --bin tandem

test: pages ## All tests
	cd web-client && npm run --silent check && npm test --silent
	cargo build --workspace --all-targets --quiet
	deploy/development/check.sh
	deploy/development/test.sh
	cd web-client && npm run --silent e2e

lint: ## Formatting and clippy
	cargo fmt --check
	cargo clippy --workspace --all-targets -- -D warnings

bench: pages ## The whole system in real browsers: a table, and bench.json
	cargo build --quiet --bin tandem
	cargo run --quiet -p tandem-loadtest -- bench

bench-masking: pages ## What masking costs, with a customer and an agent: a table, and bench-masking.json
	cargo build --quiet --bin tandem
	cargo run --quiet -p tandem-loadtest -- masking --flips 40 --json bench-masking.json

leak-lab: pages ## Looks for secrets in all that agents are sent: a table, and leak-lab.json (FRAMES=100000)
	cargo build --quiet --bin tandem --bin tandem-loadtest --package tandem --package tandem-loadtest
	node web-client/e2e/leaks/main.mjs --frames $(or $(FRAMES),10000) --json leak-lab.json

screenshots: pages ## Pictures of every page in screenshots/: desktop and phone, light and dark, two languages
	cargo build --quiet --bin tandem
	node web-client/e2e/screenshots.mjs

protocol: ## Writes the TypeScript of the protocol
	cargo run --quiet -p tandem-protocol --example typescript > web-client/src/protocol.gen.ts

.PHONY: help setup pages run test lint bench bench-masking leak-lab screenshots protocol
