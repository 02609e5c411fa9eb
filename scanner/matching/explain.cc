#include "scanner/matching/explain.h"

#include <algorithm>
#include <deque>

#include "lib/base/text.h"
#include "scanner/matching/key_findings.h"
#include "scanner/matching/match.h"
#include "scanner/matching/questions.h"

namespace landwaiter::matching {
namespace {

using advisories::AdvisoryDatabase;
using advisories::EventKind;
using advisories::Standing;

/// Names that lead to each other: one vulnerability has a handful, a kernel notice some hundred.
constexpr std::size_t kMaxNames = 2000;

/// The advisories of a vulnerability, and all its names: ids, aliases, and what an advisory of one
/// vulnerability covers.
struct Family {
  std::set<std::string> names;
  std::set<std::string> advisories;
};

Result<Family> FamilyOf(std::string_view id, const AdvisoryDatabase& database) {
  Family family;
  std::deque<std::string> open{std::string(id)};
  family.names.insert(std::string(id));
  const auto add = [&](const std::string& name) {
    if (family.names.size() < kMaxNames && family.names.insert(name).second) open.push_back(name);
  };
  for (; !open.empty(); open.pop_front()) {
    const auto naming = database.AdvisoriesNaming(open.front());
    if (!naming) return naming.error();
    for (const std::string& advisory_id : *naming) {
      if (!family.advisories.insert(advisory_id).second) continue;
      const auto advisory = database.GetAdvisory(advisory_id);
      if (!advisory) return advisory.error();
      // A notice of several vulnerabilities is a name of none.
      if (advisory->upstream.size() > 1) continue;
      add(advisory_id);
      for (const std::string& name : advisory->aliases) add(name);
      for (const std::string& name : advisory->upstream) add(name);
    }
  }
  return family;
}

std::string VersionsOf(const advisories::Affected& row) {
  std::vector<std::string> parts;
  for (const auto& range : row.ranges) {
    std::string text;
    for (const auto& event : range.events) {
      if (event.kind == EventKind::kIntroduced && event.version == "0") continue;
      const char* const sign = event.kind == EventKind::kIntroduced     ? "from "
                               : event.kind == EventKind::kLastAffected ? "up to "
                                                                        : "below ";
      text += (text.empty() ? "" : " ") + std::string(sign) + event.version;
    }
    parts.push_back(text.empty() ? "all versions" : text);
  }
  if (!row.versions.empty()) {
    parts.push_back(std::to_string(row.versions.size()) + " listed versions");
  }
  return text::Join(parts, ", ");
}

std::string Says(const Answer& answer, const Question& question) {
  if (answer.fits == RowFits::kOtherModule) {
    return "speaks of " +
           (answer.row.module.empty() ? "packages of no module" : "module " + answer.row.module) +
           ", this package is of " +
           (!answer.module.empty()        ? "module " + std::string(answer.module)
            : question.module_tag.empty() ? "none"
                                          : "a module");
  }
  if (answer.fits == RowFits::kUntoldModule) {
    return "speaks of module " + answer.row.module + ", and of which stream this package is (" +
           question.module_tag + ") neither its record nor an advisory tells";
  }
  if (answer.fits == RowFits::kOtherArchitecture) {
    return "speaks of " + text::Join(answer.row.architectures, ", ") + ", this package is for " +
           question.architecture;
  }
  if (!answer.failure.empty()) return "cannot be compared: " + answer.failure;
  switch (answer.evaluation.standing) {
    case Standing::kNotAffected:
      return "not affected";
    case Standing::kFixed:
      return "mended in " + answer.evaluation.fixed_in + ", which this version has";
    case Standing::kOutside:
      return "speaks of other versions (" + VersionsOf(answer.row) + ")";
    case Standing::kAffected:
      break;
  }
  std::string says = "affected (" + VersionsOf(answer.row) + ")";
  if (!answer.evaluation.fixes.empty()) {
    says += ", mended in " + answer.evaluation.fixes.front();
    if (answer.place->subscription && question.flavour.empty()) says += " with a subscription";
  } else {
    says += ", " + std::string(FindingStateName(answer.row.unfixed_state)) + " without a fix";
  }
  return says;
}

bool IsReported(const Package& package, const std::vector<Finding>& reported) {
  return std::any_of(reported.begin(), reported.end(), [&](const Finding& finding) {
    return finding.package == package.name && finding.package_type == package.type &&
           finding.installed_version == package.version && finding.path == package.path;
  });
}

/// Why a package is not reported although a record says that it is affected.
std::string WhySilent(const Package& package, bool foreign) {
  if (foreign)
    return "since it was built by " + package.vendor + ", of whom this feed does not speak";
  if (package.owner.empty()) return "since another record says that it is not affected";
  return "since its files belong to " + package.owner + ", whose distribution has the last word";
}

Status AddRows(const Package& package, const Question& question, const Family& family,
               const AdvisoryDatabase& database, bool foreign, Explanation* out) {
  return Ask(question, database, [&](const Answer& answer) -> Status {
    if (!family.advisories.contains(answer.row.advisory)) return Ok();
    const auto advisory = database.GetAdvisory(answer.row.advisory);
    if (!advisory) return advisory.error();
    ExplainedRow row{package.name,
                     package.type,
                     package.version,
                     package.path,
                     answer.place->ecosystem,
                     answer.row.advisory,
                     advisory->feed,
                     Says(answer, question)};
    const bool affected = answer.evaluation.affected() && answer.fits == RowFits::kYes;
    if (affected && !IsReported(package, out->reported)) {
      row.says += "; not reported, " + WhySilent(package, foreign);
    }
    out->rows.push_back(std::move(row));
    return Ok();
  });
}

}  // namespace

Result<Explanation> Explain(const Inventory& inventory, const AdvisoryDatabase& database,
                            std::string_view id) {
  auto family = FamilyOf(id, database);
  if (!family) return std::move(family).error();
  auto matched = Match(inventory, database);
  if (!matched) return std::move(matched).error();
  Explanation explanation;
  explanation.names = family->names;
  // What could not be read first: it decides what could be asked.
  explanation.coverage = inventory.coverage;
  explanation.coverage.insert(explanation.coverage.end(), matched->coverage.begin(),
                              matched->coverage.end());
  for (Finding& finding : matched->findings) {
    const bool named = family->names.contains(finding.id) ||
                       std::any_of(finding.aliases.begin(), finding.aliases.end(),
                                   [&](const std::string& alias) { return alias == id; });
    if (named) explanation.reported.push_back(std::move(finding));
  }
  const auto questions = Questions::For(inventory, database);
  if (!questions) return questions.error();
  for (const Package& package : inventory.packages) {
    std::string why;
    const auto question = questions->Of(package, &why);
    if (!question) continue;
    Status status =
        AddRows(package, *question, *family, database, questions->IsForeign(package), &explanation);
    if (!status) return status.error();
  }
  std::sort(explanation.rows.begin(), explanation.rows.end());
  explanation.rows.erase(std::unique(explanation.rows.begin(), explanation.rows.end()),
                         explanation.rows.end());
  return explanation;
}

}  // namespace landwaiter::matching
