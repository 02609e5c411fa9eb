#include "resources/turned_bad.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "lib/base/text.h"

namespace landwaiter::resources {
namespace {

constexpr std::size_t kMaxNamespaceName = 63;  // a DNS label, RFC 1123

}  // namespace

std::size_t RanInBytes(const std::string& ns) {
  constexpr std::size_t kQuotesAndComma = 3;
  return std::min(ns.size(), kMaxNamespaceName) + kQuotesAndComma;
}

nlohmann::json TurnedBadToJson(const TurnedBad& record, std::size_t& room) {
  nlohmann::json out{{"since", record.since}};
  std::size_t kept = 0;
  for (const std::string& ns : record.namespaces) {
    const std::size_t bytes = RanInBytes(ns);
    if (kept++ == kMaxRanIn || bytes > room) break;
    room -= bytes;
    out["namespaces"].push_back(text::Truncate(text::Printable(ns), kMaxNamespaceName));
  }
  if (record.counting) out["counting"] = true;
  if (!record.made_before.empty()) out["madeBefore"] = record.made_before;
  return out;
}

void ReadTurnedBad(JsonFields& fields, TurnedBad& record) {
  fields.String("since", record.since);
  fields.Strings("namespaces", record.namespaces);
  fields.Bool("counting", record.counting);
  fields.String("madeBefore", record.made_before);
}

std::optional<TimePoint> LetInUntil(const TurnedBad& record, const policy::ScanPolicy& policy) {
  if (!policy.already_running.allow) return std::nullopt;
  const auto since = ParseTime(record.since);
  if (!since) return std::nullopt;
  return *since + policy.already_running.time;
}

bool RanIn(const TurnedBad& record, const std::string& ns) {
  return !record.counting && std::find(record.namespaces.begin(), record.namespaces.end(), ns) !=
                                 record.namespaces.end();
}

}  // namespace landwaiter::resources
