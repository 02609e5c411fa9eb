#!/bin/bash
# Builds the peers that `make bench` prints beside ours, at the versions that each folder's go.mod
# pins, into build/peers/bin; again only when go.mod or go.sum change.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../../.." && pwd)
bin=$root/build/peers/bin
mkdir -p "$bin"
go=$("$root/scripts/ensure-go.sh")
for peer in syft osv-scanner; do
  pin=$(cat "$here/$peer/go.mod" "$here/$peer/go.sum" | sha256sum | cut -c1-32)
  [ -x "$bin/$peer" ] && [ "$(cat "$bin/.$peer.pin" 2>/dev/null)" = "$pin" ] && continue
  package=$(sed -n 's/^tool //p' "$here/$peer/go.mod")
  echo "building $peer (once; some minutes)"
  (cd "$here/$peer" && CGO_ENABLED=0 GOFLAGS=-buildvcs=false GOTOOLCHAIN=local \
    nice "$go" build -trimpath -ldflags "-s -w" -o "$bin/$peer" "$package")
  echo "$pin" >"$bin/.$peer.pin"
done
