// GET /v1/policies: what is in force, how many images each lets pass, and
// what that runs now it would deny.
#include <nlohmann/json.hpp>

#include "controller/report_api/answer.h"
#include "controller/report_api/page.h"
#include "controller/report_api/routes.h"
#include "controller/runtime/running_fails.h"

namespace landwaiter::controller::report_api {
namespace {

using nlohmann::json;

}  // namespace

http::ServerResponse ListPolicies(const ReportSource& source, Call& call, const Cancellation&) {
  const auto page = ReadPage(call.params, "policies");
  if (const Status read = call.params.Done(); !read) return ProblemOf(read.error());
  if (!page) return ProblemOf(page.error());
  json items = json::array();
  std::string last;
  for (const auto& record : source.AllPolicies()) {
    const policy::ScanPolicy& one = record->policy;
    if (one.name <= page->after) continue;
    if (items.size() == page->limit) return JsonAnswer(PageToJson(items, page->TokenAfter(last)));
    json rules = json::array();
    for (const policy::Rule& rule : one.rules) {
      rules.push_back({{"name", rule.name},
                       {"kind", policy::RuleKindName(rule)},
                       {"action", rule.fails ? "Fail" : "Warn"}});
    }
    items.push_back({{"name", one.name},
                     {"generation", one.generation},
                     {"enforcement", EnforcementName(one.enforcement)},
                     {"images", one.match.images},
                     {"excludeImages", one.match.exclude_images},
                     {"rules", std::move(rules)},
                     {"exceptions", one.exceptions.size()},
                     {"errors", record->errors},
                     {"runningFails", RunningFailsToJson(record->running)},
                     {"counts",
                      {{"pass", record->counts.pass},
                       {"warn", record->counts.warn},
                       {"fail", record->counts.fail},
                       {"pending", record->counts.pending}}}});
    last = one.name;
  }
  return JsonAnswer(PageToJson(std::move(items), ""));
}

}  // namespace landwaiter::controller::report_api
