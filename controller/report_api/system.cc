// GET /v1/system and /v1/feeds: what runs here, and how old what it knows is.
#include <nlohmann/json.hpp>

#include "controller/report_api/answer.h"
#include "controller/report_api/routes.h"

namespace landwaiter::controller::report_api {
namespace {

using nlohmann::json;

json OrNull(const std::string& text) { return text.empty() ? json() : json(text); }

/// Whole seconds since `rfc3339`; null for what is no time.
json AgeOf(const std::string& rfc3339, TimePoint now) {
  const auto time = ParseTime(rfc3339);
  if (!time) return nullptr;
  return std::chrono::duration_cast<std::chrono::seconds>(now - *time).count();
}

json DatabaseToJson(const DatabaseFacts& database, TimePoint now) {
  if (database.id.empty()) return nullptr;
  return {{"id", database.id},
          {"builtAt", database.built_at},
          {"ageSeconds", AgeOf(database.built_at, now)}};
}

}  // namespace

http::ServerResponse GetFeeds(const ReportSource& source, Call& call, const Cancellation&) {
  if (const Status read = call.params.Done(); !read) return ProblemOf(read.error());
  const DatabaseFacts database = source.Database();
  const TimePoint now = source.Now();
  json feeds = json::array();
  for (const auto& [name, newest] : database.feeds) {
    feeds.push_back(
        {{"name", name}, {"newest", OrNull(newest)}, {"ageSeconds", AgeOf(newest, now)}});
  }
  return JsonAnswer({{"database", DatabaseToJson(database, now)},
                     {"problem", OrNull(database.problem)},
                     {"items", std::move(feeds)}});
}

http::ServerResponse GetSystem(const ReportSource& source, Call& call, const Cancellation&) {
  if (const Status read = call.params.Done(); !read) return ProblemOf(read.error());
  const SystemFacts facts = source.System();
  json queue;  // null but on the leader
  if (facts.queued) queue = {{"waiting", *facts.queued}, {"running", facts.running}};
  return JsonAnswer({{"version", facts.version},
                     {"replica", facts.identity},
                     {"leading", facts.leading},
                     {"leader", OrNull(facts.leader)},
                     {"store", {{"kind", facts.store}, {"reportsHere", facts.reports_here}}},
                     {"scanners", facts.scanners},
                     {"queue", std::move(queue)},
                     {"images", facts.images},
                     {"pods", facts.pods},
                     {"policies", facts.policies},
                     {"database", DatabaseToJson(facts.database, source.Now())}});
}

}  // namespace landwaiter::controller::report_api
