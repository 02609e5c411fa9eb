// The build information that the Go linker leaves in a program (cmd/go "version -m",
// debug/buildinfo): the toolchain's version and the text of its modules. Inside this room only.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "lib/base/result.h"
#include "scanner/packages/elf.h"

namespace landwaiter::packages {

struct GoBuildInfo {
  std::string version;  // "go1.21.3", "devel go1.22-1a2b3c"
  std::string modules;  // lines "mod\tPATH\tVERSION\tSUM"; "" for a build without modules
};

/// True where the head of the file shows what only Go's linker writes: its build id.
bool HasGoBuildId(std::string_view head);

/// nullopt where the program has none and shows no other trace of Go.
/// Errors: DataLoss where it is there and cannot be read, NotFound for a Go program without it.
Result<std::optional<GoBuildInfo>> ReadGoBuildInfo(const ElfFile& elf);

}  // namespace landwaiter::packages
