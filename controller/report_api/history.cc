// GET /v1/history: images by verdict, now and as the leader has kept it.
#include <nlohmann/json.hpp>

#include "controller/report_api/answer.h"
#include "controller/report_api/routes.h"

namespace landwaiter::controller::report_api {
namespace {

using nlohmann::json;

json CountsToJson(const VerdictCounts& counts) {
  return {{"pass", counts.pass},
          {"warn", counts.warn},
          {"unknown", counts.unknown},
          {"fail", counts.fail},
          {"pending", counts.pending}};
}

json SampleToJson(const VerdictSample& sample) {
  return {{"at", FormatTime(sample.at)},
          {"images", CountsToJson(sample.images)},
          {"running", CountsToJson(sample.running)}};
}

}  // namespace

http::ServerResponse GetHistory(const ReportSource& source, Call& call, const Cancellation&) {
  if (const Status read = call.params.Done(); !read) return ProblemOf(read.error());
  const auto history = source.History();
  if (!history) return ProblemOf(history.error());
  json items = json::array();
  for (const VerdictSample& sample : *history) items.push_back(SampleToJson(sample));
  VerdictSample now;
  now.at = std::chrono::floor<std::chrono::seconds>(source.Now());
  for (const auto& record : source.Images()) AddTo(now, record->scan);
  return JsonAnswer({{"now", SampleToJson(now)}, {"items", std::move(items)}});
}

}  // namespace landwaiter::controller::report_api
