// The flags that name a clamd, of `scan` and of the scanner role.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "lib/base/result.h"
#include "scanner/malware/clamd.h"

namespace CLI {
class App;
}

namespace landwaiter::cli {

struct ClamdFlags {
  std::string address;
  std::uint64_t max_bytes = malware::ClamdOptions().max_file_bytes;
  std::string timeout = "2m";
};

/// `flags` must outlive the command's run. `about`: the end of "clamd that files are shown to …".
void AddClamdFlags(CLI::App& command, const std::string& about, ClamdFlags& flags);
/// nullopt where none is named. Errors: InvalidArgument.
Result<std::optional<malware::ClamdOptions>> ClamdOf(const ClamdFlags& flags);

}  // namespace landwaiter::cli
