#!/bin/sh
# Checks what is in deploy/ and says what it does: units, container files, the compose file, scripts, Prometheus' files, and
# that every metric, label, setting and file they name exists. It ends with 1 when anything was found.
# shellcheck disable=SC2317 # functions are called by way of check()
set -u
cd "$(dirname "$0")/../.." || exit 1
deploy/development/setup.sh checks || exit 1

tools="${XDG_CACHE_HOME:-$HOME/.cache}/tandem/tools"
temporary=$(mktemp -d) || exit 1
trap 'rm -rf "$temporary"' EXIT
found=0

# Runs one check; what it prints is shown only when it fails.
check() {
  echo "Checking $1"
  shift
  if ! "$@" >"$temporary/output" 2>&1; then
    cat "$temporary/output"
    found=1
  fi
}

# The binaries that units name are not installed here, so a copy of each unit names something that is. systemd warns of
# settings that it does not know or cannot read and goes on; here a warning is a failure.
units() {
  mkdir "$temporary/units"
  for unit in deploy/systemd/*.service; do
    sed 's|^ExecStart=/usr/bin/tandem[a-z-]*|ExecStart=/bin/true|' "$unit" >"$temporary/units/${unit##*/}"
  done
  systemd-analyze verify --man=no --recursive-errors=no "$temporary"/units/*.service >"$temporary/verified" 2>&1
  verified=$?
  # Of this machine's own units nothing is asked.
  grep -F "$temporary/units/" "$temporary/verified" && return 1
  [ "$verified" = 0 ] || { cat "$temporary/verified"; return 1; }
}

# How far a unit is open, from 0 to 10 by systemd's own measure (in tenths here): hardly further than today.
exposure() {
  for most in tandem-signaling:20 tandem-sfu:20 tandem-browser-node:45 tandem:45; do
    systemd-analyze security --no-pager --offline=yes --threshold="${most#*:}" "deploy/systemd/${most%:*}.service" \
      >"$temporary/exposure" 2>&1 || { tail -n 1 "$temporary/exposure"; return 1; }
  done
}

# The dashboard's expressions, as rules, so that Prometheus' own parser reads them.
expressions() {
  "$tools/bin/python" deploy/development/names.py --expressions >"$temporary/expressions.yaml" &&
    "$tools/promtool" check rules "$temporary/expressions.yaml"
}

check "units" units
check "units' exposure" exposure
check "container files" "$tools/bin/hadolint" --config deploy/containers/.hadolint.yaml deploy/containers/Containerfile.build \
  deploy/containers/Containerfile.signaling deploy/containers/Containerfile.sfu deploy/containers/Containerfile.browser-node
check "compose file" "$tools/bin/check-jsonschema" --builtin-schema vendor.compose-spec deploy/compose.yaml
check "scripts" shellcheck deploy/development/*.sh
check "Prometheus' configuration" "$tools/promtool" check config deploy/prometheus/prometheus.yaml
check "alerts" "$tools/promtool" test rules deploy/prometheus/alerts.test.yaml
check "the dashboard's expressions" expressions
check "names of metrics, labels, settings and files" "$tools/bin/python" deploy/development/names.py

[ "$found" = 0 ] && echo "Nothing found in deploy/"
exit "$found"
