#include "scanner/advisories/feeds/oval_common.h"

#include <algorithm>

#include "lib/base/clock.h"
#include "lib/base/text.h"
#include "scanner/advisories/feeds/make_row.h"
#include "scanner/advisories/ids.h"

namespace landwaiter::advisories {
namespace {

/// Who has both has all that images are made for.
bool IsForAll(const std::set<std::string>& architectures) {
  return architectures.contains("") ||
         (architectures.contains("x86_64") && architectures.contains("aarch64"));
}

}  // namespace

void OvalRows::AddFix(Key key, std::string_view architecture) {
  fixes_[std::move(key)].emplace(architecture);
}

Status OvalRows::Finish(std::vector<StagedPackage>* rows) const {
  for (const auto& [key, architectures] : fixes_) {
    auto row = MakeFixRow(key.ecosystem, key.package, key.fix);
    if (!row) return std::move(row).error();
    row->affected.module = ModuleOfFix(key.module, key.fix);
    if (!IsForAll(architectures)) {
      row->affected.architectures.assign(architectures.begin(), architectures.end());
    }
    rows->push_back(*std::move(row));
  }
  return Ok();
}

const OvalCondition* FixOf(const OvalCase& conditions) {
  for (const OvalCondition& condition : conditions) {
    const bool fix = condition.state->evr_operation == "less than" && !condition.package.empty();
    if (fix && !condition.absent) return &condition;
  }
  return nullptr;
}

std::string ModuleOf(const OvalCase& conditions) {
  constexpr std::string_view kStart = "Module ";
  constexpr std::string_view kEnd = " is enabled";
  for (const OvalCondition& condition : conditions) {
    std::string_view text = condition.comment;
    if (!text.starts_with(kStart) || !text.ends_with(kEnd)) continue;
    text.remove_prefix(kStart.size());
    return std::string(text.substr(0, text.size() - std::min(text.size(), kEnd.size())));
  }
  return {};
}

std::vector<std::string> CvesOf(const OvalDefinition& definition) {
  std::vector<std::string> cves;
  for (const OvalReference& reference : definition.references) {
    if (reference.source == "CVE" && IsCve(reference.id)) cves.push_back(reference.id);
  }
  std::sort(cves.begin(), cves.end());
  cves.erase(std::unique(cves.begin(), cves.end()), cves.end());
  return cves;
}

Advisory AdvisoryOf(const OvalDefinition& definition, std::string id, std::string_view feed,
                    std::string_view severity_source) {
  Advisory advisory;
  advisory.id = std::move(id);
  advisory.feed = feed;
  advisory.upstream = CvesOf(definition);
  advisory.title = TitleOf(definition.title);
  if (ParseTime(definition.issued)) advisory.published = definition.issued;
  if (!definition.references.empty()) {
    advisory.url = text::Printable(definition.references.front().url);
  }
  const auto severity = ParseSeverity(definition.severity);
  if (severity && *severity != Severity::kUnknown) {
    advisory.severity = {*severity, std::string(severity_source), {}, {}};
  }
  return advisory;
}

}  // namespace landwaiter::advisories
