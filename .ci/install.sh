#!/bin/sh
# Install the Debian packages named as arguments, those that are missing; nothing to do is instant.
# Where that may not be done (not root, or not a Debian) print the one line to run, and fail.
set -eu

if ! command -v apt-get >/dev/null 2>&1; then
	if command -v brew >/dev/null 2>&1; then line="brew install pango"
	elif command -v dnf >/dev/null 2>&1; then line="sudo dnf install pango"
	elif command -v pacman >/dev/null 2>&1; then line="sudo pacman -S pango"
	else line="install Pango (libpango, libpangoft2, harfbuzz-subset) with your system's packages"
	fi
	echo "To run once:  $line" >&2
	exit 1
fi

missing=
for package in "$@"; do
	status=$(dpkg-query --show --showformat='${db:Status-Status}' "$package" 2>/dev/null || true)
	[ "$status" = installed ] || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

if [ "$(id -u)" -ne 0 ]; then
	echo "To run once:  sudo apt-get install -y --no-install-recommends$missing" >&2
	exit 1
fi

echo "Installing$missing …"
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
# shellcheck disable=SC2086  # one word for each package
apt-get install -y -qq --no-install-recommends $missing </dev/null
