#!/bin/bash
# Prints the path of a Python that has what the reports' official schemas are checked with
# (tests/e2e/validators.py), and brings it into build/validators where it is not there yet: libraries
# that ship schemas from PyPI (scripts/validator-requirements.txt), SARIF's schema from npm, the schema of
# Jenkins' xunit plugin out of pytest's source package. All are pinned by hash. Everything but the path
# goes to stderr.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
mkdir -p "$root/build"
exec 8>"$root/build/.ensure-validators.lock"
flock 8  # tests run in two processes
folder=$root/build/validators
python=$folder/venv/bin/python
pins=$root/scripts/validator-requirements.txt
sarif=@microsoft/jest-sarif@1.0.0-beta.0
sarif_sha512=A1fOhPd6Ic5iDk4F9YPw1qNB4XF+7+IviR7xl8r2F6QzQkx5cpY9LsGk2rExiFIEcBbjpVnSmwWGBukASkiQ9A==
state=$({ cat "$pins"; echo "$sarif $sarif_sha512"; } | sha256sum)
if [ -x "$python" ] && [ "$(cat "$folder/done" 2>/dev/null)" = "$state" ] && "$python" -c '' 2>/dev/null; then
  echo "$python"
  exit 0
fi

echo "installing the validators of the reports' schemas under build/validators" >&2
rm -rf "$folder"
mkdir -p "$folder/schemas" "$folder/fetched"
python3 -m venv "$folder/venv" >&2
pip=("$folder/venv/bin/pip" --quiet --disable-pip-version-check)
"${pip[@]}" install --only-binary=:all: --require-hashes -r "$pins" >&2
# A source package's metadata is asked of setuptools, which is among what was installed.
sed -n 's/^#source //p' "$pins" >"$folder/fetched/source.txt"
"${pip[@]}" download --no-deps --no-binary=:all: --no-build-isolation --require-hashes \
  -r "$folder/fetched/source.txt" --dest "$folder/fetched" >&2
tar -xzOf "$folder"/fetched/pytest-*.tar.gz --wildcards '*/testing/example_scripts/junit-10.xsd' >"$folder/schemas/junit-10.xsd"
npm=$("$root/scripts/ensure-npm.sh" | tail -1)
(cd "$folder/fetched" && "$npm" pack --silent "$sarif") >&2
[ "$(openssl dgst -sha512 -binary "$folder"/fetched/microsoft-jest-sarif-*.tgz | base64 -w0)" = "$sarif_sha512" ] ||
  { echo "$sarif is not the package that was meant" >&2; exit 1; }
tar -xzOf "$folder"/fetched/microsoft-jest-sarif-*.tgz package/lib/schemas/sarif-2.1.0-rtm.5.json >"$folder/schemas/sarif-2.1.0.json"
rm -rf "$folder/fetched"
echo "$state" >"$folder/done"
echo "$python"
