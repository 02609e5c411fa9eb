// The `always` rule: to deny, or warn of, whatever the policy's `match` selects.
#include <nlohmann/json.hpp>

#include "policy/kinds.h"

namespace landwaiter::policy {
namespace {

constexpr std::string_view kKind = "always";
constexpr ObjectSchema kAlways = {};

std::shared_ptr<const RuleBody> Read(const nlohmann::json&, const std::string&, Complaints&) {
  return std::make_shared<const RuleBody>();
}

RuleOutcome Evaluate(const Rule&, const Facts&) {
  Violation violation;
  violation.kind = kKind;
  violation.subject = kKind;
  violation.id = ViolationId(kKind, kKind);
  violation.message = "every image that this policy is for";
  return {{std::move(violation)}, {}};
}

}  // namespace

extern constinit const RuleKind kAlwaysKind = {
    .name = "always",
    .help = "Fires always: what it is for, match says. Needs no scan.",
    .schema = &kAlways,
    .needs_scan = false,
    .read = Read,
    .evaluate = Evaluate,
};

}  // namespace landwaiter::policy
