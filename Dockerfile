# The image of all three roles: the one program, the Debian packages whose libraries it loads, and the
# authorities that registries are trusted by. No shell, no package manager; what is inside stands in
# dpkg's records (var/lib/dpkg/status.d), so that scanners see it, and in an SBOM.
#
#     make image                      # with buildah, podman or docker; see docs/install.md
#
# BASE is any Debian 12 with its usual apt sources. It makes the image and is not in it.
ARG BASE=docker.io/library/debian:12-slim

# --- the program, and a list of the libraries that are compiled into it
FROM ${BASE} AS program
COPY scripts/apt-packages.txt scripts/image/build-packages.sh /tmp/
RUN apt-get update -qq \
 && DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends $(sh /tmp/build-packages.sh) >/dev/null
COPY . /src
# Default: as many at once as there are processors. Each takes up to 1.5 GB.
ARG JOBS=""
# What an earlier build compiled is not compiled again.
RUN --mount=type=cache,id=landwaiter-ccache,target=/ccache \
    export CCACHE_DIR=/ccache \
 && cmake -G Ninja -S /src -B /build -DCMAKE_BUILD_TYPE=Release -DLANDWAITER_TESTS=OFF >/dev/null \
 && ninja -C /build ${JOBS:+-j "$JOBS"} --quiet landwaiter
RUN mkdir /out && strip -o /out/landwaiter /build/landwaiter && sh /src/scripts/image/compiled-in.sh >/out/compiled-in

# --- the files of the image
FROM ${BASE} AS root
RUN apt-get update -qq \
 && DEBIAN_FRONTEND=noninteractive apt-get upgrade -qq -y >/dev/null \
 && DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends >/dev/null \
      ca-certificates libarchive13 libcurl4 libexpat1 libisal2 liblmdb0 libpq5 libre2-9 libseccomp2 libsimdjson14 \
      libspdlog1.10 libsqlite3-0 libssl3 libstdc++6 libyaml-cpp0.7 zlib1g python3
COPY scripts/image/root.sh scripts/image/sbom.py /tmp/
COPY --from=program /out /out
ARG VERSION=0.1.0
RUN sh -eu /tmp/root.sh /out/landwaiter /root-of-image \
 && python3 /tmp/sbom.py --root /root-of-image --compiled-in /out/compiled-in --version "${VERSION}" \
      >/tmp/sbom.json \
 && install -D -m 0644 /tmp/sbom.json /root-of-image/usr/share/sbom/landwaiter.cdx.json

FROM scratch
COPY --from=root /root-of-image /
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="landwaiter" \
      org.opencontainers.image.description="Keeps images with known faults out of a Kubernetes cluster" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.vendor="Landwaiter"
# The database's folder is that of the chart, so that `landwaiter scan` in a controller's pod finds it.
ENV PATH=/usr/bin HOME=/var/lib/landwaiter LANDWAITER_DB=/var/lib/landwaiter/database
USER 65532:65532
WORKDIR /var/lib/landwaiter
ENTRYPOINT ["/usr/bin/landwaiter"]
