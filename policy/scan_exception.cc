#include "policy/scan_exception.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "lib/base/file.h"
#include "lib/base/text.h"
#include "policy/facts.h"
#include "policy/kinds.h"
#include "policy/parse_exceptions.h"
#include "policy/text_input.h"

namespace landwaiter::policy {
namespace {

using nlohmann::json;

constexpr std::string_view kApiVersionOfExceptions = "landwaiter.io/v1alpha1";
constexpr std::size_t kMaxNameOfObject = 253;

std::string TextOf(const json& object, const char* field) {
  const auto found = object.find(field);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

Result<ScanException> FromObject(const json& object, TimePoint now) {
  const bool is_one = object.is_object() && TextOf(object, "kind") == "ScanException" &&
                      TextOf(object, "apiVersion") == kApiVersionOfExceptions;
  if (!is_one) {
    return InvalidArgument("expected apiVersion " + std::string(kApiVersionOfExceptions) +
                           " and kind ScanException");
  }
  const auto metadata = object.find("metadata");
  if (metadata == object.end() || !metadata->is_object()) {
    return InvalidArgument("metadata is missing");
  }
  ScanException read;
  read.name = text::Printable(TextOf(*metadata, "name"));
  read.ns = text::Printable(TextOf(*metadata, "namespace"));
  for (const std::string* part : {&read.name, &read.ns}) {
    if (part->empty() || part->size() > kMaxNameOfObject) {
      return InvalidArgument("metadata.name and metadata.namespace are needed, each of at most " +
                             std::to_string(kMaxNameOfObject) + " bytes");
    }
  }
  read.uid = text::Printable(text::Truncate(TextOf(*metadata, "uid"), 128));
  const auto generation = metadata->find("generation");
  if (generation != metadata->end() && generation->is_number_integer()) {
    read.generation = generation->get<std::int64_t>();
  }
  const auto created = ParseTime(TextOf(*metadata, "creationTimestamp"));
  read.created = created ? *created : now;
  const auto spec = object.find("spec");
  Complaints complaints;
  auto exception =
      ReadException(spec == object.end() ? json() : *spec, "spec", nullptr, complaints);
  if (exception) {
    read.exception = *std::move(exception);
  } else {
    read.error = complaints.Joined();
  }
  read.exception.ns = read.ns;
  read.exception.key =
      read.ns + "/" + read.name + "/" + read.uid + "/" + std::to_string(read.generation);
  return read;
}

Error NotTaken(const ScanPolicy& policy, const std::string& why) {
  return Error{Code::kPermissionDenied, "policy " + policy.name + " " + why};
}

/// Rules of the policy that the exception is about: its own, or all that may be.
std::vector<std::string> RulesOf(const ScanPolicy& policy, const PolicyException& exception) {
  const auto& allowed = policy.allow_exceptions->rules;
  if (!exception.rules.empty()) return exception.rules;
  if (!allowed.empty()) return allowed;
  std::vector<std::string> all;
  for (const Rule& rule : policy.rules) all.push_back(rule.name);
  return all;
}

const Rule* FindRule(const ScanPolicy& policy, const std::string& name) {
  for (const Rule& rule : policy.rules) {
    if (rule.name == name) return &rule;
  }
  return nullptr;
}

}  // namespace

Result<ScanException> ScanExceptionFromJson(std::string_view text, TimePoint now) {
  auto object = ReadJson(text);
  if (!object) return object.error();
  return FromObject(*object, now);
}

Result<std::vector<ScanException>> ParseScanExceptionFile(const std::string& path, TimePoint now) {
  const auto text = ReadFile(path, kMaxYamlBytes);
  if (!text) return text.error();
  auto documents = ReadYaml(*text);
  if (!documents) return documents.error().Context(path);
  if (documents->empty()) return InvalidArgument(path + ": there is no ScanException");
  std::vector<ScanException> exceptions;
  for (std::size_t i = 0; i < documents->size(); ++i) {
    const std::string where = path + ": document " + std::to_string(i + 1);
    auto read = FromObject((*documents)[i], now);
    if (!read) return read.error().Context(where);
    if (!read->error.empty()) return InvalidArgument(where + ": " + read->error);
    // A file has no uid: two of one name would else be one.
    read->exception.key += "/" + std::to_string(i);
    exceptions.push_back(*std::move(read));
  }
  return exceptions;
}

Result<PolicyException> TakenBy(const ScanPolicy& policy, const ScanException& exception) {
  if (!exception.error.empty()) return InvalidArgument(exception.error);
  if (!policy.allow_exceptions) return NotTaken(policy, "has no allowExceptions");
  const AllowExceptions& allow = *policy.allow_exceptions;
  PolicyException taken = exception.exception;
  if (allow.approval_required && taken.approved_by.empty()) {
    return NotTaken(policy, "takes only what has approvedBy");
  }
  if (taken.until > exception.created + allow.time) {
    return NotTaken(
        policy,
        "takes at most " +
            std::to_string(std::chrono::duration_cast<std::chrono::hours>(allow.time).count()) +
            "h from its creation, that is until " + FormatTime(exception.created + allow.time));
  }
  // One object may be about several policies: of each the rules that it has.
  std::vector<std::string> rules;
  for (const std::string& name : RulesOf(policy, taken)) {
    const bool allowed = allow.rules.empty() || std::find(allow.rules.begin(), allow.rules.end(),
                                                          name) != allow.rules.end();
    if (!allowed || FindRule(policy, name) == nullptr) continue;
    rules.push_back(name);
  }
  if (rules.empty()) return NotTaken(policy, "takes none about these rules");
  const bool whole_rules = taken.ids.empty() && taken.packages.empty() && taken.paths.empty();
  if (whole_rules && allow.severity_at_most) {
    std::erase_if(rules, [&](const std::string& name) {
      const Rule& rule = *FindRule(policy, name);
      return rule.kind == nullptr || rule.kind->needs_database;
    });
    if (rules.empty()) {
      return NotTaken(policy,
                      "has severityAtMost, so a whole rule about findings cannot be excused: "
                      "write ids or packages");
    }
  }
  taken.rules = std::move(rules);
  taken.severity_at_most = allow.severity_at_most;
  return taken;
}

ScanPolicy WithScanExceptions(ScanPolicy policy, const std::vector<ScanException>& exceptions) {
  if (!policy.allow_exceptions) return policy;
  std::vector<PolicyException> taken;
  for (const ScanException& exception : exceptions) {
    if (auto one = TakenBy(policy, exception)) taken.push_back(*std::move(one));
  }
  std::sort(taken.begin(), taken.end(),
            [](const PolicyException& a, const PolicyException& b) { return a.key < b.key; });
  std::size_t all = 0;
  std::size_t of_namespace = 0;
  std::string ns;
  for (PolicyException& one : taken) {
    of_namespace = one.ns == ns ? of_namespace + 1 : 1;
    ns = one.ns;
    if (of_namespace > kMaxTakenOfNamespace || ++all > kMaxTaken) continue;
    policy.exceptions.push_back(std::move(one));
  }
  return policy;
}

}  // namespace landwaiter::policy
