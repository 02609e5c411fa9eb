// The `passwd` rule: users, ids and shells that must not stand in the image's /etc/passwd.
#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "policy/formats.h"
#include "policy/kinds.h"
#include "policy/schema_rules.h"

namespace landwaiter::policy {
namespace {

using nlohmann::json;

constexpr std::string_view kKind = "passwd";

enum class IfMissing { kUnknown, kFire, kSkip };

struct PasswdRule : RuleBody {
  std::vector<std::string> users;
  std::vector<std::uint64_t> uids;
  std::vector<std::uint64_t> gids;
  std::vector<std::string> shells;
  std::vector<std::string> except_users;
  IfMissing if_missing = IfMissing::kUnknown;
};

Status CheckId(std::string_view text) {
  const bool digits = !text.empty() && text.size() <= 10 &&
                      text.find_first_not_of("0123456789") == std::string_view::npos;
  if (digits && std::stoull(std::string(text)) <= 4'294'967'295) return Ok();
  return InvalidArgument("'" + Shown(text) + "' is no id, expected a number up to 4294967295");
}

constexpr std::string_view kMissing[] = {"Unknown", "Fire", "Skip"};

constexpr Field kPasswdFields[] = {
    {.name = "deniedUsers",
     .type = FieldType::kTexts,
     .help = "Fires when one of these users is in /etc/passwd.",
     .max_items = kMaxPatterns,
     .min_items = 1,
     .max_length = 64,
     .check = CheckUser},
    {.name = "deniedUids",
     .type = FieldType::kIntOrTexts,
     .help = "Fires for each user with one of these uids.",
     .max_items = kMaxPatterns,
     .min_items = 1,
     .max_length = 10,
     .check = CheckId},
    {.name = "deniedGids",
     .type = FieldType::kIntOrTexts,
     .help = "Fires for each user with one of these gids.",
     .max_items = kMaxPatterns,
     .min_items = 1,
     .max_length = 10,
     .check = CheckId},
    {.name = "deniedShells",
     .type = FieldType::kTexts,
     .help = "Fires for each user with one of these login shells; no shell is /bin/sh.",
     .max_items = kMaxPatterns,
     .min_items = 1,
     .max_length = 256,
     .check = CheckNotBlank},
    {.name = "exceptUsers",
     .type = FieldType::kTexts,
     .help = "Users that uids, gids and shells are not denied to.",
     .max_items = kMaxPatterns,
     .min_items = 1,
     .max_length = 64,
     .check = CheckUser},
    {.name = "ifMissing",
     .type = FieldType::kText,
     .help = "What it means that the image has no /etc/passwd: Unknown, Fire or Skip.",
     .default_json = R"("Unknown")",
     .values = kMissing},
};
constexpr ObjectSchema kPasswd = {.fields = kPasswdFields, .min_fields = 1};

std::vector<std::uint64_t> Ids(const json& value, const char* field) {
  std::vector<std::uint64_t> ids;
  const auto found = value.find(field);
  if (found == value.end()) return ids;
  for (const json& item : *found) {
    ids.push_back(item.is_string() ? std::stoull(item.get<std::string>())
                                   : item.get<std::uint64_t>());
  }
  return ids;
}

template <class T>
bool Has(const std::vector<T>& list, const T& item) {
  return std::find(list.begin(), list.end(), item) != list.end();
}

void Violate(RuleOutcome& outcome, const std::string& what, std::string_view user,
             std::string message) {
  Violation violation;
  violation.kind = kKind;
  violation.subject = user.empty() ? "/etc/passwd" : "user " + Shown(user);
  violation.id = ViolationId(kKind, what, {}, user);
  violation.message = std::move(message);
  outcome.violations.push_back(std::move(violation));
}

void Check(const PasswdRule& wanted, const PasswdEntry& entry, RuleOutcome& outcome) {
  const std::string user = "user '" + Shown(entry.name) + "'";
  const auto deny = [&](const std::string& what, const std::string& value) {
    Violate(outcome, what, entry.name, user + " has " + what + " " + value + ", which is denied");
  };
  if (Has(wanted.users, entry.name)) {
    Violate(outcome, "user", entry.name, user + " is in /etc/passwd, which is denied");
  }
  if (Has(wanted.except_users, entry.name)) return;
  if (Has(wanted.uids, entry.uid)) deny("uid", std::to_string(entry.uid));
  if (Has(wanted.gids, entry.gid)) deny("gid", std::to_string(entry.gid));
  if (Has(wanted.shells, entry.shell)) deny("shell", Shown(entry.shell));
}

std::shared_ptr<const RuleBody> Read(const json& value, const std::string& path,
                                     Complaints& complaints) {
  PasswdRule read;
  read.users = Texts(value, "deniedUsers");
  read.uids = Ids(value, "deniedUids");
  read.gids = Ids(value, "deniedGids");
  read.shells = Texts(value, "deniedShells");
  read.except_users = Texts(value, "exceptUsers");
  const std::string missing = value.value("ifMissing", "Unknown");
  read.if_missing = missing == "Fire"   ? IfMissing::kFire
                    : missing == "Skip" ? IfMissing::kSkip
                                        : IfMissing::kUnknown;
  const bool denies =
      !read.users.empty() || !read.uids.empty() || !read.gids.empty() || !read.shells.empty();
  if (!denies && read.if_missing != IfMissing::kFire) {
    complaints.Add(path,
                   "denies nothing: expected at least one of deniedUsers, deniedUids, "
                   "deniedGids and deniedShells, or ifMissing: Fire");
  }
  return std::make_shared<const PasswdRule>(std::move(read));
}

void Collects(const RuleBody& /*body*/, Collection& wanted) { wanted.passwd = true; }

RuleOutcome Evaluate(const Rule& rule, const Facts& facts) {
  const auto& wanted = As<PasswdRule>(rule);
  RuleOutcome outcome;
  outcome.unknown = CoverageGaps(*facts.platform, Need::kPasswd);
  const auto& passwd = facts.platform->inventory->passwd;
  if (!passwd) {
    if (!outcome.unknown.empty() || wanted.if_missing == IfMissing::kSkip) return outcome;
    if (wanted.if_missing == IfMissing::kFire) {
      Violate(outcome, "missing", {}, "the image has no /etc/passwd");
    } else {
      outcome.unknown.push_back("the image has no /etc/passwd (ifMissing says what that means)");
    }
    return outcome;
  }
  for (const PasswdEntry& entry : passwd->entries) Check(wanted, entry, outcome);
  for (const std::uint64_t line : passwd->malformed) {
    outcome.unknown.push_back("line " + std::to_string(line) +
                              " of /etc/passwd is none of passwd(5)");
  }
  return outcome;
}

void Asks(const RuleBody& /*body*/, std::set<Fact>& facts) { facts.insert(Fact::kPasswd); }

}  // namespace

extern constinit const RuleKind kPasswdKind = {
    .name = "passwd",
    .help = "Users, ids and shells that must not stand in the image's /etc/passwd.",
    .schema = &kPasswd,
    .read = Read,
    .evaluate = Evaluate,
    .collects = Collects,
    .asks = Asks,
};

}  // namespace landwaiter::policy
