#include "cli/clamd_flags.h"

#include <CLI/CLI.hpp>
#include <utility>

#include "lib/base/clock.h"

namespace landwaiter::cli {

void AddClamdFlags(CLI::App& command, const std::string& about, ClamdFlags& flags) {
  command.add_option(
      "--clamd", flags.address,
      "clamd that files are shown to " + about + ": /path/of/socket or HOST:PORT; default none");
  command
      .add_option("--clamd-max-bytes", flags.max_bytes,
                  "Larger files are not shown to it, and coverage says so")
      ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{4} << 30))
      ->capture_default_str();
  command.add_option("--clamd-timeout", flags.timeout, "Longest wait for an answer of it")
      ->capture_default_str();
}

Result<std::optional<malware::ClamdOptions>> ClamdOf(const ClamdFlags& flags) {
  if (flags.address.empty()) return std::optional<malware::ClamdOptions>();
  auto address = malware::ClamdAddress::Parse(flags.address);
  if (!address) return std::move(address).error().Context("--clamd");
  const auto timeout = ParseDuration(flags.timeout);
  if (!timeout) return Error(timeout.error()).Context("--clamd-timeout");
  malware::ClamdOptions options;
  options.address = *std::move(address);
  options.max_file_bytes = flags.max_bytes;
  options.timeout = *timeout;
  return std::optional(std::move(options));
}

}  // namespace landwaiter::cli
