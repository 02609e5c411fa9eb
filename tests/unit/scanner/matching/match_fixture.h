// A database of a few records, and what it finds.
#pragma once

#include <gtest/gtest.h>

#include "scanner/matching/match.h"
#include "tests/unit/scanner/advisories/feed_folder.h"
#include "tests/unit/scanner/matching/inventories.h"

namespace landwaiter::matching {

using advisories::AdvisoryDatabase;
using advisories::OsvRecord;
using advisories::TemporaryFolder;

inline constexpr const char* kCritical = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H";
inline constexpr const char* kHigh = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H";

class MatchTest : public testing::Test {
 protected:
  MatchResult MatchWith(const std::vector<OsvRecord>& records, const Inventory& inventory,
                        const std::string& kev = "") {
    const auto database = advisories::DatabaseOf(folder_, records, kev);
    return database ? MatchOrFail(inventory, *database) : MatchResult{};
  }
  TemporaryFolder folder_;
};

inline OsvRecord Minimist() {
  return OsvRecord("GHSA-xvch-5gv4-984h", "npm", "minimist")
      .Introduced("0")
      .Fixed("1.2.6")
      .Names("aliases", {"CVE-2021-44906"});
}

}  // namespace landwaiter::matching
