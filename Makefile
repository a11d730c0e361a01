# relais: `make demo` and `make test` do everything on a fresh machine.
.PHONY: demo test lint bench bench-peers soak setup conformance frictionless relevance

CARGO ?= cargo
# Where the demo listens.
LISTEN ?= 127.0.0.1:8080

# What a build needs besides Rust: a C compiler, pkg-config, OpenSSL's headers; the tests also want PostgreSQL's server
# binaries, and the journey curl and jq. Installed on Debian and Ubuntu as root; said by name elsewhere.
setup:
	@bash .ci/setup

demo: setup
	$(CARGO) build --profile demo --locked
	$${CARGO_TARGET_DIR:-target}/demo/relais demo --data-dir .demo --listen $(LISTEN)

test: setup
	$(CARGO) test --locked

lint:
	$(CARGO) fmt --check
	$(CARGO) clippy --locked --all-targets -- -D warnings
	@if command -v cargo-deny >/dev/null; then cargo deny check; else echo "cargo-deny is not installed: licences not checked"; fi

# The long ones: many crash points, a million steps. CI runs a small seeded share of each.
soak: setup
	RELAIS_SOAK=1 $(CARGO) test --locked --profile demo --test relais -- --include-ignored --nocapture crash \
		referral_machine api::referrals

# Tabular exports, validated by the program of the Frictionless project (installed from PyPI under target/).
frictionless: setup
	$(CARGO) build --locked
	@bash .ci/frictionless

bench: setup
	@bash benches/run

# Searches beside PostgreSQL with PostGIS and French full text, Sphinx, and tantivy used plainly, over one directory and
# in one run: waits, requests a second, build time, memory, disk and the ratios; then words typed wrong, beside Meilisearch
# where BENCH_MEILISEARCH gives its address. BENCH_SERVICES (100000) sizes the directory, BENCH_QUERIES (1000) the queries,
# BENCH_CLIENTS (8) those who ask at once, BENCH_SECONDS (5) one of BENCH_TURNS (3) turns. What was loaded is kept under
# target/bench-peers/ (BENCH_PEERS_DIR) and used again.
bench-peers: setup
	@bash benches/peers/setup
	$(CARGO) bench --locked --bench peers

# The public contracts against a running server, by schemathesis (from PyPI, into a folder of its own).
conformance: setup
	@bash .ci/conformance

# How well judged searches are answered, query by query and in all.
relevance: setup
	$(CARGO) test --locked --test relais relevance -- --nocapture
