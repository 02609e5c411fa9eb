// Inventories by hand, and what a match says in short.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "scanner/matching/match.h"

namespace landwaiter::matching {

inline Package APackage(const std::string& type, const std::string& name,
                        const std::string& version) {
  Package package;
  package.type = type;
  package.name = name;
  package.version = version;
  package.purl = "pkg:" + type + "/" + name + "@" + version;
  package.path = "path/of/" + name;
  return package;
}

inline Package FromSource(Package package, const std::string& name, const std::string& version) {
  package.source_name = name;
  package.source_version = version;
  return package;
}

inline Inventory AnInventory(const std::string& family, const std::string& version,
                             std::vector<Package> packages) {
  Inventory inventory;
  if (!family.empty()) inventory.os = OperatingSystem{family, version, "", ""};
  inventory.packages = std::move(packages);
  return inventory;
}

inline MatchResult MatchOrFail(const Inventory& inventory,
                               const advisories::AdvisoryDatabase& database) {
  auto result = Match(inventory, database);
  EXPECT_TRUE(result.has_value()) << (result ? "" : result.error().message);
  return result ? *std::move(result) : MatchResult{};
}

inline std::vector<std::string> Ids(const MatchResult& result) {
  std::vector<std::string> ids;
  for (const Finding& finding : result.findings) ids.push_back(finding.package + " " + finding.id);
  std::sort(ids.begin(), ids.end());
  return ids;
}

inline Coverage CoverageOf(const MatchResult& result, const std::string& source) {
  for (const Coverage& coverage : result.coverage) {
    if (coverage.source == source) return coverage;
  }
  ADD_FAILURE() << "no coverage row " << source;
  return {};
}

}  // namespace landwaiter::matching
