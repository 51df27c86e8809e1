#!/bin/sh
# The Rust tests: by nextest where it is installed, and the doctests, which nextest skips.
set -eu
if cargo nextest --version >/dev/null 2>&1; then
  cargo nextest run --workspace --no-fail-fast
  cargo test --workspace --doc --quiet
else
  cargo test --workspace --quiet
fi
