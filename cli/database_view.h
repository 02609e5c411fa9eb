// How `landwaiter db` shows a database and what it says.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "lib/base/clock.h"
#include "scanner/advisories/database.h"
#include "scanner/advisories/feed.h"

namespace landwaiter::cli {

struct LookupRow {
  std::string ecosystem;
  advisories::Affected affected;
  advisories::Advisory advisory;
  bool known_exploited = false;
};
using LookupAnswer = std::vector<LookupRow>;

/// Sets known_exploited by all names of the row's advisory.
Status MarkExploited(const advisories::AdvisoryDatabase& database, LookupRow* row);

/// A database that is stale at `now` is said to be.
std::string RenderStatus(const advisories::DatabaseInfo& info, const std::string& folder,
                         TimePoint now);
/// What each feed can and cannot say, and where it is published.
std::string RenderFeeds(std::span<const advisories::Feed> feeds);
std::string RenderFeedsJson(std::span<const advisories::Feed> feeds);
std::string RenderLookup(const LookupAnswer& answer);
std::string RenderLookupJson(const std::string& package, const LookupAnswer& answer);
/// A range for people: "< 1.2.6", ">= 2.0, < 2.2.28", ">= 1.0, <= 1.4", "all versions".
std::string DescribeRange(const advisories::Range& range);

}  // namespace landwaiter::cli
