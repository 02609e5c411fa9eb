#include "policy/kinds.h"

#include <nlohmann/json.hpp>

namespace landwaiter::policy {
namespace {

/// In the order of Rule::kind, after BrokenRule.
constexpr RuleKind kKinds[] = {
    {"vulnerabilities", true, ReadVulnerabilityRule, EvaluateVulnerabilityRule},
    {"image", true, ReadImageRule, EvaluateImageRule},
    {"packages", true, ReadPackageRule, EvaluatePackageRule},
    {"reference", false, ReadReferenceRule, EvaluateReferenceRule},
};
static_assert(std::size(kKinds) + 1 == std::variant_size_v<decltype(Rule::kind)>);

}  // namespace

std::span<const RuleKind> RuleKinds() { return kKinds; }

const RuleKind* KindOf(const Rule& rule) {
  if (std::holds_alternative<BrokenRule>(rule.kind)) return nullptr;
  return &kKinds[rule.kind.index() - 1];
}

std::string_view RuleKindName(const Rule& rule) {
  const RuleKind* kind = KindOf(rule);
  return kind == nullptr ? std::string_view() : kind->name;
}

std::vector<std::string> Texts(const nlohmann::json& object, const char* field) {
  const auto found = object.find(field);
  if (found == object.end()) return {};
  return found->get<std::vector<std::string>>();
}

}  // namespace landwaiter::policy
