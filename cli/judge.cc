#include "cli/judge.h"

#include <algorithm>
#include <cstdio>
#include <set>
#include <tuple>

#include "lib/base/text.h"
#include "policy/content.h"
#include "policy/exceptions.h"
#include "policy/scan_exception.h"

namespace landwaiter::cli {
namespace {

/// What no policy takes is told: whoever wrote it believes that it counts.
void NoteUntaken(const std::vector<policy::ScanException>& exceptions, PolicyFiles& files) {
  for (const policy::ScanException& one : exceptions) {
    const auto is_taken = [&](const policy::ScanPolicy& p) {
      return policy::TakenBy(p, one).has_value();
    };
    if (std::any_of(files.policies.begin(), files.policies.end(), is_taken)) continue;
    files.notes.push_back("ScanException " + one.ns + "/" + one.name + " is taken by no policy");
    for (const policy::ScanPolicy& p : files.policies) {
      const auto why = policy::TakenBy(p, one);
      if (!why) files.notes.back() += "; " + why.error().message;
    }
  }
}

void NoteRules(report::ScanReport& scan, const policy::ScanPolicy& one) {
  std::vector<report::PolicyRule> rules;
  for (const policy::Rule& rule : one.rules) {
    report::PolicyRule& told = rules.emplace_back(rule.name);
    told.fails = rule.fails;
    told.controls = rule.controls;
  }
  scan.rules.push_back(std::move(rules));
}

/// What exceptions excuse is what the same policy without them would say beside the rest: each
/// exception is asked on its own, so that each violation has the reasons that are its.
void NoteExcused(report::ScanReport& scan, const policy::ScanPolicy& one,
                 const policy::ContentInput& input, TimePoint now) {
  const PolicyVerdict& verdict = scan.policies.back();
  if (verdict.exceptions_used.empty()) return;
  const auto ids = [&](std::vector<policy::PolicyException> exceptions) {
    policy::ScanPolicy asked = one;
    asked.exceptions = std::move(exceptions);
    std::set<std::string> found;
    for (Violation& violation : policy::EvaluateContent(asked, input, now).violations) {
      found.insert(std::move(violation.id));
    }
    return found;
  };
  const std::set<std::string> all = ids({});
  for (const std::size_t index : verdict.exceptions_applied) {
    const policy::PolicyException& exception = one.exceptions[index];
    const std::set<std::string> left = ids({exception});
    for (const std::string& violation : all) {
      if (left.contains(violation)) continue;
      scan.excused.push_back({violation, one.name + ": " + policy::DescribeException(exception)});
    }
  }
}

}  // namespace

Result<PolicyFiles> ReadPolicies(const std::vector<std::string>& policies,
                                 const std::vector<std::string>& exceptions, const std::string& ns,
                                 TimePoint now) {
  PolicyFiles files;
  files.ns = ns;
  for (const std::string& path : policies) {
    auto read = policy::ParsePolicyFile(path);
    if (!read) return std::move(read).error();
    for (auto& one : *read) files.policies.push_back(std::move(one));
  }
  std::vector<policy::ScanException> taken;
  for (const std::string& path : exceptions) {
    auto read = policy::ParseScanExceptionFile(path, now);
    if (!read) return std::move(read).error();
    for (policy::ScanException& one : *read) {
      if (ns.empty() && !files.ns.empty() && files.ns != one.ns) {
        return InvalidArgument("the ScanExceptions are of several namespaces (" + files.ns + ", " +
                               one.ns + "): say with --namespace where the image is to run");
      }
      if (ns.empty()) files.ns = one.ns;
      taken.push_back(std::move(one));
    }
  }
  for (policy::ScanPolicy& one : files.policies) {
    one = policy::WithScanExceptions(std::move(one), taken);
  }
  NoteUntaken(taken, files);
  return files;
}

void NoteFirstSeen(report::ScanReport& scan, TimePoint now) {
  for (auto& platform : scan.platforms) {
    for (Finding& finding : platform.findings) finding.first_seen = FormatTime(now);
  }
}

policy::ContentInput ContentOf(const report::ScanReport& scan, const Judging& judging) {
  policy::ContentInput input =
      policy::ContentOf(scan.inventory, scan.platforms, scan.database.built_at, judging.bases);
  input.references = judging.references;
  if (!judging.ns.empty()) input.namespaces = {judging.ns};
  for (std::size_t i = 0; i < std::min(input.platforms.size(), scan.bases.size()); ++i) {
    input.platforms[i].base = scan.bases[i];
  }
  return input;
}

std::optional<PolicyVerdict> VerdictOf(const policy::ScanPolicy& policy,
                                       const policy::ContentInput& input, const Judging& judging) {
  // The command line has no namespace; a policy about other images does not speak of this one.
  const bool named = !input.references.empty();
  if (named && !policy::MatchesImage(policy, input.references.front())) return std::nullopt;
  PolicyVerdict verdict = policy::EvaluateContent(policy, input, judging.now);
  if (!named) return verdict;
  return policy::Combine(
      std::move(verdict),
      policy::EvaluateReference(policy, input.references.front(), judging.ns, judging.now));
}

void Judge(report::ScanReport& scan, const Judging& judging) {
  const policy::ContentInput input = ContentOf(scan, judging);
  for (const policy::ScanPolicy& one : judging.policies) {
    auto verdict = VerdictOf(one, input, judging);
    if (!verdict) {
      std::fprintf(stderr,
                   "landwaiter: policy %s is about other images (match), it does not judge\n",
                   text::Printable(one.name).c_str());
      continue;
    }
    scan.policies.push_back(*std::move(verdict));
    NoteRules(scan, one);
    NoteExcused(scan, one, input, judging.now);
  }
  std::sort(scan.excused.begin(), scan.excused.end(), [](const auto& a, const auto& b) {
    return std::tie(a.violation, a.reason) < std::tie(b.violation, b.reason);
  });
}

}  // namespace landwaiter::cli
