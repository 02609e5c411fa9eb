// The rule kinds, one row each: how a checked JSON object becomes the struct, and how the struct is
// evaluated. To add a kind: its struct in policy.h, its fields in schema.cc, one file
// rule_<kind>.cc, one row in kinds.cc.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string>
#include <string_view>

#include "policy/check.h"
#include "policy/facts.h"
#include "policy/policy.h"

namespace landwaiter::policy {

struct RuleKind {
  std::string_view name;  // the field of the rule
  bool needs_scan = true;
  /// `value` has passed CheckField; adds a complaint for what the table cannot say.
  void (*read)(const nlohmann::json& value, const std::string& path, Rule& rule,
               Complaints& complaints);
  RuleOutcome (*evaluate)(const Rule& rule, const Facts& facts);
};

std::span<const RuleKind> RuleKinds();
/// nullptr for a broken rule.
const RuleKind* KindOf(const Rule& rule);

void ReadVulnerabilityRule(const nlohmann::json&, const std::string&, Rule&, Complaints&);
void ReadImageRule(const nlohmann::json&, const std::string&, Rule&, Complaints&);
void ReadPackageRule(const nlohmann::json&, const std::string&, Rule&, Complaints&);
void ReadReferenceRule(const nlohmann::json&, const std::string&, Rule&, Complaints&);
RuleOutcome EvaluateVulnerabilityRule(const Rule&, const Facts&);
RuleOutcome EvaluateImageRule(const Rule&, const Facts&);
RuleOutcome EvaluatePackageRule(const Rule&, const Facts&);
RuleOutcome EvaluateReferenceRule(const Rule&, const Facts&);

/// The texts of a checked list; empty where the field is absent.
std::vector<std::string> Texts(const nlohmann::json& object, const char* field);

}  // namespace landwaiter::policy
