// Sources that read a database or record whole, from any bytes: the first byte chooses the file.
#include <array>
#include <utility>

#include "tests/fuzz/check_reading.h"

namespace {

constexpr std::array<std::pair<const char*, const char*>, 16> kFiles = {{
    {"chisel", "var/lib/chisel/manifest.wall"},
    {"opkg", "usr/lib/opkg/status"},
    {"opkg", "usr/lib/opkg/info/a.list"},
    {"pacman", "var/lib/pacman/local/a-1-1/desc"},
    {"pacman", "var/lib/pacman/local/a-1-1/files"},
    {"portage", "var/db/pkg/app-misc/a-1/CONTENTS"},
    {"conda", "opt/conda/conda-meta/a-1-0.json"},
    {"dotnet", "app/App.deps.json"},
    {"erlang", "app/lib/a-1/ebin/a.app"},
    {"erlang", "app/releases/start_erl.data"},
    {"lua", "lib/luarocks/rocks-5.1/a/1-1/a-1-1.rockspec"},
    {"php", "vendor/composer/installed.json"},
    {"r", "usr/lib/R/library/a/DESCRIPTION"},
    {"r", "usr/lib/R/library/a/tests/b/DESCRIPTION"},
    {"ruby", "gems/3.3.0/specifications/a-1.gemspec"},
    {"swift", "build/.build/workspace-state.json"},
}};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const auto& [source, path] = kFiles[data[0] % kFiles.size()];
  landwaiter::packages::FuzzContent(source, path, data + 1, size - 1);
  return 0;
}
