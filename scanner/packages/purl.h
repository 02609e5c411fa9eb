// Package URLs as the purl specification writes them (package-url/purl-spec, "Rules for each purl
// component" and the type definitions in its folder types/).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "model/inventory.h"

namespace landwaiter::packages {

/// True for the types of an operating system's own packages: deb, apk, rpm, alpm, opkg, ebuild.
bool IsSystemType(std::string_view type);

/// The purl of a package: those of an operating system take their namespace from its ID ("rhel" is
/// redhat, "opensuse-leap" opensuse) and have the qualifiers arch and distro; pypi names are
/// normalised, scopes and module paths are namespaces.
std::string BuildPurl(const Package& package, const std::optional<OperatingSystem>& os);

/// PyPI's form of a name: lower case, runs of "-", "_" and "." as one "-" (packaging
/// specification "Names and normalization"). Advisories of PyPI are keyed by it.
std::string NormalizePypiName(std::string_view name);

}  // namespace landwaiter::packages
