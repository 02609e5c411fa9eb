// Packages that a rule is about: the field `packages`. Inside this folder only.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "model/finding.h"
#include "model/inventory.h"
#include "policy/schema.h"

namespace landwaiter::policy {

struct PackageSelector {
  std::vector<std::string> types;          // purl types
  std::vector<std::string> names;          // globs over the package's or its source's name
  std::vector<std::string> include_paths;  // globs over the path in the image
  std::vector<std::string> exclude_paths;
};

extern const ObjectSchema kPackageSelector;

/// The field `packages` of a checked rule; selects everything where it is left out.
PackageSelector ReadPackageSelector(const nlohmann::json& rule);
bool Selects(const PackageSelector& selector, const Finding& finding);
bool Selects(const PackageSelector& selector, const Package& package);

}  // namespace landwaiter::policy
