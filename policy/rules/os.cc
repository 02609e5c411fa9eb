// The `os` rule: which operating systems an image may have, and for how long after their end.
// The date is the advisory database's (its endoflife.date feed), the day that is compared is the
// day of the judgement.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "lib/base/text.h"
#include "policy/image_pattern.h"
#include "policy/kinds.h"
#include "policy/schema_rules.h"

namespace landwaiter::policy {
namespace {

using nlohmann::json;

constexpr std::string_view kKind = "os";
constexpr std::size_t kMaxSystems = 64;
constexpr std::int64_t kMaxGraceDays = 3650;

struct AllowedSystem {
  std::string family;                 // glob
  std::vector<std::string> versions;  // globs; empty: any
};

struct OsRule : RuleBody {
  std::vector<AllowedSystem> allowed;
  bool required = false;
  bool end_of_life = false;
  std::chrono::days grace{0};
};

constexpr Field kAllowedFields[] = {
    {.name = "family",
     .type = FieldType::kText,
     .help = "A pattern over the ID of its os-release: debian, alpine, rhel, opensuse-*.",
     .required = true,
     .max_length = 128,
     .check = CheckGlob},
    {.name = "versions",
     .type = FieldType::kTexts,
     .help = "Patterns over its VERSION_ID: 12, 3.2?, 9.*; any where they are left out.",
     .max_items = 16,
     .min_items = 1,
     .max_length = 128,
     .check = CheckGlob},
};
constexpr ObjectSchema kAllowed = {kAllowedFields};

constexpr Field kOsFields[] = {
    {.name = "allowed",
     .type = FieldType::kObjects,
     .help = "Fires when the image's operating system is none of these; one without a system is "
             "for required to tell.",
     .max_items = kMaxSystems,
     .min_items = 1,
     .object = &kAllowed},
    {.name = "required",
     .type = FieldType::kBoolean,
     .help = "Fires when the image has no operating system."},
    {.name = "endOfLife",
     .type = FieldType::kBoolean,
     .help = "Fires when the system's release is past its end of life. Without a date in the "
             "database it cannot be decided: onIncomplete answers."},
    {.name = "graceDays",
     .type = FieldType::kInteger,
     .help = "How many days after its end endOfLife fires; at once where it is left out.",
     .minimum = 0,
     .maximum = kMaxGraceDays},
};
constexpr ObjectSchema kOs = {.fields = kOsFields, .min_fields = 1};

/// Without an end: they are not released, they roll.
constexpr std::string_view kRolling[] = {"arch",    "archarm",    "artix",
                                         "cachyos", "chainguard", "endeavouros",
                                         "gentoo",  "manjaro",    "opensuse-tumbleweed",
                                         "void",    "wolfi"};

std::string Describe(const OperatingSystem& os) {
  return Shown(os.family) + (os.version.empty() ? "" : " " + Shown(os.version));
}

void Violate(RuleOutcome& outcome, std::string_view subject, std::string message) {
  Violation violation;
  violation.kind = kKind;
  violation.subject = subject;
  violation.id = ViolationId(kKind, subject);
  violation.message = std::move(message);
  outcome.violations.push_back(std::move(violation));
}

bool IsAllowed(const std::vector<AllowedSystem>& allowed, const OperatingSystem& os) {
  return std::any_of(allowed.begin(), allowed.end(), [&](const AllowedSystem& system) {
    return text::GlobMatch(system.family, os.family) &&
           (system.versions.empty() ||
            std::any_of(system.versions.begin(), system.versions.end(),
                        [&](const std::string& v) { return text::GlobMatch(v, os.version); }));
  });
}

/// Its last day is one on which it is still cared for.
void CheckEnd(const OsRule& wanted, const OperatingSystem& os, const Facts& facts,
              RuleOutcome& outcome) {
  const std::string& end = facts.platform->os_end_of_life;
  const bool rolls = os.version.empty() || std::find(std::begin(kRolling), std::end(kRolling),
                                                     os.family) != std::end(kRolling);
  if (end.empty() && rolls) return;
  if (end.empty()) {
    outcome.unknown.push_back("endOfLife: the advisory database has no date for " + Describe(os));
    return;
  }
  const auto last_day = ParseTime(end);
  // One that ended before anybody wrote down when has no day to count from.
  const TimePoint from = last_day ? *last_day + std::chrono::days(1) + wanted.grace : TimePoint{};
  const std::string message = Describe(os) + " is past its end of life" +
                              (last_day ? " (" + Shown(end) + ")" : std::string());
  if (facts.now >= from) {
    Violate(outcome, "end of life", message);
  } else {
    outcome.due = ComesDue{from, message};
  }
}

std::shared_ptr<const RuleBody> Read(const json& value, const std::string& path,
                                     Complaints& complaints) {
  OsRule read;
  if (const auto allowed = value.find("allowed"); allowed != value.end()) {
    for (const json& system : *allowed) {
      read.allowed.push_back({system["family"].get<std::string>(), Texts(system, "versions")});
    }
  }
  for (const char* field : {"required", "endOfLife"}) {
    if (value.contains(field) && !value[field].get<bool>()) {
      complaints.Add(path + "." + field, "must be true or be left out");
    }
  }
  read.required = value.value("required", false);
  read.end_of_life = value.value("endOfLife", false);
  read.grace = std::chrono::days(value.value("graceDays", 0));
  if (!read.end_of_life && read.allowed.empty() && !read.required) {
    complaints.Add(path, "asks nothing: write at least one of allowed, required and endOfLife");
  }
  return std::make_shared<const OsRule>(std::move(read));
}

RuleOutcome Evaluate(const Rule& rule, const Facts& facts) {
  const auto& wanted = As<OsRule>(rule);
  RuleOutcome outcome;
  outcome.unknown = CoverageGaps(*facts.platform, Need::kSystem);
  const auto& os = facts.platform->inventory->os;
  if (!os) {
    if (wanted.required && outcome.unknown.empty()) {
      Violate(outcome, "no operating system", "the image has no operating system");
    }
    return outcome;
  }
  // A system that the scanner does not know has a name all the same.
  outcome.unknown.clear();
  if (!wanted.allowed.empty() && !IsAllowed(wanted.allowed, *os)) {
    Violate(outcome, "operating system", Describe(*os) + " is not among those allowed");
  }
  if (wanted.end_of_life) CheckEnd(wanted, *os, facts, outcome);
  return outcome;
}

bool JudgedByTime(const RuleBody& body) { return static_cast<const OsRule&>(body).end_of_life; }

void Asks(const RuleBody& body, std::set<Fact>& facts) {
  if (static_cast<const OsRule&>(body).end_of_life) facts.insert(Fact::kEndOfLife);
}

}  // namespace

extern constinit const RuleKind kOsKind = {
    .name = "os",
    .help = "Demands on the image's operating system; each broken one is a violation.",
    .schema = &kOs,
    .read = Read,
    .evaluate = Evaluate,
    .judges_by_time = JudgedByTime,
    .asks = Asks,
};

}  // namespace landwaiter::policy
