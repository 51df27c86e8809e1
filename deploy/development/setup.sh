#!/bin/sh
# Installs the Debian packages that Tandem is built, run and tested with, where they are missing, and the pages' packages;
# as "setup.sh checks", what check.sh checks deploy/ with. It says what it does; it changes nothing when nothing is missing.
set -eu
cd "$(dirname "$0")/../.."

packages="chromium chromium-sandbox cmake g++ make nasm pkg-config ca-certificates postgresql libfaketime
fonts-liberation fonts-noto-core fonts-noto-cjk fonts-noto-color-emoji"
[ "${1:-}" != checks ] || packages="python3-venv shellcheck systemd firefox-esr webkit2gtk-driver xvfb"

missing=""
for package in $packages; do
  dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing="$missing $package"
done

if [ "$(id -u)" = 0 ]; then as_root=""; else as_root="sudo"; fi
if [ -n "$missing" ]; then
  echo "Installing Debian packages:$missing"
  if [ -n "$as_root" ] && ! command -v sudo >/dev/null; then
    echo "They are missing, and only root can install them. As root, run:" >&2
    echo "  apt-get update && apt-get install --no-install-recommends$missing" >&2
    exit 1
  fi
  $as_root apt-get update -qq
  # shellcheck disable=SC2086 # the names are words of their own
  DEBIAN_FRONTEND=noninteractive $as_root apt-get install -y -qq --no-install-recommends $missing
fi

if [ "${1:-}" = checks ]; then
  tools="${XDG_CACHE_HOME:-$HOME/.cache}/tandem/tools"
  if ! cmp -s deploy/development/requirements.txt "$tools/.installed"; then
    echo "Installing the checks' tools in $tools"
    /usr/bin/python3 -m venv "$tools"
    "$tools/bin/pip" install --quiet --disable-pip-version-check --requirement deploy/development/requirements.txt
    cp deploy/development/requirements.txt "$tools/.installed"
  fi
  if [ ! -x "$tools/promtool" ]; then
    # Debian's package has it, but would also start a Prometheus on this machine; so it is unpacked and not installed.
    echo "Unpacking promtool in $tools"
    unpacked=$(mktemp -d)
    trap 'rm -rf "$unpacked"' EXIT
    (cd "$unpacked" && { apt-get download -qq prometheus 2>/dev/null || { $as_root apt-get update -qq && apt-get download -qq prometheus; }; })
    dpkg-deb -x "$unpacked"/prometheus_*.deb "$unpacked"
    mv "$unpacked/usr/bin/promtool" "$tools/promtool"
  fi
  exit
fi

for tool in cargo node npm; do
  command -v "$tool" >/dev/null || { echo "$tool is missing: install Rust with rustup (https://rustup.rs) and Node 20 or later." >&2; exit 1; }
done

stamp=web-client/node_modules/.installed
if [ ! -f "$stamp" ] || [ -n "$(find web-client/package-lock.json -newer "$stamp")" ]; then
  echo "Installing the pages' packages"
  (cd web-client && npm ci --no-audit --no-fund --loglevel=error && touch node_modules/.installed)
fi
