// What policies say of an image.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace landwaiter {

/// Ordered from best to worst; kUnknown: a rule could not be decided, onIncomplete answers.
enum class Verdict { kPass, kWarn, kUnknown, kFail };
std::string_view VerdictName(Verdict verdict);  // "Pass", "Warn", "Unknown", "Fail"
/// A word that is none of these is Unknown.
Verdict VerdictFromName(std::string_view name);

enum class Enforcement { kEnforce, kWarn, kAudit };
std::string_view EnforcementName(Enforcement enforcement);

enum class Action { kDeny, kWarn, kAllow };
std::string_view ActionName(Action action);

/// One subject that broke one rule. `id` is stable: kind, subject, purl, path; never message text.
struct Violation {
  std::string rule;
  std::string kind;     // "vulnerabilities", "image", "packages", …
  bool fails = true;    // the rule's action: Fail or Warn
  std::string subject;  // "CVE-2021-44228", "USER", "port 22/tcp", …
  std::string id;
  std::string message;  // one line a person can act on
  friend bool operator==(const Violation&, const Violation&) = default;
};

/// A rule that does not fire and will, if nothing changes but the time.
struct ComingViolation {
  std::string rule;
  bool fails = true;    // the rule's action: Fail or Warn
  std::string from;     // RFC 3339
  std::string message;  // as a violation's
  friend bool operator==(const ComingViolation&, const ComingViolation&) = default;
};

struct PolicyVerdict {
  std::string policy;
  std::int64_t generation = 0;
  Verdict verdict = Verdict::kPass;
  std::vector<Violation> violations;         // worst first
  std::vector<ComingViolation> coming;       // one a rule, soonest first
  std::vector<std::string> unknown;          // why rules could not be decided: "coverage dpkg: …"
  std::vector<std::string> exceptions_used;  // "CVE-2023-0001 until 2027-01-31: reason"
  std::vector<std::size_t> exceptions_applied;  // the same, as indexes into the policy's list
  std::vector<std::string> exceptions_ending;   // out within two weeks, or out for at most two
  friend bool operator==(const PolicyVerdict&, const PolicyVerdict&) = default;
};

}  // namespace landwaiter
