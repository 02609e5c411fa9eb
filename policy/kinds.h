// The rule kinds, one row each: how a checked JSON object becomes the struct, and how the struct is
// evaluated. To add a kind: one file in policy/rules/ (struct, fields, reader, evaluation) and its
// row in kinds.cc; then crds/scanpolicies.yaml and docs/policies.md, which tests compare with the
// fields.
#pragma once

#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <set>
#include <span>
#include <string>
#include <string_view>

#include "model/collection.h"
#include "policy/check.h"
#include "policy/facts.h"
#include "policy/needed_facts.h"
#include "policy/policy.h"
#include "policy/schema.h"

namespace landwaiter::policy {

struct RuleKind {
  std::string_view name;  // the field of the rule
  std::string_view help;
  const ObjectSchema* schema = nullptr;
  bool needs_scan = true;
  bool needs_database = false;  // the advisory database decides it
  /// `value` has passed CheckField; adds a complaint for what the table cannot say.
  std::shared_ptr<const RuleBody> (*read)(const nlohmann::json& value, const std::string& path,
                                          Complaints& complaints) = nullptr;
  RuleOutcome (*evaluate)(const Rule& rule, const Facts& facts) = nullptr;
  /// True where time alone may turn the answer. Null: it never does.
  bool (*judges_by_time)(const RuleBody& body) = nullptr;
  /// Adds what the scan has to collect for it. Null: it is decided by what every scan collects.
  /// Where that was not collected the rule is Unknown, and `evaluate` is not asked.
  void (*collects)(const RuleBody& body, Collection& wanted) = nullptr;
  /// `evaluate` is asked all the same, and looks into Facts::collected: why it was not collected
  /// may be known.
  bool judges_uncollected = false;
  /// Adds what it asks about of the facts that a stored report may lack. Null: of none.
  void (*asks)(const RuleBody& body, std::set<Fact>& facts) = nullptr;
};

/// In the order in which they are documented.
std::span<const RuleKind* const> RuleKinds();

/// What `rule` asks, in the file of its kind.
template <typename Body>
const Body& As(const Rule& rule) {
  return static_cast<const Body&>(*rule.body);
}

/// The texts of a checked list; empty where the field is absent.
std::vector<std::string> Texts(const nlohmann::json& object, const char* field);

}  // namespace landwaiter::policy
