// Conditions as Kubernetes writes them; ImageScan and ScanPolicy have them.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "lib/base/json.h"
#include "lib/base/text.h"
#include "resources/image_scan.h"

namespace landwaiter::resources {

namespace {
using nlohmann::json;
}

const Condition* FindCondition(const std::vector<Condition>& conditions, std::string_view type) {
  const auto found = std::find_if(conditions.begin(), conditions.end(),
                                  [&](const Condition& c) { return c.type == type; });
  return found == conditions.end() ? nullptr : &*found;
}

void SetCondition(std::vector<Condition>& conditions, Condition condition, TimePoint now) {
  condition.message = text::Truncate(text::Printable(condition.message), 1024);
  const auto found = std::find_if(conditions.begin(), conditions.end(),
                                  [&](const Condition& c) { return c.type == condition.type; });
  if (found == conditions.end()) {
    condition.last_transition_time = FormatTime(now);
    conditions.push_back(std::move(condition));
    return;
  }
  condition.last_transition_time =
      found->status == condition.status ? found->last_transition_time : FormatTime(now);
  *found = std::move(condition);
}

json ConditionsToJson(const std::vector<Condition>& conditions) {
  json out = json::array();
  for (const Condition& c : conditions) {
    out.push_back({{"type", c.type},
                   {"status", c.status},
                   {"reason", c.reason},
                   {"message", c.message},
                   {"observedGeneration", c.observed_generation},
                   {"lastTransitionTime", c.last_transition_time}});
  }
  return out;
}

std::vector<Condition> ConditionsFromJson(const json& list) {
  std::vector<Condition> conditions;
  if (!list.is_array()) return conditions;
  for (const json& item : list) {
    JsonFields fields(item, "conditions");
    Condition c;
    fields.String("type", c.type);
    fields.String("status", c.status);
    fields.String("reason", c.reason);
    fields.String("message", c.message, 32768);
    fields.Int("observedGeneration", c.observed_generation);
    fields.String("lastTransitionTime", c.last_transition_time);
    if (fields.Done()) conditions.push_back(std::move(c));
  }
  return conditions;
}

}  // namespace landwaiter::resources
