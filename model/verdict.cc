#include "model/verdict.h"

#include "model/names.h"

namespace landwaiter {

std::string_view VerdictName(Verdict verdict) {
  static constexpr NameTable<Verdict, 4> kNames{{{Verdict::kPass, "Pass"},
                                                 {Verdict::kWarn, "Warn"},
                                                 {Verdict::kUnknown, "Unknown"},
                                                 {Verdict::kFail, "Fail"}}};
  return NameOf(kNames, verdict);
}

Verdict VerdictFromName(std::string_view name) {
  for (const Verdict verdict : {Verdict::kPass, Verdict::kWarn, Verdict::kFail}) {
    if (VerdictName(verdict) == name) return verdict;
  }
  return Verdict::kUnknown;
}

std::string_view EnforcementName(Enforcement enforcement) {
  static constexpr NameTable<Enforcement, 3> kNames{{{Enforcement::kEnforce, "Enforce"},
                                                     {Enforcement::kWarn, "Warn"},
                                                     {Enforcement::kAudit, "Audit"}}};
  return NameOf(kNames, enforcement);
}

std::string_view ActionName(Action action) {
  static constexpr NameTable<Action, 3> kNames{
      {{Action::kDeny, "Deny"}, {Action::kWarn, "Warn"}, {Action::kAllow, "Allow"}}};
  return NameOf(kNames, action);
}

}  // namespace landwaiter
