#include "scanner/matching/match.h"

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

#include "lib/base/text.h"
#include "scanner/matching/distributions.h"
#include "scanner/matching/merge.h"
#include "scanner/matching/package_key.h"
#include "scanner/versions/scheme.h"

namespace landwaiter::matching {
namespace {

using advisories::AdvisoryDatabase;

/// Packages named in one coverage row; the rest is counted.
constexpr std::size_t kMaxNamed = 5;
constexpr std::size_t kMaxReasonBytes = 1000;

std::string Describe(const OperatingSystem& os) {
  std::string text = os.family.empty() ? "an operating system without a name" : os.family;
  if (!os.version.empty()) text += " " + os.version;
  if (os.version.empty() && !os.codename.empty()) text += " " + os.codename;
  return text::Printable(text);
}

/// One line of coverage in the making.
struct CoverageRow {
  std::uint64_t packages = 0;
  std::string unsupported;  // why no feed speaks of them; "" where one does
  std::vector<std::string> failures;
  std::uint64_t failed = 0;

  Coverage Finish(const std::string& source) const {
    Coverage coverage{source, CoverageState::kRead, "", packages};
    if (!unsupported.empty()) {
      coverage.state = CoverageState::kUnsupported;
      coverage.reason = unsupported;
    } else if (failed > 0) {
      coverage.state = CoverageState::kFailed;
      coverage.reason = text::Join(failures, "; ");
      if (failed > failures.size()) {
        coverage.reason += "; and " + std::to_string(failed - failures.size()) + " more";
      }
    }
    coverage.reason = text::Truncate(coverage.reason, kMaxReasonBytes);
    return coverage;
  }
};

/// Findings of one package version without the package's own fields, shared by all packages that
/// are looked up by the same key (the binaries of one source package, copies of a module).
struct KeyFindings {
  std::vector<Finding> findings;
  std::string failure;  // why a version could not be compared, "" where all could
};

class Matcher {
 public:
  Matcher(const Inventory& inventory, const AdvisoryDatabase& database)
      : inventory_(inventory), database_(database) {
    if (inventory.os) {
      distribution_ = FindDistribution(inventory.os->family);
      os_ecosystem_ = EcosystemOf(*inventory.os);
    }
    for (const Package& package : inventory.packages) {
      if (IsOsPackage(package)) owners_.emplace(package.name, &package);
    }
  }

  Result<MatchResult> Run() {
    for (const Package& package : inventory_.packages) {
      if (Status status = MatchPackage(package); !status) return status.error();
    }
    for (const auto& [source, row] : coverage_) result_.coverage.push_back(row.Finish(source));
    std::sort(result_.findings.begin(), result_.findings.end(), WorseThan);
    return std::move(result_);
  }

 private:
  /// The feed's names to look a package up by; empty where none is in the database, with the
  /// reason in `row`. A record for "Debian" without a release speaks of every release.
  std::vector<std::string> EcosystemsFor(const Package& package, CoverageRow* row) const {
    std::vector<std::string> found;
    if (!IsOsPackage(package)) {
      const std::string ecosystem = *LanguageEcosystem(package.type);
      if (database_.HasEcosystem(ecosystem)) return {ecosystem};
      row->unsupported = "the advisory database has no feed for " + ecosystem;
      return {};
    }
    if (os_ecosystem_) {
      const bool fits = package.type == distribution_->package_type;
      if (fits && database_.HasEcosystem(*os_ecosystem_)) {
        found.push_back(*os_ecosystem_);
        const std::string family(distribution_->ecosystem);
        if (database_.HasEcosystem(family)) found.push_back(family);
        return found;
      }
    }
    row->unsupported = WhyNoFeed(package);
    return {};
  }

  std::string WhyNoFeed(const Package& package) const {
    if (!inventory_.os) {
      return "the image has " + package.type + " packages but names no operating system";
    }
    const std::string os = Describe(*inventory_.os);
    if (!os_ecosystem_) return "no feed is known for " + os;
    if (!database_.HasEcosystem(*os_ecosystem_)) {
      return "the advisory database has no feed for " + os + " (" + *os_ecosystem_ + ")";
    }
    return os + " has no feed for " + package.type + " packages";
  }

  /// scanning.md, "Inventory → findings": reported once, as the OS package.
  bool IsReportedAsOwner(const Package& package) const {
    if (package.owner.empty() || !os_ecosystem_) return false;
    if (!database_.HasEcosystem(*os_ecosystem_)) return false;
    const auto [first, last] = owners_.equal_range(package.owner);
    return std::any_of(first, last,
                       [&](const auto& owner) { return IsSameSoftware(package, *owner.second); });
  }

  Status MatchPackage(const Package& package) {
    const bool os = IsOsPackage(package);
    if (!os && !LanguageEcosystem(package.type)) {
      ++coverage_["advisories-" + package.type].packages;
      coverage_["advisories-" + package.type].unsupported = "no feed is known for " + package.type;
      return Ok();
    }
    CoverageRow& row = coverage_[os ? "advisories" : "advisories-" + package.type];
    ++row.packages;
    const auto ecosystems = EcosystemsFor(package, &row);
    if (ecosystems.empty() || (!os && IsReportedAsOwner(package))) return Ok();
    const auto found = FindingsFor(package, ecosystems);
    if (!found) return found.error();
    if (!(*found)->failure.empty()) {
      if (row.failures.size() < kMaxNamed) {
        row.failures.push_back("package " + text::Printable(package.name) + " version " +
                               text::JsonQuote(package.version) + ": " + (*found)->failure);
      }
      ++row.failed;
    }
    for (const Finding& finding : (*found)->findings) AddFinding(package, finding);
    return Ok();
  }

  Result<const KeyFindings*> FindingsFor(const Package& package,
                                         const std::vector<std::string>& ecosystems) {
    const PackageKey key =
        KeyOf(package, distribution_ == nullptr ? KeyBy::kBinary : distribution_->key);
    const auto id = std::tuple(ecosystems.front(), key.name, key.version, package.module);
    if (const auto at = known_.find(id); at != known_.end()) return &at->second;
    KeyFindings fresh;
    std::vector<Hit> hits;
    const auto scheme = versions::SchemeForEcosystem(ecosystems.front());
    if (!scheme) return Internal("no version order for " + ecosystems.front());
    for (const std::string& ecosystem : ecosystems) {
      if (Status status = FindHits(ecosystem, *scheme, key, package.module, &hits, &fresh);
          !status) {
        return status.error();
      }
    }
    auto findings = MergeHits(*scheme, hits, database_);
    if (!findings) return std::move(findings).error();
    fresh.findings = *std::move(findings);
    return &known_.emplace(id, std::move(fresh)).first->second;
  }

  Status FindHits(const std::string& ecosystem, versions::Scheme scheme, const PackageKey& key,
                  const std::string& module, std::vector<Hit>* hits, KeyFindings* out) {
    auto rows = database_.Lookup(ecosystem, key.name);
    if (!rows) return std::move(rows).error();
    for (advisories::Affected& affected : *rows) {
      if (!SameModule(affected.module, module)) continue;
      auto evaluation = advisories::Evaluate(scheme, affected, key.version);
      if (!evaluation) {
        if (out->failure.empty()) {
          out->failure =
              "cannot be compared with " + affected.advisory + ": " + evaluation.error().message;
        }
        continue;
      }
      if (!evaluation->affected) continue;
      auto advisory = database_.GetAdvisory(affected.advisory);
      if (!advisory) return DataLoss(advisory.error().message);
      hits->push_back({std::move(affected), *std::move(advisory), *std::move(evaluation)});
    }
    return Ok();
  }

  /// rpm module streams never mix: a fix of nodejs:14 says nothing of nodejs:16, nor of a package
  /// that is in no module. "*" is a modular fix whose stream the advisory does not name.
  static bool SameModule(const std::string& fixed_in, const std::string& installed) {
    const std::string stream = ModuleStream(installed);
    if (fixed_in == "*") return !stream.empty();
    return fixed_in == stream;
  }

  void AddFinding(const Package& package, Finding finding) {
    finding.fixed_version = AsInstalled(package, finding.fixed_version);
    finding.package = package.name;
    finding.package_type = package.type;
    finding.installed_version = package.version;
    finding.purl = package.purl;
    finding.path = package.path;
    if (package.source_name != package.name) finding.source_package = package.source_name;
    finding.layer = package.layer;
    finding.host_kernel = IsKernelHeaders(package);
    result_.findings.push_back(std::move(finding));
  }

  const Inventory& inventory_;
  const AdvisoryDatabase& database_;
  const Distribution* distribution_ = nullptr;
  std::optional<std::string> os_ecosystem_;
  std::multimap<std::string, const Package*> owners_;
  std::map<std::tuple<std::string, std::string, std::string, std::string>, KeyFindings> known_;
  std::map<std::string, CoverageRow> coverage_;
  MatchResult result_;
};

}  // namespace

Result<MatchResult> Match(const Inventory& inventory, const AdvisoryDatabase& database) {
  return Matcher(inventory, database).Run();
}

}  // namespace landwaiter::matching
