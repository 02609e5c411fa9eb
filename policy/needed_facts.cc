#include "policy/needed_facts.h"

#include "policy/kinds.h"

namespace landwaiter::policy {

std::string_view FactName(Fact fact) {
  switch (fact) {
    case Fact::kEnvironment:
      return "environment variables";
    case Fact::kHistory:
      return "the image's history";
    case Fact::kVolumes:
      return "volumes";
    case Fact::kFiles:
      return "collected files";
    case Fact::kPasswd:
      return "/etc/passwd";
    case Fact::kSecrets:
      return "secrets by the present rules";
    case Fact::kMalware:
      return "malware";
    case Fact::kIntegrity:
      return "changed files of packages";
    case Fact::kEndOfLife:
      return "the end of life of the operating system";
    case Fact::kOtherSeverities:
      return "severities of others than the vendor";
    case Fact::kFixDates:
      return "when fixes were published";
    case Fact::kDueDates:
      return "by when known exploited vulnerabilities are to be mended";
    case Fact::kFirstSeen:
      return "when findings were first seen";
    case Fact::kBases:
      return "the images below it";
  }
  return "";
}

std::vector<MissingFact> MissingFacts(const ScanPolicy& policy, const std::set<Fact>& lacking) {
  std::vector<MissingFact> missing;
  for (const Rule& rule : policy.rules) {
    if (rule.kind == nullptr || rule.kind->asks == nullptr) continue;
    std::set<Fact> asked;
    rule.kind->asks(*rule.body, asked);
    for (const Fact fact : asked) {
      if (lacking.contains(fact)) missing.push_back({rule.name, fact});
    }
  }
  return missing;
}

}  // namespace landwaiter::policy
