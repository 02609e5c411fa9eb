// Lock files, manifests and documents about packages from any bytes: the first byte chooses the
// file.
#include <array>
#include <utility>

#include "tests/fuzz/check_reading.h"

namespace {

constexpr std::array<std::pair<const char*, const char*>, 21> kFiles = {{
    {"cargo-lock", "Cargo.lock"},
    {"composer-lock", "composer.lock"},
    {"gemfile-lock", "Gemfile.lock"},
    {"go-mod", "go.mod"},
    {"gradle-lock", "gradle.lockfile"},
    {"maven-pom", "pom.xml"},
    {"mix-lock", "mix.lock"},
    {"nuget-lock", "packages.lock.json"},
    {"package-lock", "package-lock.json"},
    {"pdm-lock", "pdm.lock"},
    {"pipfile-lock", "Pipfile.lock"},
    {"pnpm-lock", "pnpm-lock.yaml"},
    {"podfile-lock", "Podfile.lock"},
    {"poetry-lock", "poetry.lock"},
    {"pubspec-lock", "pubspec.lock"},
    {"requirements", "requirements.txt"},
    {"swift-resolved", "Package.resolved"},
    {"uv-lock", "uv.lock"},
    {"yarn-lock", "yarn.lock"},
    {"sbom", "a.cdx.json"},
    {"sbom", "opt/bitnami/a/.spdx-a.spdx"},
}};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const auto& [source, path] = kFiles[data[0] % kFiles.size()];
  landwaiter::packages::FuzzContent(source, path, data + 1, size - 1);
  return 0;
}
