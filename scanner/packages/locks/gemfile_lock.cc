// Gemfile.lock and gems.locked (Bundler, lib/bundler/lockfile_parser.rb): sections, in GEM's
// "specs:" lines "    name (version)" or "    name (version-platform)".
//
// A gem's platforms are one version. GIT has no published version, PATH is the project's own.
// Bundler does not record groups.
#include <algorithm>
#include <array>

#include "lib/base/text.h"
#include "scanner/packages/locks/lock.h"
#include "scanner/packages/locks/rows.h"

namespace landwaiter::packages {
namespace {

bool IsFile(std::string_view path) {
  const std::string_view base = BaseName(path);
  return base == "gems.locked" || (base.starts_with("Gemfile") && base.ends_with(".lock"));
}

constexpr std::string_view kSpecIndent = "    ";
constexpr std::array<std::string_view, 6> kSections = {
    "GEM", "GIT", "PATH", "PLUGIN SOURCE", "PLATFORMS", "DEPENDENCIES"};

void AddSpec(std::string_view spec, std::size_t line, LockBuilder& out) {
  const auto open = spec.find(" (");
  if (open == std::string_view::npos || !spec.ends_with(')')) {
    return out.FailAtLine(line, "is no gem with a version");
  }
  std::string_view version = spec.substr(open + 2, spec.size() - open - 3);
  version = version.substr(0, version.find('-'));  // its platform follows
  out.Add(std::string(spec.substr(0, open)), std::string(version));
}

void Read(std::string_view bytes, LockBuilder& out) {
  std::string_view section;
  bool known = false;
  Lines lines(bytes);
  while (const auto line = lines.Next()) {
    if (line->starts_with("<<<<<<<") || line->starts_with(">>>>>>>")) {
      return out.FailAtLine(lines.number(), "is a merge conflict");
    }
    if (!line->empty() && line->front() != ' ') {
      section = text::Trim(*line);
      known = known || std::find(kSections.begin(), kSections.end(), section) != kSections.end();
    }
    const bool spec = line->starts_with(kSpecIndent) && line->size() > kSpecIndent.size() &&
                      (*line)[kSpecIndent.size()] != ' ';
    if (!spec) continue;
    if (section == "GEM") AddSpec(text::Trim(*line), lines.number(), out);
    if (section == "GIT") out.LeaveOut();
  }
  if (!known) out.Fail("is no lock file of Bundler: it has none of its sections");
}

constexpr LockFormat kFormat = {
    .name = "gemfile-lock", .type = "gem", .version = 2, .is_file = IsFile, .read = Read};

}  // namespace

PackageSource GemfileLockSource() { return LockSource<kFormat>(); }

}  // namespace landwaiter::packages
