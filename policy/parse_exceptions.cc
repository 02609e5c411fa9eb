#include "policy/parse_exceptions.h"

#include <nlohmann/json.hpp>

#include "policy/formats.h"
#include "policy/kinds.h"
#include "policy/schema.h"

namespace landwaiter::policy {
namespace {

using nlohmann::json;

std::set<std::string> RuleNames(const ScanPolicy& policy) {
  std::set<std::string> names;
  for (const Rule& rule : policy.rules) names.insert(rule.name);
  return names;
}

void CheckNames(const std::vector<std::string>& names, const std::set<std::string>& rules,
                const std::string& path, Complaints& complaints) {
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (rules.contains(names[i])) continue;
    complaints.Add(path + "[" + std::to_string(i) + "]",
                   "'" + names[i] + "' is the name of no rule of this policy");
  }
}

}  // namespace

std::optional<PolicyException> ReadException(const json& value, const std::string& path,
                                             const std::set<std::string>* rules,
                                             Complaints& complaints) {
  Complaints own;
  CheckObject(value, ExceptionSchema(), path, own);
  std::optional<PolicyException> read;
  if (own.empty()) {
    read.emplace();
    read->ids = Texts(value, "ids");
    read->packages = Texts(value, "packages");
    read->images = Texts(value, "images");
    read->rules = Texts(value, "rules");
    read->paths = Texts(value, "paths");
    read->until_text = value["until"].get<std::string>();
    read->reason = value["reason"].get<std::string>();
    read->approved_by = value.value("approvedBy", "");
    const auto until = ParseUntil(read->until_text);
    if (until) read->until = *until;  // CheckUntil has refused all others
    if (read->ids.empty() && read->packages.empty() && read->paths.empty() && read->rules.empty()) {
      own.Add(path, "excuses everything, expected at least one of ids, packages, paths and rules");
    }
    if (rules != nullptr) CheckNames(read->rules, *rules, path + ".rules", own);
  }
  if (!own.empty()) read.reset();
  complaints.Append(own);
  return read;
}

void ReadExceptions(const json& list, ScanPolicy& policy, Complaints& complaints) {
  const std::set<std::string> rules = RuleNames(policy);
  for (std::size_t i = 0; i < list.size(); ++i) {
    auto read =
        ReadException(list[i], "spec.exceptions[" + std::to_string(i) + "]", &rules, complaints);
    if (read) policy.exceptions.push_back(*std::move(read));
  }
}

std::optional<AllowExceptions> ReadAllowExceptions(const json& value, const ScanPolicy& policy,
                                                   Complaints& complaints) {
  AllowExceptions read;
  read.rules = Texts(value, "rules");
  if (value.contains("severityAtMost")) {
    read.severity_at_most = ParseSeverity(value["severityAtMost"].get<std::string>());
  }
  if (value.contains("for")) {
    const auto time = ParseDuration(value["for"].get<std::string>());
    if (time) read.time = *time;  // CheckDurationOfAYear has refused all others
  }
  read.approval_required = value.value("approvalRequired", false);
  Complaints own;
  CheckNames(read.rules, RuleNames(policy), "spec.allowExceptions.rules", own);
  complaints.Append(own);
  if (!own.empty()) return std::nullopt;
  return read;
}

}  // namespace landwaiter::policy
