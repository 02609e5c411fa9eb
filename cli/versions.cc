// landwaiter versions check --scheme S FILE: runs a table of known answers against a version order.
// Exit 0: every row is right; 1: some are wrong; 2: bad usage, an unreadable or empty table.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <string>

#include "cli/commands.h"
#include "lib/base/file.h"
#include "scanner/versions/table.h"

namespace landwaiter::cli {
namespace {

// The largest of the known tables has 400 KB.
constexpr std::size_t kMaxTableBytes = 64u << 20;

std::string SchemeNames() {
  std::string names;
  for (const auto scheme : versions::AllSchemes()) {
    if (!names.empty()) names += ", ";
    names += versions::SchemeName(scheme);
  }
  return names + ", vers";  // of tables whose rows name their scheme
}

int Check(const std::string& scheme_name, const std::string& file) {
  const auto scheme = versions::ParseTableScheme(scheme_name);
  if (!scheme) {
    std::fprintf(stderr, "landwaiter versions check: scheme \"%s\" is unknown: use one of %s\n",
                 scheme_name.c_str(), SchemeNames().c_str());
    return kExitUsage;
  }
  const auto table = ReadFile(file, kMaxTableBytes);
  if (!table) {
    std::fprintf(stderr, "landwaiter versions check: %s\n", table.error().message.c_str());
    return kExitUsage;
  }
  const versions::TableReport report = versions::CheckTable(scheme->scheme, *table);
  for (const auto& wrong : report.wrong) {
    std::printf("%s:%zu: %s: got %s\n", file.c_str(), wrong.line, wrong.row.c_str(),
                wrong.got.c_str());
  }
  if (report.rows == 0) {
    std::fprintf(stderr, "landwaiter versions check: %s holds no row\n", file.c_str());
    return kExitUsage;
  }
  std::printf("%s: %zu rows, %zu wrong\n", std::string(scheme->name).c_str(), report.rows,
              report.wrong.size());
  return report.wrong.empty() ? kExitOk : kExitPolicyFailed;
}

}  // namespace

void AddVersionsCommand(CLI::App& app, int& exit_code) {
  CLI::App* const versions = app.add_subcommand("versions", "Work with version orders");
  versions->require_subcommand(1);
  CLI::App* const check = versions->add_subcommand(
      "check",
      "Run a table of known answers (tab-separated: left op right, range version satisfied "
      "[options], or scheme range vers-range) and print each wrong row");
  struct Options {
    std::string scheme;
    std::string file;
  };
  const auto options = std::make_shared<Options>();
  check->add_option("--scheme", options->scheme, "One of " + SchemeNames())->required();
  check->add_option("FILE", options->file, "The table")->required();
  check->callback([options, &exit_code] { exit_code = Check(options->scheme, options->file); });
}

}  // namespace landwaiter::cli
