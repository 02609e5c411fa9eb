// Findings of distributions' packages in one line each.
#pragma once

#include <gtest/gtest.h>

#include "tests/unit/scanner/matching/state_database.h"

namespace landwaiter::matching {

using advisories::OsvRecord;

/// "package id state fix", sorted.
inline std::vector<std::string> States(const MatchResult& result) {
  std::vector<std::string> states;
  for (const Finding& finding : result.findings) {
    std::string text = finding.package + " " + finding.id + " ";
    text += FindingStateName(finding.state);
    if (!finding.fixed_version.empty()) text += " " + finding.fixed_version;
    states.push_back(text);
  }
  std::sort(states.begin(), states.end());
  return states;
}

inline Package Rpm(const std::string& name, const std::string& version,
                   const std::string& architecture = "x86_64") {
  Package package = APackage("rpm", name, version);
  package.architecture = architecture;
  return package;
}

}  // namespace landwaiter::matching
