#!/bin/bash
# Builds helm at the version that go.mod beside it pins, for the tests of the chart. The binary goes
# to build/cluster/bin (or LANDWAITER_CLUSTER_BIN) and is built again only when go.mod, go.sum or this
# script change. Where KUBEBUILDER_ASSETS holds a helm, that one is used.
#
# A module of its own: helm and the control plane need not agree on the versions of what both use.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../../.." && pwd)
bin=${LANDWAITER_CLUSTER_BIN:-$root/build/cluster/bin}

[ -n "${KUBEBUILDER_ASSETS:-}" ] && [ -x "$KUBEBUILDER_ASSETS/helm" ] && exit 0
pin=$(cat "$here/go.mod" "$here/go.sum" "$0" | sha256sum | cut -c1-32)
is_built() { [ -x "$bin/helm" ] && [ "$(cat "$bin/.helm.pin" 2>/dev/null)" = "$pin" ]; }
is_built && exit 0

mkdir -p "$bin"
exec 9>"$bin/.helm.lock"
flock 9
is_built && exit 0

go=$("$root/scripts/ensure-go.sh")
# What the user's environment says of -mod would let the build move the pins.
export CGO_ENABLED=0 GOTOOLCHAIN=local GOWORK=off GOFLAGS="-mod=readonly -trimpath -buildvcs=false"
cd "$here"
version_of() { "$go" list -m -f '{{.Version}}' "$1"; }
# The Kubernetes that helm takes a cluster for where it asks none (`helm template`): that of its client.
IFS=. read -r _ minor _ <<<"$(version_of k8s.io/client-go)"
ldflags="-s -w -X helm.sh/helm/v3/internal/version.version=$(version_of helm.sh/helm/v3)"
for package in chartutil lint/rules; do
  ldflags+=" -X helm.sh/helm/v3/pkg/$package.k8sVersionMajor=1 -X helm.sh/helm/v3/pkg/$package.k8sVersionMinor=$minor"
done
echo "building helm $(version_of helm.sh/helm/v3)"
work=$(mktemp -d "$bin/.helm-XXXXXX")
trap 'rm -rf "$work"' EXIT
nice -n 10 "$go" build ${LANDWAITER_GO_JOBS:+-p "$LANDWAITER_GO_JOBS"} -ldflags "$ldflags" -o "$work/" helm.sh/helm/v3/cmd/helm
mv "$work/helm" "$bin/helm"
echo "$pin" >"$bin/.helm.pin"
