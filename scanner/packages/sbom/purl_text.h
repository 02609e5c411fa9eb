// Package URLs read back (package-url/purl-spec, "How to parse a purl string in its components").
// Inside this room only.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "model/inventory.h"

namespace landwaiter::packages {

struct PackageUrl {
  std::string type;
  std::string name_space;  // segments joined by '/'
  std::string name;
  std::string version;
  std::map<std::string, std::string, std::less<>> qualifiers;

  std::string_view Qualifier(std::string_view key) const;
};

/// nullopt where there is no type or no name.
std::optional<PackageUrl> ParsePurl(std::string_view text);

/// The package as a source of its type would list it; source package and version from the qualifier
/// "upstream", as Syft writes it. nullopt for what is no package: files, container images, code
/// hosts.
std::optional<Package> PackageOf(const PackageUrl& purl);

/// What the qualifier "distro" says: "debian-12", "alpine-3.18.4", "bookworm".
std::optional<OperatingSystem> SystemOf(const PackageUrl& purl);

/// The ID of os-release(5) of a system that Trivy names in its own way: "rhel" of "redhat"; any
/// other name as it is, in lower case.
std::string SystemIdOf(std::string_view name);

}  // namespace landwaiter::packages
