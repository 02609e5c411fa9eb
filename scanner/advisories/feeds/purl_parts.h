// Package URLs taken apart (https://github.com/package-url/purl-spec, "Parse a purl URL string").
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace landwaiter::advisories {

struct PurlParts {
  std::string type;
  std::string name_space;  // "redhat", "ubuntu"; "" for none
  std::string name;
  std::string version;  // "" for none
  std::vector<std::pair<std::string, std::string>> qualifiers;

  /// "" for one that is not there.
  std::string_view Qualifier(std::string_view key) const;
};

/// nullopt for text that is no purl; subpaths are dropped.
std::optional<PurlParts> ParsePurl(std::string_view purl);

}  // namespace landwaiter::advisories
