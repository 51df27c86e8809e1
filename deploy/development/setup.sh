#!/bin/sh
# Installs the Debian packages that Tandem is built, run and tested with, where they are missing, and the pages' packages.
# It says what it does; it changes nothing when nothing is missing.
set -eu
cd "$(dirname "$0")/../.."

packages="chromium chromium-sandbox g++ make nasm pkg-config ca-certificates
fonts-liberation fonts-noto-core fonts-noto-cjk fonts-noto-color-emoji"

missing=""
for package in $packages; do
  dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing="$missing $package"
done

if [ -n "$missing" ]; then
  echo "Installing Debian packages:$missing"
  if [ "$(id -u)" = 0 ]; then as_root=""; elif command -v sudo >/dev/null; then as_root="sudo"; else
    echo "They are missing, and only root can install them. As root, run:" >&2
    echo "  apt-get update && apt-get install --no-install-recommends$missing" >&2
    exit 1
  fi
  $as_root apt-get update -qq
  # shellcheck disable=SC2086 # the names are words of their own
  DEBIAN_FRONTEND=noninteractive $as_root apt-get install -y -qq --no-install-recommends $missing
fi

for tool in cargo node npm; do
  command -v "$tool" >/dev/null || { echo "$tool is missing: install Rust with rustup (https://rustup.rs) and Node 20 or later." >&2; exit 1; }
done

stamp=web-client/node_modules/.installed
if [ ! -f "$stamp" ] || [ web-client/package-lock.json -nt "$stamp" ]; then
  echo "Installing the pages' packages"
  (cd web-client && npm ci --no-audit --no-fund --loglevel=error && touch node_modules/.installed)
fi
