// Package URLs as the purl specification writes them (package-url/purl-spec, "Rules for each purl
// component" and the type definitions deb, apk, rpm, npm, pypi, golang).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "model/inventory.h"

namespace landwaiter::packages {

/// The purl of a package: deb and apk take their namespace from the operating system's ID and the
/// qualifiers arch and distro; pypi names are normalised, scopes and module paths are namespaces.
std::string BuildPurl(const Package& package, const std::optional<OperatingSystem>& os);

/// PyPI's form of a name: lower case, runs of "-", "_" and "." as one "-" (packaging
/// specification "Names and normalization"). Advisories of PyPI are keyed by it.
std::string NormalizePypiName(std::string_view name);

}  // namespace landwaiter::packages
