#include "policy/anchore/convert.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>

#include "lib/base/text.h"
#include "policy/anchore/gates.h"
#include "policy/anchore/yaml_output.h"
#include "policy/facts.h"
#include "policy/policy.h"
#include "policy/text_input.h"

namespace landwaiter::policy {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

constexpr std::size_t kMaxMappings = 1000;
constexpr std::size_t kMaxNotes = 1000;

const json& At(const json& object, const char* field) {
  static const json kNull;
  if (!object.is_object()) return kNull;
  const auto found = object.find(field);
  return found == object.end() ? kNull : *found;
}

std::string TextAt(const json& object, const char* field) {
  const json& value = At(object, field);
  if (value.is_string()) return value.get<std::string>();
  if (value.is_number_integer()) return value.dump();
  return {};
}

/// A DNS label of what a person called something.
std::string NameOf(const std::string& text, const std::string& fallback) {
  std::string name;
  for (const char c : text::ToLower(text)) {
    const bool fits = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    if (fits) {
      name += c;
    } else if (!name.empty() && name.back() != '-') {
      name += '-';
    }
    if (name.size() == 50) break;
  }
  while (name.ends_with('-')) name.pop_back();
  return name.empty() ? fallback : name;
}

class Unique {
 public:
  std::string Of(const std::string& name) {
    std::string unique = name;
    for (int i = 2; !names_.insert(unique).second; ++i) unique = name + "-" + std::to_string(i);
    return unique;
  }

 private:
  std::set<std::string> names_;
};

class Converter {
 public:
  explicit Converter(TimePoint now) : now_(now) {}

  Result<ConvertedBundle> Convert(const json& bundle) {
    if (!bundle.is_object() || !At(bundle, "policies").is_array() ||
        !At(bundle, "mappings").is_array()) {
      return InvalidArgument("no Anchore policy bundle: policies and mappings are lists in one");
    }
    if (At(bundle, "mappings").size() > kMaxMappings) {
      return ResourceExhausted("the bundle has more than " + std::to_string(kMaxMappings) +
                               " mappings");
    }
    ReadAllowed(At(bundle, "whitelisted_images"));
    Denied(At(bundle, "blacklisted_images"));
    for (const json& mapping : At(bundle, "mappings")) Mapping(bundle, mapping);
    for (const ordered_json& document : documents_) result_.yaml += YamlDocument(document);
    if (!earlier_.empty()) {
      Note("images that no mapping names are let in, there as here: no policy is about them");
    }
    return std::move(result_);
  }

 private:
  void Lost(const std::string& what) { Tell(what, result_.lost); }
  void Note(const std::string& what) { Tell(what, result_.notes); }
  /// Once: several mappings may have the same policy.
  static void Tell(const std::string& what, std::vector<std::string>& lines) {
    std::string line = text::Printable(what);
    const bool told = std::find(lines.begin(), lines.end(), line) != lines.end();
    if (!told && lines.size() < kMaxNotes) lines.push_back(std::move(line));
  }
  /// What the reader says of the policy that an item was tried in, without that policy's own name.
  static std::string Why(const Error& error) {
    constexpr std::string_view kTried = "policy 'converted': ";
    std::string why = error.message;
    if (why.starts_with(kTried)) why.erase(0, kTried.size());
    return why;
  }

  /// registry, repository and image of a mapping as one pattern; nullopt with the reason told.
  std::optional<std::string> PatternOf(const json& mapping, const std::string& where) {
    std::string registry = TextAt(mapping, "registry");
    std::string repository = TextAt(mapping, "repository");
    const json& image = At(mapping, "image");
    const std::string type = TextAt(image, "type");
    const std::string value = TextAt(image, "value");
    for (const std::string* part :
         std::initializer_list<const std::string*>{&registry, &repository, &value}) {
      if (!part->starts_with("regexp:")) continue;
      Lost(where + ": '" + Shown(*part) + "' is a regular expression, patterns are globs");
      return std::nullopt;
    }
    if (type == "id") {
      Lost(where + ": an image ID ('" + Shown(value) + "') cannot be matched, its digest can");
      return std::nullopt;
    }
    for (std::string* part : {&registry, &repository}) {
      if (part->empty()) *part = "*";
    }
    // A '*' of theirs crosses slashes.
    const auto wide = [](const std::string& part) {
      std::string out;
      for (const char c : part) out += c == '*' ? std::string("**") : std::string(1, c);
      return out;
    };
    std::string pattern = registry == "*" && repository == "*" ? "**"
                          : registry == "*"                    ? "**/" + wide(repository)
                                            : wide(registry) + "/" + wide(repository);
    if (type == "digest") {
      pattern += "@" + value;
    } else if (!value.empty() && value != "*") {
      pattern += ":" + value;
    }
    return pattern;
  }

  std::string Where(const char* list, const json& item) const {
    return std::string(list) + " '" + Shown(TextAt(item, "name")) + "'";
  }

  void ReadAllowed(const json& images) {
    if (!images.is_array()) return;
    for (const json& image : images) {
      if (auto pattern = PatternOf(image, Where("whitelisted image", image))) {
        allowed_.push_back(std::move(*pattern));
      }
    }
  }

  void Denied(const json& images) {
    if (!images.is_array()) return;
    std::vector<std::string> patterns;
    for (const json& image : images) {
      if (auto pattern = PatternOf(image, Where("blacklisted image", image))) {
        patterns.push_back(std::move(*pattern));
      }
    }
    if (patterns.empty()) return;
    ordered_json spec = {{"match", {{"images", patterns}}},
                         {"rules", {{{"name", "denied-image"}, {"always", json::object()}}}}};
    AddDocument("denied-images", std::move(spec), "blacklisted images");
    denied_ = patterns;
  }

  void Mapping(const json& bundle, const json& mapping) {
    const std::string where = Where("mapping", mapping);
    const auto pattern = PatternOf(mapping, where);
    if (!pattern) return;
    ordered_json match = {{"images", {*pattern}}};
    // The first mapping that matches decides: the later ones are not about its images.
    std::vector<std::string> excluded = allowed_;
    excluded.insert(excluded.end(), denied_.begin(), denied_.end());
    for (const std::string& earlier : earlier_) {
      if (earlier != *pattern) excluded.push_back(earlier);
    }
    const bool shadowed = std::find(earlier_.begin(), earlier_.end(), *pattern) != earlier_.end();
    if (shadowed) return Note(where + ": an earlier mapping takes the same images");
    earlier_.push_back(*pattern);
    if (!excluded.empty()) match["excludeImages"] = excluded;
    ordered_json spec = {{"match", match}};
    ordered_json rules = ordered_json::array();
    Unique names;
    about_vulnerabilities_.clear();
    for (const std::string& id : PolicyIds(mapping)) {
      const json* policy = ById(At(bundle, "policies"), id);
      if (policy == nullptr) {
        Lost(where + ": policy '" + Shown(id) + "' is not in the bundle");
        continue;
      }
      AddRules(*policy, names, rules, spec);
    }
    if (rules.empty()) return Lost(where + ": none of its rules could be translated");
    spec["rules"] = std::move(rules);
    ordered_json exceptions = ordered_json::array();
    for (const json& id : Array(mapping, "whitelist_ids")) {
      const json* whitelist = id.is_string() ? ById(At(bundle, "whitelists"), id) : nullptr;
      if (whitelist != nullptr) AddExceptions(*whitelist, exceptions);
    }
    if (!exceptions.empty()) spec["exceptions"] = std::move(exceptions);
    AddDocument(NameOf(TextAt(mapping, "name"), "mapping"), std::move(spec), where);
  }

  static json Array(const json& object, const char* field) {
    const json& value = At(object, field);
    return value.is_array() ? value : json::array();
  }

  static std::vector<std::string> PolicyIds(const json& mapping) {
    std::vector<std::string> ids;
    if (const std::string id = TextAt(mapping, "policy_id"); !id.empty()) ids.push_back(id);
    for (const json& id : Array(mapping, "policy_ids")) {
      if (id.is_string()) ids.push_back(id.get<std::string>());
    }
    return ids;
  }

  static const json* ById(const json& list, const std::string& id) {
    if (!list.is_array()) return nullptr;
    for (const json& item : list) {
      if (TextAt(item, "id") == id) return &item;
    }
    return nullptr;
  }

  static anchore::Params ParamsOf(const json& rule) {
    std::map<std::string, std::string> values;
    for (const json& param : Array(rule, "params")) {
      std::string name = text::ToLower(TextAt(param, "name"));
      const json& value = At(param, "value");
      values[name] =
          value.is_boolean() ? (value.get<bool>() ? "true" : "false") : TextAt(param, "value");
    }
    return anchore::Params(std::move(values));
  }

  void AddRules(const json& policy, Unique& names, ordered_json& rules, ordered_json& spec) {
    for (const json& rule : Array(policy, "rules")) {
      const std::string gate = TextAt(rule, "gate");
      const std::string trigger = TextAt(rule, "trigger");
      const std::string where = Where("policy", policy) + ", " + Shown(gate) + "." + Shown(trigger);
      const std::string action = text::ToLower(TextAt(rule, "action"));
      if (action == "go") {
        Note(where + ": its action is GO, it never decided anything");
        continue;
      }
      anchore::Translation translation;
      if (!anchore::Translate(gate, trigger, ParamsOf(rule), translation)) {
        Lost(where + ": no such gate and trigger is known");
        continue;
      }
      for (const std::string& lost : translation.lost)
        Lost(std::string(where).append(": ").append(lost));
      for (const std::string& note : translation.notes)
        Note(std::string(where).append(": ").append(note));
      if (!translation.max_database_age.empty()) {
        spec["maxDatabaseAge"] = translation.max_database_age;
      }
      for (const auto& [kind, body] : translation.rules) {
        ordered_json one = {
            {"name", names.Of(NameOf(std::string(gate).append("-").append(trigger), "rule"))}};
        if (action == "warn") one["action"] = "Warn";
        one[kind] = body;
        if (!Fits(one, where)) continue;
        if (kind == "vulnerabilities") about_vulnerabilities_.push_back(one["name"]);
        rules.push_back(std::move(one));
      }
    }
  }

  /// A rule that the reader of policies would refuse is told, not written.
  bool Fits(const ordered_json& rule, const std::string& where) {
    const ordered_json whole = {{"apiVersion", "landwaiter.io/v1alpha1"},
                                {"kind", "ScanPolicy"},
                                {"metadata", {{"name", "converted"}}},
                                {"spec", {{"rules", {rule}}}}};
    const auto read = ParsePolicyJson(whole.dump(-1, ' ', true, json::error_handler_t::replace));
    if (read) return true;
    Lost(where + ": " + Why(read.error()));
    return false;
  }

  /// As it can be tried in a policy whose one rule is "r".
  static ordered_json ForTheRuleR(ordered_json exception) {
    if (exception.contains("rules")) exception["rules"] = {"r"};
    return exception;
  }

  void AddExceptions(const json& whitelist, ordered_json& exceptions) {
    for (const json& item : Array(whitelist, "items")) {
      const std::string trigger = TextAt(item, "trigger_id");
      const std::string where = Where("whitelist", whitelist) + ", '" + Shown(trigger) + "'";
      if (TextAt(item, "gate") != "vulnerabilities") {
        Lost(where + ": it names a hash of a message, excuse the rule by name in its place");
        continue;
      }
      const std::size_t plus = trigger.find('+');
      if (trigger.starts_with("regexp:") || plus == std::string::npos) {
        Lost(where + ": expected CVE+PACKAGE");
        continue;
      }
      ordered_json exception;
      const std::string id = trigger.substr(0, plus);
      const std::string package = trigger.substr(plus + 1);
      if (id != "*") exception["ids"] = {id};
      if (package != "*") exception["packages"] = {package};
      if (id == "*") {
        // An item of this gate excuses nothing else of a package: not that it is denied.
        if (about_vulnerabilities_.empty()) {
          Note(where + ": no rule is about vulnerabilities, there is nothing to excuse");
          continue;
        }
        exception["rules"] = about_vulnerabilities_;
      }
      std::string until = TextAt(item, "expires_on");
      if (until.empty()) {
        until = FormatTime(now_ + std::chrono::days(365)).substr(0, 10);
        Note(std::string(where).append(": it has no end; until ").append(until).append(" here"));
      }
      exception["until"] = until;
      exception["reason"] =
          "taken over from whitelist " + NameOf(TextAt(whitelist, "name"), "of the bundle");
      const ordered_json whole = {
          {"apiVersion", "landwaiter.io/v1alpha1"},
          {"kind", "ScanPolicy"},
          {"metadata", {{"name", "converted"}}},
          {"spec",
           {{"rules", {{{"name", "r"}, {"vulnerabilities", json::object()}}}},
            {"exceptions", {ForTheRuleR(exception)}}}}};
      const auto read = ParsePolicyJson(whole.dump(-1, ' ', true, json::error_handler_t::replace));
      if (read) {
        exceptions.push_back(std::move(exception));
      } else {
        Lost(where + ": " + Why(read.error()));
      }
    }
  }

  void AddDocument(const std::string& name, ordered_json spec, const std::string& where) {
    ordered_json document = {{"apiVersion", "landwaiter.io/v1alpha1"},
                             {"kind", "ScanPolicy"},
                             {"metadata", {{"name", policies_.Of(name)}}},
                             {"spec", std::move(spec)}};
    const auto read = ParsePolicyJson(document.dump(-1, ' ', true, json::error_handler_t::replace));
    if (read) {
      documents_.push_back(std::move(document));
    } else {
      Lost(where + ": " + read.error().message);
    }
  }

  const TimePoint now_;
  ConvertedBundle result_;
  std::vector<ordered_json> documents_;
  std::vector<std::string> allowed_;
  std::vector<std::string> denied_;
  std::vector<std::string> earlier_;
  std::vector<std::string> about_vulnerabilities_;  // names of the mapping's rules
  Unique policies_;
};

}  // namespace

Result<ConvertedBundle> ConvertAnchoreBundle(std::string_view text, TimePoint now) {
  auto bundle = ReadJson(text);
  if (!bundle) return bundle.error();
  return Converter(now).Convert(*bundle);
}

}  // namespace landwaiter::policy
