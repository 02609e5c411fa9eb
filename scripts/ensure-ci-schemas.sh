#!/bin/bash
# Prints the folder of the schemas of GitHub's and GitLab's files, from check-jsonschema's wheel on PyPI
# (pinned by hash, without what it depends on: only its data are used). Everything else goes to stderr.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
mkdir -p "$root/build"
exec 8>"$root/build/.ensure-ci-schemas.lock"
flock 8  # tests run in two processes
target=$root/build/ci-schemas
schemas=$target/check_jsonschema/builtin_schemas/vendor
if [ ! -e "$schemas/gitlab-ci.json" ]; then
  rm -rf "$target"
  python3 -m pip install --quiet --disable-pip-version-check --no-deps --only-binary=:all: --require-hashes \
    --target "$target" -r "$root/scripts/ci-schema-requirements.txt" >&2
fi
echo "$schemas"
