#include "controller/watch/tag_choice.h"

#include <algorithm>

#include "lib/base/text.h"
#include "scanner/versions/scheme.h"

namespace landwaiter::controller {
namespace {

using versions::Scheme;

bool MatchesAny(const std::vector<std::string>& patterns, const std::string& tag) {
  return std::any_of(patterns.begin(), patterns.end(),
                     [&](const std::string& pattern) { return MatchesTag(pattern, tag); });
}

bool IsVersion(const std::string& tag) {
  return static_cast<bool>(versions::Validate(Scheme::kSemver, tag));
}

/// Both are versions. Equal ones ("1.2", "v1.2") by name, so that the order is always the same.
bool IsHigher(const std::string& a, const std::string& b) {
  const auto order = versions::Compare(Scheme::kSemver, a, b);
  return order && *order != 0 ? *order > 0 : a < b;
}

}  // namespace

bool MatchesTag(const std::string& pattern, const std::string& tag) {
  return text::GlobMatch(pattern, tag);  // neither has a '/'
}

std::vector<std::string> ChooseTags(const std::vector<std::string>& tags,
                                    const resources::TagRule& rule) {
  std::vector<std::string> versions;
  std::vector<std::string> others;
  for (const std::string& tag : tags) {
    if (!rule.include.empty() && !MatchesAny(rule.include, tag)) continue;
    if (MatchesAny(rule.exclude, tag)) continue;
    (IsVersion(tag) ? versions : others).push_back(tag);
  }
  std::stable_sort(versions.begin(), versions.end(), IsHigher);
  if (rule.newest > 0) {
    if (versions.size() > rule.newest) versions.resize(rule.newest);
    return versions;
  }
  std::sort(others.begin(), others.end());
  versions.insert(versions.end(), others.begin(), others.end());
  return versions;
}

}  // namespace landwaiter::controller
