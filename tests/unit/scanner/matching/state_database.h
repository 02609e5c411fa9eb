// A database of OSV records and of files of other feeds, and what matching says by it.
#pragma once

#include <gtest/gtest.h>

#include "lib/base/clock.h"
#include "tests/unit/scanner/advisories/feed_folder.h"
#include "tests/unit/scanner/matching/inventories.h"

namespace landwaiter::matching {

class StatesTest : public testing::Test {
 protected:
  /// A database of these records, and of further feeds: kind, name of the file, its bytes.
  struct File {
    std::string kind, name, bytes;
  };
  MatchResult MatchWith(const std::vector<advisories::OsvRecord>& records,
                        const Inventory& inventory, const std::vector<File>& files = {},
                        const std::string& built = "2026-01-01T00:00:00Z") {
    advisories::BuildOptions options = advisories::BuildFrom(folder_, records);
    if (records.empty()) options.feeds.clear();
    for (const File& file : files) {
      options.feeds.push_back({file.kind, folder_.Write(file.name, file.bytes)});
    }
    options.now = *ParseTime(built);
    const auto info = advisories::BuildDatabase(options, {});
    EXPECT_TRUE(info.has_value()) << (info ? "" : info.error().message);
    const auto database = advisories::AdvisoryDatabase::Open(folder_.Path("db"));
    EXPECT_TRUE(database.has_value());
    return database ? MatchOrFail(inventory, **database) : MatchResult{};
  }
  advisories::TemporaryFolder folder_;
};

inline advisories::OsvRecord Unfixed(const std::string& id, const std::string& ecosystem,
                                     const std::string& package) {
  return advisories::OsvRecord(id, ecosystem, package).Introduced("0");
}
inline advisories::OsvRecord Fixed(const std::string& id, const std::string& ecosystem,
                                   const std::string& package, const std::string& fix) {
  return Unfixed(id, ecosystem, package).Fixed(fix);
}

}  // namespace landwaiter::matching
