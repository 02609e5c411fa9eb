// From checked JSON to ScanPolicy. There is one way through: what is broken is complained of and
// replaced by the safe choice; the strict readers turn any complaint into an error.
#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "lib/base/file.h"
#include "lib/base/text.h"
#include "policy/check.h"
#include "policy/formats.h"
#include "policy/kinds.h"
#include "policy/parse_exceptions.h"
#include "policy/policy.h"
#include "policy/schema.h"
#include "policy/text_input.h"

namespace landwaiter::policy {
namespace {

using nlohmann::json;

constexpr std::string_view kApiVersion = "landwaiter.io/v1alpha1";
constexpr std::string_view kKindName = "ScanPolicy";
/// The API server writes UUIDs of 36 bytes; the bound is ImageScan's schema's.
constexpr std::size_t kMaxUid = 128;

/// The field where it is there and good; else null, with a complaint where it is there and bad.
const json* GoodField(const json& spec, std::string_view name, Complaints& complaints) {
  const auto found = spec.find(std::string(name));
  if (found == spec.end()) return nullptr;
  Complaints own;
  CheckField(*found, *FindField(SpecSchema(), name), "spec." + std::string(name), own);
  complaints.Append(own);
  return own.empty() ? &*found : nullptr;
}

Action ReadAction(const std::string& text) {
  return text == "Warn" ? Action::kWarn : text == "Allow" ? Action::kAllow : Action::kDeny;
}

SelectorOperator ReadOperator(const std::string& text) {
  if (text == "In") return SelectorOperator::kIn;
  if (text == "NotIn") return SelectorOperator::kNotIn;
  return text == "Exists" ? SelectorOperator::kExists : SelectorOperator::kDoesNotExist;
}

LabelSelector ReadSelector(const json& value, const std::string& path, Complaints& complaints) {
  LabelSelector selector;
  if (const auto labels = value.find("matchLabels"); labels != value.end()) {
    selector.match_labels = labels->get<std::map<std::string, std::string>>();
    for (const auto& [key, unused] : selector.match_labels) {
      const Status good = CheckLabelKey(key);
      if (!good) complaints.Add(path + ".matchLabels", good.error().message);
    }
  }
  const auto expressions = value.find("matchExpressions");
  if (expressions == value.end()) return selector;
  for (std::size_t i = 0; i < expressions->size(); ++i) {
    const json& item = (*expressions)[i];
    LabelRequirement requirement{item["key"].get<std::string>(),
                                 ReadOperator(item["operator"].get<std::string>()),
                                 Texts(item, "values")};
    const bool wants_values =
        requirement.op == SelectorOperator::kIn || requirement.op == SelectorOperator::kNotIn;
    if (wants_values == requirement.values.empty()) {
      complaints.Add(path + ".matchExpressions[" + std::to_string(i) + "].values",
                     wants_values ? "is empty, operator In and NotIn need at least one"
                                  : "must be left out with operator Exists and DoesNotExist");
    }
    selector.match_expressions.push_back(std::move(requirement));
  }
  return selector;
}

/// Taken over leniently, each part stands for itself: a selector that cannot be read selects all
/// namespaces, images that cannot be read are all images, and what excludes excludes nothing. A bad
/// pattern so makes a policy no wider than the namespaces that it was written for.
void ReadMatch(const json& spec, Match& match, Complaints& complaints) {
  GoodField(spec, "match", complaints);
  const auto whole = spec.find("match");
  if (whole == spec.end() || !whole->is_object()) return;
  const ObjectSchema& schema = *FindField(SpecSchema(), "match")->object;
  const auto good_part = [&](const char* name) -> const json* {
    const auto found = whole->find(name);
    if (found == whole->end()) return nullptr;
    Complaints own;  // said above
    CheckField(*found, *FindField(schema, name), name, own);
    return own.empty() ? &*found : nullptr;
  };
  if (const json* selector = good_part("namespaceSelector")) {
    Complaints own;
    LabelSelector read = ReadSelector(*selector, "spec.match.namespaceSelector", own);
    if (own.empty()) match.namespace_selector = std::move(read);
    complaints.Append(own);
  }
  if (good_part("images") != nullptr) match.images = Texts(*whole, "images");
  if (good_part("excludeImages") != nullptr) match.exclude_images = Texts(*whole, "excludeImages");
}

/// Taken over leniently: whoever wrote an action that cannot be read wanted another than Allow,
/// which is there unwritten.
AlreadyRunning ReadAlreadyRunning(const json& spec, Complaints& complaints) {
  GoodField(spec, "alreadyRunning", complaints);
  AlreadyRunning read;
  const auto whole = spec.find("alreadyRunning");
  if (whole == spec.end()) return read;
  read.allow = false;
  if (!whole->is_object()) return read;
  const ObjectSchema& schema = *FindField(SpecSchema(), "alreadyRunning")->object;
  const auto good = [&](const char* name) {
    Complaints own;  // said above
    CheckField((*whole)[name], *FindField(schema, name), name, own);
    return own.empty();
  };
  read.allow = !whole->contains("action") ||
               (good("action") && (*whole)["action"].get_ref<const std::string&>() == "Allow");
  if (whole->contains("for") && good("for")) {
    auto time = ParseDuration((*whole)["for"].get<std::string>());
    if (time) read.time = *time;  // CheckDurationOfAYear has refused all others
  }
  return read;
}

void ReadAnswers(const json& spec, ScanPolicy& policy, Complaints& complaints) {
  if (const json* value = GoodField(spec, "enforcement", complaints)) {
    const auto& text = value->get_ref<const std::string&>();
    policy.enforcement = text == "Warn"    ? Enforcement::kWarn
                         : text == "Audit" ? Enforcement::kAudit
                                           : Enforcement::kEnforce;
  }
  if (const json* value = GoodField(spec, "onUnscanned", complaints)) {
    const auto& text = value->get_ref<const std::string&>();
    policy.on_unscanned = ReadAction(text);  // of Hold: Deny
    policy.holds = text == "Hold";
  }
  if (const json* value = GoodField(spec, "holdFor", complaints)) {
    auto time = ParseDuration(value->get<std::string>());
    if (time) policy.hold_for = *time;  // CheckDuration has refused all others
  }
  if (const json* value = GoodField(spec, "onIncomplete", complaints)) {
    policy.on_incomplete = ReadAction(value->get<std::string>());
  }
  if (const json* value = GoodField(spec, "waitSeconds", complaints)) {
    policy.wait = std::chrono::seconds(value->get<int>());
  }
  if (const json* value = GoodField(spec, "pinDigests", complaints)) {
    policy.pin_digests = value->get<bool>();
  }
  if (const json* value = GoodField(spec, "denyWorkloads", complaints)) {
    policy.deny_workloads = value->get<bool>();
  }
  if (const json* value = GoodField(spec, "maxDatabaseAge", complaints)) {
    auto age = ParseDuration(value->get<std::string>());
    if (age) policy.max_database_age = *age;  // CheckDuration has refused all others
  }
  policy.already_running = ReadAlreadyRunning(spec, complaints);
}

/// Fills in kind and body; leaves them null where there is not one kind.
void ReadKind(const json& value, const std::string& path, Rule& rule, Complaints& complaints) {
  std::vector<std::string> set;
  const RuleKind* kind = nullptr;
  std::string all;
  for (const RuleKind* row : RuleKinds()) {
    all += (all.empty() ? "" : ", ") + std::string(row->name);
    if (!value.contains(std::string(row->name))) continue;
    set.emplace_back(row->name);
    kind = row;
  }
  if (set.size() != 1) {
    complaints.Add(path, set.empty() ? "has no kind, expected exactly one of " + all
                                     : "has " + std::to_string(set.size()) + " kinds (" +
                                           text::Join(set, ", ") +
                                           "), expected exactly one: make a rule of each");
    return;
  }
  const std::string name(kind->name);
  rule.body = kind->read(value[name], path + "." + name, complaints);
  rule.kind = kind;
}

Rule ReadRule(const json& value, std::size_t index, Complaints& complaints) {
  const std::string path = "spec.rules[" + std::to_string(index) + "]";
  Rule rule;
  rule.name = "rules[" + std::to_string(index) + "]";
  Complaints own;
  CheckObject(value, RuleSchema(), path, own);
  if (value.is_object()) {
    const auto name = value.find("name");
    if (name != value.end() && name->is_string() && CheckRuleName(name->get<std::string>())) {
      rule.name = name->get<std::string>();
    }
  }
  if (own.empty()) {
    rule.fails = value.value("action", "Fail") != "Warn";
    rule.controls = Texts(value, "controls");
    ReadKind(value, path, rule, own);
  }
  if (!own.empty()) {
    rule.kind = nullptr;
    rule.error = own.Joined();
  }
  complaints.Append(own);
  return rule;
}

/// The list where it is one of a legal length; else null, with a complaint. Its entries are checked
/// one by one, so that a broken one does not take the others with it.
const json* GoodList(const json& spec, std::string_view name, Complaints& complaints) {
  const auto found = spec.find(std::string(name));
  if (found == spec.end()) return nullptr;
  Field list = *FindField(SpecSchema(), name);
  static constexpr ObjectSchema kAnything = {};
  list.object = &kAnything;
  const std::string path = "spec." + std::string(name);
  if (!found->is_array()) {
    CheckField(*found, list, path, complaints);
    return nullptr;
  }
  const bool fits = found->size() >= list.min_items && found->size() <= list.max_items;
  if (fits) return &*found;
  CheckField(*found, list, path, complaints);
  return nullptr;
}

void ReadRules(const json& spec, ScanPolicy& policy, Complaints& complaints) {
  const json* list = GoodList(spec, "rules", complaints);
  if (list == nullptr) {
    policy.rules.push_back({.name = "rules", .error = "spec.rules cannot be read"});
    return;
  }
  std::map<std::string, std::size_t> seen;
  for (std::size_t i = 0; i < list->size(); ++i) {
    Rule rule = ReadRule((*list)[i], i, complaints);
    const auto [first, is_new] = seen.emplace(rule.name, i);
    if (!is_new) {
      complaints.Add("spec.rules[" + std::to_string(i) + "].name",
                     "'" + rule.name + "' is the name of spec.rules[" +
                         std::to_string(first->second) + "] too, names must differ");
    }
    policy.rules.push_back(std::move(rule));
  }
}

Status CheckHeader(const json& object) {
  if (!object.is_object()) return InvalidArgument("policy is no object");
  const auto text = [&](const char* field) {
    const auto found = object.find(field);
    return found != object.end() && found->is_string() ? found->get<std::string>() : "";
  };
  if (text("kind") != kKindName) {
    return InvalidArgument("kind: expected ScanPolicy, got '" +
                           text::Printable(text::Truncate(text("kind"), 80)) + "'");
  }
  if (text("apiVersion") != kApiVersion) {
    return InvalidArgument("apiVersion: expected " + std::string(kApiVersion) + ", got '" +
                           text::Printable(text::Truncate(text("apiVersion"), 80)) + "'");
  }
  const auto metadata = object.find("metadata");
  const bool named = metadata != object.end() && metadata->is_object() &&
                     metadata->contains("name") && (*metadata)["name"].is_string() &&
                     !(*metadata)["name"].get_ref<const std::string&>().empty() &&
                     (*metadata)["name"].get_ref<const std::string&>().size() <= 253;
  if (!named) return InvalidArgument("metadata.name: expected a name of at most 253 bytes");
  return Ok();
}

Result<LenientPolicy> FromJson(const json& object) {
  if (Status header = CheckHeader(object); !header) return header.error();
  LenientPolicy result;
  ScanPolicy& policy = result.policy;
  const json& metadata = object["metadata"];
  policy.name = text::Printable(metadata["name"].get<std::string>());
  if (metadata.contains("uid") && metadata["uid"].is_string()) {
    policy.uid = text::Printable(text::Truncate(metadata["uid"].get<std::string>(), kMaxUid));
  }
  if (metadata.contains("generation") && metadata["generation"].is_number_integer()) {
    policy.generation = metadata["generation"].get<std::int64_t>();
  }
  Complaints complaints;
  for (const auto& [field, value] : object.items()) {
    if (field == "apiVersion" || field == "kind" || field == "metadata" || field == "spec" ||
        field == "status") {
      continue;
    }
    complaints.Add(text::Printable(text::Truncate(field, 80)),
                   "unknown field, expected apiVersion, kind, metadata and spec");
  }
  static const json kNoSpec = json::object();
  const auto found = object.find("spec");
  const bool has_spec = found != object.end() && found->is_object();
  if (!has_spec) complaints.Add("spec", "expected an object");
  const json& spec = has_spec ? *found : kNoSpec;
  CheckFieldNames(spec, SpecSchema(), "spec", complaints);
  ReadMatch(spec, policy.match, complaints);
  ReadAnswers(spec, policy, complaints);
  ReadRules(spec, policy, complaints);
  if (const json* list = GoodList(spec, "exceptions", complaints)) {
    ReadExceptions(*list, policy, complaints);
  }
  if (const json* value = GoodField(spec, "allowExceptions", complaints)) {
    policy.allow_exceptions = ReadAllowExceptions(*value, policy, complaints);
  }
  result.errors = complaints.Lines();
  return result;
}

Result<ScanPolicy> Strict(Result<LenientPolicy> read) {
  if (!read) return std::move(read).error();
  if (read->errors.empty()) return std::move(read->policy);
  return InvalidArgument("policy '" + read->policy.name + "': " + text::Join(read->errors, "; "));
}

}  // namespace

Result<LenientPolicy> ParsePolicyJsonLeniently(std::string_view text) {
  auto object = ReadJson(text);
  if (!object) return object.error();
  return FromJson(*object);
}

Result<ScanPolicy> ParsePolicyJson(std::string_view text) {
  return Strict(ParsePolicyJsonLeniently(text));
}

Result<std::vector<ScanPolicy>> ParsePolicyYaml(std::string_view text) {
  auto documents = ReadYaml(text);
  if (!documents) return documents.error();
  if (documents->empty()) return InvalidArgument("there is no ScanPolicy");
  std::vector<ScanPolicy> policies;
  for (std::size_t i = 0; i < documents->size(); ++i) {
    auto policy = Strict(FromJson((*documents)[i]));
    if (!policy) {
      if (documents->size() == 1) return policy.error();
      return policy.error().Context("document " + std::to_string(i + 1));
    }
    for (const ScanPolicy& other : policies) {
      if (other.name != policy->name) continue;
      return InvalidArgument("document " + std::to_string(i + 1) + ": metadata.name: '" +
                             policy->name + "' stands twice in this file");
    }
    policies.push_back(*std::move(policy));
  }
  return policies;
}

Result<std::vector<ScanPolicy>> ParsePolicyFile(const std::string& path) {
  auto text = ReadFile(path, kMaxYamlBytes);
  if (!text) return text.error();
  auto policies = ParsePolicyYaml(*text);
  if (!policies) return policies.error().Context(path);
  return policies;
}

}  // namespace landwaiter::policy
