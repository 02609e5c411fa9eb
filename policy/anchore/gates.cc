#include "policy/anchore/gates.h"

#include <nlohmann/json.hpp>

#include "lib/base/text.h"
#include "policy/anchore/translators.h"

namespace landwaiter::policy::anchore {
namespace {

using nlohmann::json;

struct Row {
  std::string_view gate;
  std::string_view trigger;
  void (*translate)(const Params&, Translation&);
};
constexpr Row kRows[] = {
    {"always", "always", Always},
    {"dockerfile", "effective_user", EffectiveUser},
    {"dockerfile", "instruction", Instruction},
    {"dockerfile", "exposed_ports", ExposedPorts},
    {"dockerfile", "no_dockerfile_provided", NoDockerfile},
    {"files", "content_regex_match", ContentNames},
    {"files", "name_match", FileName},
    {"files", "attribute_match", FileAttributes},
    {"files", "suid_or_guid_set", SetIds},
    {"passwd_file", "content_not_available", NoPasswd},
    {"passwd_file", "blacklist_usernames", DeniedUsers},
    {"passwd_file", "blacklist_userids", DeniedUids},
    {"passwd_file", "blacklist_groupids", DeniedGids},
    {"passwd_file", "blacklist_shells", DeniedShells},
    {"passwd_file", "blacklist_full_entry", FullEntry},
    {"packages", "required_package", RequiredPackage},
    {"packages", "verify", Verify},
    {"packages", "blacklist", DeniedPackage},
    {"vulnerabilities", "package", Vulnerability},
    {"vulnerabilities", "stale_feed_data", StaleFeed},
    {"vulnerabilities", "vulnerability_data_unavailable", NoData},
    {"vulnerabilities", "blacklist", DeniedIds},
    {"licenses", "blacklist_exact_match", LicensesExact},
    {"licenses", "blacklist_partial_match", LicensesPartial},
    {"ruby_gems", "newer_version_found_in_feed", PackageFeed},
    {"ruby_gems", "not_found_in_feed", PackageFeed},
    {"ruby_gems", "version_not_found_in_feed", PackageFeed},
    {"ruby_gems", "blacklist", DeniedGem},
    {"ruby_gems", "feed_data_unavailable", PackageFeed},
    {"npms", "newer_version_in_feed", PackageFeed},
    {"npms", "unknown_in_feeds", PackageFeed},
    {"npms", "version_not_in_feeds", PackageFeed},
    {"npms", "blacklisted_name_version", DeniedNpm},
    {"npms", "feed_data_unavailable", PackageFeed},
    {"metadata", "attribute", Metadata},
    {"malware", "scans", Malware},
    {"malware", "scan_not_run", MalwareLooked},
    {"retrieved_files", "content_not_available", Retrieved},
    {"retrieved_files", "content_regex", Retrieved},
    {"secret_scans", "content_regex_checks", Secrets},
};

}  // namespace

const std::string& Params::Text(const std::string& name) const {
  static const std::string kNone;
  const auto found = values_.find(name);
  return found == values_.end() ? kNone : found->second;
}

std::vector<std::string> Params::List(const std::string& name) const {
  std::vector<std::string> items;
  for (const std::string_view part : text::Split(Text(name), ',')) {
    const std::string_view item = text::Trim(part);
    if (!item.empty()) items.emplace_back(item);
  }
  return items;
}

bool Params::Is(const std::string& name, std::string_view value) const {
  return text::EqualsIgnoreCase(text::Trim(Text(name)), value);
}

std::string Params::Days(const std::string& name) const {
  const std::string days(text::Trim(Text(name)));
  const bool number = !days.empty() && days.size() <= 5 &&
                      days.find_first_not_of("0123456789") == std::string::npos;
  return number ? days + "d" : "";
}

void Lose(Translation& out, std::string what) { out.lost.push_back(std::move(what)); }
void Note(Translation& out, std::string what) { out.notes.push_back(std::move(what)); }

json Numbers(const std::vector<std::string>& list) {
  json numbers = json::array();
  for (const std::string& item : list) {
    const bool digits = !item.empty() && item.size() < 10 &&
                        item.find_first_not_of("0123456789") == std::string::npos;
    numbers.push_back(digits ? json(std::stol(item)) : json(item));
  }
  return numbers;
}

Translation::Translation() = default;
Translation::~Translation() = default;

void Translation::Add(std::string kind, json body) {
  rules.emplace_back(std::move(kind), std::move(body));
}

bool Translate(std::string_view gate, std::string_view trigger, const Params& params,
               Translation& out) {
  for (const Row& row : kRows) {
    if (!text::EqualsIgnoreCase(row.gate, gate) || !text::EqualsIgnoreCase(row.trigger, trigger)) {
      continue;
    }
    row.translate(params, out);
    return true;
  }
  return false;
}

std::vector<std::string> KnownTriggers() {
  std::vector<std::string> names;
  for (const Row& row : kRows) {
    names.push_back(std::string(row.gate) + "." + std::string(row.trigger));
  }
  return names;
}

}  // namespace landwaiter::policy::anchore
