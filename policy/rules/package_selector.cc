#include "policy/rules/package_selector.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "lib/base/text.h"
#include "policy/facts.h"
#include "policy/image_pattern.h"
#include "policy/kinds.h"
#include "policy/schema_rules.h"

namespace landwaiter::policy {
namespace {

constexpr Field kPackageSelectorFields[] = {
    {.name = "types",
     .type = FieldType::kTexts,
     .help = "Package types (of the package URL).",
     .values = kTypes,
     .max_items = std::size(kTypes),
     .min_items = 1},
    {.name = "names",
     .type = FieldType::kTexts,
     .help = "Patterns over the package's name or its source package's.",
     .max_items = kMaxPatterns,
     .min_items = 1,
     .max_length = kMaxPattern,
     .check = CheckGlob},
    {.name = "includePaths",
     .type = FieldType::kTexts,
     .help = "Patterns over the path the package was found at, without a leading '/'.",
     .max_items = kMaxPatterns,
     .min_items = 1,
     .max_length = kMaxPattern,
     .check = CheckGlob},
    {.name = "excludePaths",
     .type = FieldType::kTexts,
     .help = "Patterns over paths that are left out.",
     .max_items = kMaxPatterns,
     .min_items = 1,
     .max_length = kMaxPattern,
     .check = CheckGlob},
};
}  // namespace

extern constinit const ObjectSchema kPackageSelector = {.fields = kPackageSelectorFields,
                                                        .min_fields = 1};

namespace {

bool AnyGlob(const std::vector<std::string>& patterns, std::string_view text) {
  return std::any_of(patterns.begin(), patterns.end(),
                     [&](const std::string& pattern) { return text::GlobMatch(pattern, text); });
}

bool Selects(const PackageSelector& selector, const std::string& type, std::string_view name,
             std::string_view source, std::string_view path) {
  const auto named = [&](const std::string& pattern) {
    return PackageNameMatches(pattern, name, type) ||
           (!source.empty() && PackageNameMatches(pattern, source, type));
  };
  const bool fits =
      (selector.types.empty() ||
       std::find(selector.types.begin(), selector.types.end(), type) != selector.types.end()) &&
      (selector.names.empty() ||
       std::any_of(selector.names.begin(), selector.names.end(), named)) &&
      (selector.include_paths.empty() || AnyGlob(selector.include_paths, path));
  return fits && !AnyGlob(selector.exclude_paths, path);
}

}  // namespace

PackageSelector ReadPackageSelector(const nlohmann::json& rule) {
  const auto packages = rule.find("packages");
  if (packages == rule.end()) return {};
  return {Texts(*packages, "types"), Texts(*packages, "names"), Texts(*packages, "includePaths"),
          Texts(*packages, "excludePaths")};
}

bool Selects(const PackageSelector& selector, const Finding& finding) {
  return Selects(selector, finding.package_type, finding.package, finding.source_package,
                 finding.path);
}

bool Selects(const PackageSelector& selector, const Package& package) {
  return Selects(selector, package.type, package.name, package.source_name, package.path);
}

}  // namespace landwaiter::policy
