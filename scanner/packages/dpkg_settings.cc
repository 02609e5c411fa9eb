#include "scanner/packages/dpkg_settings.h"

#include <algorithm>

#include "lib/base/text.h"
#include "scanner/packages/stanza.h"

namespace landwaiter::packages {
namespace {

constexpr std::string_view kExclude = "path-exclude";
constexpr std::string_view kInclude = "path-include";
constexpr std::size_t kMaxPatternBytes = 512;

std::string_view WithoutRoot(std::string_view path) {
  path.remove_prefix(std::min(path.find_first_not_of('/'), path.size()));
  return path;
}

// fnmatch(3) without flags: a '*' goes over '/', too.
std::string GlobOf(std::string_view pattern) {
  std::string glob;
  for (const char c : WithoutRoot(pattern)) {
    if (c != '*') {
      glob += c;
    } else if (!glob.ends_with("**")) {
      glob += "**";
    }
  }
  return glob;
}

}  // namespace

bool IsDpkgSetting(std::string_view path) {
  if (path == kDpkgDiversions || path == kDpkgSettings) return true;
  return path.starts_with(kDpkgSettingsFolder) &&
         path.find('/', kDpkgSettingsFolder.size()) == std::string_view::npos;
}

DpkgDiversions::DpkgDiversions(std::string_view content) {
  Lines lines(content);
  while (diversions_.size() < kMax) {
    const auto from = lines.Next();
    const auto to = lines.Next();
    const auto by = lines.Next();
    if (!from || !to || !by) return;
    diversions_.insert_or_assign(std::string(WithoutRoot(*from)),
                                 Diversion{std::string(WithoutRoot(*to)), std::string(*by)});
  }
}

std::string DpkgDiversions::Of(std::string_view path, std::string_view package) const {
  const auto found = diversions_.find(path);
  if (found == diversions_.end() || found->second.by == package) return std::string(path);
  return found->second.to;
}

void DpkgExclusions::Add(std::string_view content) {
  Lines lines(content);
  while (const auto line = lines.Next()) {
    std::string_view rest = text::Trim(*line);
    while (rest.starts_with('-')) rest.remove_prefix(1);  // as on the command line
    const bool exclude = rest.starts_with(kExclude);
    if (!exclude && !rest.starts_with(kInclude)) continue;
    rest.remove_prefix(kExclude.size());
    if (!rest.starts_with('=') && !rest.starts_with(' ') && !rest.starts_with('\t')) continue;
    rest.remove_prefix(1);
    const std::string_view pattern = text::Trim(rest);
    const bool sound = !pattern.empty() && pattern.size() <= kMaxPatternBytes &&
                       pattern.find('[') == std::string_view::npos;
    if (sound && patterns_.size() < kMax) patterns_.push_back({GlobOf(pattern), exclude});
  }
}

bool DpkgExclusions::Excludes(std::string_view path) const {
  const auto last = std::find_if(patterns_.rbegin(), patterns_.rend(), [&](const Pattern& one) {
    return text::GlobMatch(one.glob, path);
  });
  return last != patterns_.rend() && last->exclude;
}

}  // namespace landwaiter::packages
