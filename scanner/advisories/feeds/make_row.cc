#include "scanner/advisories/feeds/make_row.h"

#include "lib/base/text.h"
#include "scanner/advisories/evaluate.h"
#include "scanner/advisories/limits.h"
#include "scanner/versions/scheme.h"

namespace landwaiter::advisories {

Range Below(std::string_view fix) {
  return {{{EventKind::kIntroduced, "0"}, {EventKind::kFixed, std::string(fix)}}};
}

Range Everything() { return {{{EventKind::kIntroduced, "0"}}}; }

Range From(std::string_view version) { return {{{EventKind::kIntroduced, std::string(version)}}}; }

Status CheckVersion(std::string_view ecosystem, std::string_view version) {
  if (version == "0") return Ok();
  const auto scheme = versions::SchemeForEcosystem(ecosystem);
  if (scheme) return versions::Validate(*scheme, version);
  // Kept until there is an order for it; matching says that there is none.
  if (!version.empty() && version.size() <= versions::kMaxVersionBytes &&
      text::Printable(version) == version) {
    return Ok();
  }
  return InvalidArgument("version " + text::JsonQuote(text::Truncate(version, 128)) +
                         " is no version");
}

Status CheckPackageName(std::string_view name) {
  if (!name.empty() && name.size() <= kMaxPackageBytes && text::Printable(name) == name) {
    return Ok();
  }
  return InvalidArgument("package " + text::JsonQuote(text::Truncate(name, kMaxPackageBytes)) +
                         " is no name of 1 to " + std::to_string(kMaxPackageBytes) +
                         " printable bytes");
}

StagedPackage MakeRow(std::string_view ecosystem, std::string_view package, Range range,
                      Claim claim) {
  StagedPackage row;
  row.ecosystem = ecosystem;
  row.package = package;
  row.affected.claim = claim;
  row.affected.ranges.push_back(std::move(range));
  return row;
}

Result<StagedPackage> MakeFixRow(std::string_view ecosystem, std::string_view package,
                                 std::string_view fix) {
  if (Status status = CheckPackageName(package); !status) return std::move(status).error();
  if (Status status = CheckVersion(ecosystem, fix); !status) {
    return std::move(status).error().Context("package " + std::string(package));
  }
  if (fix == "0") return MakeRow(ecosystem, package, Everything(), Claim::kNotAffected);
  return MakeRow(ecosystem, package, Below(fix));
}

std::string ModuleOfFix(std::string_view named, std::string_view fix) {
  return named.empty() && !ModuleTagOf(fix).empty() ? "*" : std::string(named);
}

std::string TitleOf(std::string_view prose) {
  prose = text::Trim(prose.substr(0, 4 * kMaxTitleBytes));
  prose = prose.substr(0, prose.find('\n'));
  return text::Truncate(text::Printable(text::Trim(prose)), kMaxTitleBytes);
}

StagedRecord RecordOfCve(std::string_view prefix, std::string_view cve, std::string_view feed) {
  StagedRecord record;
  record.advisory.id = std::string(prefix) + std::string(cve);
  record.advisory.upstream = {std::string(cve)};
  record.advisory.feed = feed;
  return record;
}

}  // namespace landwaiter::advisories
