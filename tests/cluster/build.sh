#!/bin/bash
# Builds the control plane of the end-to-end tests and of `make run`: etcd, kube-apiserver,
# kube-controller-manager, kube-scheduler, kubectl and kwok, at the versions that go.mod pins.
# The binaries go to build/cluster/bin (or LANDWAITER_CLUSTER_BIN) and are built again only when
# go.mod, go.sum or this script change. Where KUBEBUILDER_ASSETS (envtest's convention) names a
# folder, whatever binaries are in there are used instead of building.
#
#   tests/cluster/build.sh            build what is missing
#   tests/cluster/build.sh --check    exit 0 when nothing is missing, 1 otherwise; builds nothing
#
# Progress: one line that moves on a terminal, a line every ten seconds elsewhere.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
bin=${LANDWAITER_CLUSTER_BIN:-$root/build/cluster/bin}

kube_version=$(sed -n 's/.*k8s.io\/kubernetes \(v[0-9.]*\).*/\1/p' "$here/go.mod" | head -1)
kwok_version=$(sed -n 's/.*sigs.k8s.io\/kwok \(v[0-9.]*\).*/\1/p' "$here/go.mod" | head -1)
IFS=. read -r major minor _ <<<"${kube_version#v}"

# A kube-apiserver without a version says v0.0.0-master, which kubectl cannot parse and helm refuses.
ldflags="-s -w"
for package in k8s.io/component-base/version k8s.io/client-go/pkg/version; do
  ldflags+=" -X $package.gitVersion=$kube_version -X $package.gitMajor=$major -X $package.gitMinor=$minor"
done
ldflags+=" -X sigs.k8s.io/kwok/pkg/consts.Version=$kwok_version"

declare -A package_of=(
  [etcd]=go.etcd.io/etcd/server/v3
  [kube-apiserver]=k8s.io/kubernetes/cmd/kube-apiserver
  [kube-controller-manager]=k8s.io/kubernetes/cmd/kube-controller-manager
  [kube-scheduler]=k8s.io/kubernetes/cmd/kube-scheduler
  [kubectl]=k8s.io/kubernetes/cmd/kubectl
  [kwok]=sigs.k8s.io/kwok/cmd/kwok
)
all=(etcd kwok kubectl kube-scheduler kube-controller-manager kube-apiserver)
pin=$(cat "$here/go.mod" "$here/go.sum" "$0" | sha256sum | cut -c1-32)

missing=()
for name in "${all[@]}"; do
  [ -n "${KUBEBUILDER_ASSETS:-}" ] && [ -x "$KUBEBUILDER_ASSETS/$name" ] && continue
  [ -x "$bin/$name" ] && [ "$(cat "$bin/.$name.pin" 2>/dev/null)" = "$pin" ] && continue
  missing+=("$name")
done
if [ "${#missing[@]}" -eq 0 ]; then
  exit 0
fi
[ "${1:-}" = --check ] && { echo "to build: ${missing[*]}"; exit 1; }

mkdir -p "$bin"
# Two builds at once (make run beside make test) would do the same work twice on the same cores.
exec 9>"$bin/.lock"
if ! flock -n 9; then
  echo "control plane: another build is at it, waiting"
  flock 9
  exec 9>&-
  exec "$0" "$@"
fi

go=$("$root/scripts/ensure-go.sh")
export CGO_ENABLED=0 GOTOOLCHAIN=local GOWORK=off
# What the user's environment says of -mod would let the build move the pins.
GOFLAGS="-mod=readonly -trimpath -buildvcs=false"
export GOFLAGS
cd "$here"

started=$SECONDS
say() {  # text; on a terminal the line is written over by the next
  local text
  text=$(printf 'control plane: %s (%d:%02d)' "$1" $(((SECONDS - started) / 60)) $(((SECONDS - started) % 60)))
  if [ -t 1 ]; then printf '\r\033[K%s' "$text"; else echo "$text"; fi
}

packages=()
for name in "${missing[@]}"; do packages+=("${package_of[$name]}"); done

work=$(mktemp -d "$bin/.build-XXXXXX")
builder=
finish() {
  local status=$?
  # The go command stops its compilers when it is told to stop; killing it would orphan them.
  if [ -n "$builder" ] && kill -0 "$builder" 2>/dev/null; then
    kill -TERM "$builder" && wait "$builder" || true
  fi
  rm -rf "$work"
  exit "$status"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

wait_with_progress() {  # pid, function that prints the state
  local every=1 since=0
  [ -t 1 ] || every=10
  while kill -0 "$1" 2>/dev/null; do
    sleep 1
    since=$((since + 1))
    [ $((since % every)) -eq 0 ] && say "$("$2")"
  done
  wait "$1"
}

say "downloading the pinned modules"
downloaded() { echo "downloading modules, $(grep -c '"Version"' "$work/modules" 2>/dev/null || echo 0) packages known"; }
nice -n 5 "$go" list -deps -f '{{if not .Standard}}"Version" {{end}}{{.ImportPath}}' "${packages[@]}" \
  >"$work/modules" 2>"$work/log" &
builder=$!
wait_with_progress "$builder" downloaded || { cat "$work/log" >&2; exit 1; }
total=$(wc -l <"$work/modules")

# One call for all: their dependencies overlap by half, and the go command keeps all cores busy.
compiled() { echo "compiled $(grep -cv '^go: downloading' "$work/log" || true) of at most $total packages for ${missing[*]}"; }
: >"$work/log"
say "compiling ${missing[*]}"
nice -n 5 "$go" build -v ${LANDWAITER_GO_JOBS:+-p "$LANDWAITER_GO_JOBS"} -ldflags "$ldflags" -o "$work/" "${packages[@]}" \
  >>"$work/log" 2>&1 &
builder=$!
wait_with_progress "$builder" compiled || { grep -v '^[a-z0-9.-]*\(/[^ :]*\)*$' "$work/log" | tail -40 >&2; exit 1; }
builder=

# The main package of etcd's server module is its root, so go names the binary after the module.
[ -e "$work/server" ] && mv "$work/server" "$work/etcd"
[ -e "$work/v3" ] && mv "$work/v3" "$work/etcd"
for name in "${missing[@]}"; do
  mv "$work/$name" "$bin/$name"
  echo "$pin" >"$bin/.$name.pin"
done
say "built ${missing[*]}"
[ -t 1 ] && echo
exit 0
