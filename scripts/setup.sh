#!/bin/bash
# Installs what Debian has and this machine lacks (scripts/apt-packages.txt), and is silent and
# quick (one dpkg-query) when nothing is missing.
#
#   scripts/setup.sh            what building, running and testing need
#   scripts/setup.sh --lint     also what lint needs
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)

lists=("$here/apt-packages.txt")
[ "${1:-}" = --lint ] && lists+=("$here/lint-apt-packages.txt")
mapfile -t wanted < <(sed -e 's/#.*//' -e 's/[[:space:]]//g' "${lists[@]}" | grep -v '^$')

# dpkg-query answers for "name:arch" and virtual names in its own way, so the names are compared here.
missing=()
installed=$(dpkg-query -W -f '${db:Status-Status} ${Package}\n' "${wanted[@]}" 2>/dev/null || true)
for package in "${wanted[@]}"; do
  grep -qxF "installed $package" <<<"$installed" || missing+=("$package")
done
[ "${#missing[@]}" -eq 0 ] && exit 0

as_root=()
if [ "$(id -u)" -ne 0 ]; then
  command -v sudo >/dev/null || {
    echo "these packages are missing and there is neither root nor sudo to install them: ${missing[*]}" >&2
    exit 1
  }
  as_root=(sudo)
fi
root_do() { "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8 "$@"; }

# Debian's docker-registry starts a system service on port 5000, clamav-daemon one that waits for
# signatures, and brings freshclam, which fetches them. The tests run the binaries by themselves, on
# ports of their own, so those services must neither start now nor at the next boot.
guard=/usr/sbin/policy-rc.d
own_guard=
services=()
if [[ " ${missing[*]} " == *" docker-registry "* ]]; then services+=(docker-registry.service); fi
if [[ " ${missing[*]} " == *" clamav-daemon "* ]]; then
  services+=(clamav-daemon.service clamav-daemon.socket clamav-freshclam.service)
fi
remove_guard() { [ -z "$own_guard" ] || root_do rm -f "$guard"; }
trap remove_guard EXIT
if [ ${#services[@]} -gt 0 ] && [ ! -e "$guard" ]; then
  own_guard=1
  root_do sh -c "printf '#!/bin/sh\nexit 101\n' >$guard && chmod 755 $guard"
fi

log=$(mktemp)
attempt() {  # text, command...: quiet unless it fails
  echo "setup: $1"
  shift
  if ! root_do "$@" >"$log" 2>&1; then
    tail -30 "$log" >&2
    echo "setup: this failed: $*" >&2
    rm -f "$log"
    exit 1
  fi
}
# A lock held by another apt (unattended upgrades at boot) is waited for, with an end.
apt=(apt-get -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3 -qq -y)
attempt "refreshing apt's package lists" "${apt[@]}" update
attempt "installing ${missing[*]}" "${apt[@]}" install --no-install-recommends "${missing[@]}"
rm -f "$log"

if [ ${#services[@]} -gt 0 ] && command -v systemctl >/dev/null; then
  root_do systemctl disable --quiet "${services[@]}" >/dev/null 2>&1 || true
fi
