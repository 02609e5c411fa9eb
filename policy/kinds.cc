#include "policy/kinds.h"

#include <nlohmann/json.hpp>

namespace landwaiter::policy {
extern const RuleKind kVulnerabilitiesKind;
extern const RuleKind kImageKind;
extern const RuleKind kPackagesKind;
extern const RuleKind kMaliciousKind;
extern const RuleKind kLicensesKind;
extern const RuleKind kOsKind;
extern const RuleKind kBaseKind;
extern const RuleKind kCoverageKind;
extern const RuleKind kAlwaysKind;
extern const RuleKind kReferenceKind;
extern const RuleKind kFilesKind;
extern const RuleKind kPasswdKind;
extern const RuleKind kSecretsKind;
extern const RuleKind kMalwareKind;
extern const RuleKind kIntegrityKind;

namespace {

constexpr const RuleKind* kKinds[] = {
    &kVulnerabilitiesKind, &kImageKind,     &kPackagesKind,  &kMaliciousKind,
    &kLicensesKind,        &kOsKind,        &kBaseKind,      &kCoverageKind,
    &kAlwaysKind,          &kReferenceKind, &kFilesKind,     &kPasswdKind,
    &kSecretsKind,         &kMalwareKind,   &kIntegrityKind,
};

}  // namespace

std::span<const RuleKind* const> RuleKinds() { return kKinds; }

std::string_view RuleKindName(const Rule& rule) {
  return rule.kind == nullptr ? std::string_view() : rule.kind->name;
}

std::vector<std::string> Texts(const nlohmann::json& object, const char* field) {
  const auto found = object.find(field);
  if (found == object.end()) return {};
  return found->get<std::vector<std::string>>();
}

}  // namespace landwaiter::policy
