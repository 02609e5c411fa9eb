#!/bin/bash
# build.sh [FLAG]…: builds the image as $IMAGE (default landwaiter:VERSION) with the first of buildah, podman
# and docker that is here; flags are handed to it (--build-arg BASE=…, --build-arg JOBS=2, --platform …).
set -euo pipefail
cd "$(dirname "$0")/../.."
version=$(sed -n 's/^project(landwaiter VERSION \([0-9.]*\).*/\1/p' CMakeLists.txt)
image=${IMAGE:-landwaiter:$version}

revision=unknown
if git rev-parse --git-dir >/dev/null 2>&1; then
  revision=$(git rev-parse HEAD)
  [ -z "$(git status --porcelain)" ] || revision=$revision-modified
fi

for builder in buildah podman docker; do
  command -v "$builder" >/dev/null || continue
  command=build
  [ "$builder" = buildah ] && command=bud
  set -x
  exec "$builder" "$command" --build-arg "VERSION=$version" --build-arg "REVISION=$revision" \
    --label "org.opencontainers.image.created=$(date -u +%Y-%m-%dT%H:%M:%SZ)" --tag "$image" "$@" .
done
echo "none of buildah, podman and docker is here" >&2
exit 1
