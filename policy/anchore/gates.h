// Anchore's gates and triggers, one row each: what a rule of one becomes here. The parameters are
// those of anchore_engine/services/policy_engine/engine/policy/gates/.
#pragma once

#include <map>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace landwaiter::policy::anchore {

/// A rule's parameters: text, whatever they mean.
class Params {
 public:
  explicit Params(std::map<std::string, std::string> values) : values_(std::move(values)) {}
  /// "" where the rule does not set it.
  const std::string& Text(const std::string& name) const;
  /// Parts between commas, trimmed, without empty ones.
  std::vector<std::string> List(const std::string& name) const;
  bool Is(const std::string& name, std::string_view value) const;
  /// Days as ScanPolicies write them ("30d"); "" where it is not set or no whole number.
  std::string Days(const std::string& name) const;

 private:
  std::map<std::string, std::string> values_;
};

/// What one rule becomes: bodies of rule kinds, each a rule of its own, and what was lost.
struct Translation {
  Translation();
  ~Translation();
  void Add(std::string kind, nlohmann::json body);
  std::vector<std::pair<std::string, nlohmann::json>> rules;
  std::string max_database_age;  // for the policy, "" for none
  std::vector<std::string> lost;
  std::vector<std::string> notes;
};

/// False where the gate or the trigger is unknown.
bool Translate(std::string_view gate, std::string_view trigger, const Params& params,
               Translation& out);

/// "gate.trigger" of every row, in order.
std::vector<std::string> KnownTriggers();

}  // namespace landwaiter::policy::anchore
