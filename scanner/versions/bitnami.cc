// The order of Bitnami's packages (bitnami/go-version): semantic versioning in which what stands
// behind the hyphen is a revision and not a pre-release, so that 1.2.3 < 1.2.3-1 < 1.2.3-2.
#include "scanner/versions/orders.h"
#include "scanner/versions/semver.h"

namespace landwaiter::versions {
namespace {

Result<SemverParts> Parse(std::string_view text) { return ReadSemver(Scheme::kBitnami, text); }

int CompareVersions(const SemverParts& a, const SemverParts& b) {
  if (const int order = CompareRelease(a.release, b.release); order != 0) return order;
  if (a.prerelease.empty() != b.prerelease.empty()) return a.prerelease.empty() ? -1 : 1;
  return ComparePrerelease(a.prerelease, b.prerelease);
}

}  // namespace

Result<int> CompareBitnami(std::string_view a, std::string_view b) {
  return CompareParsed(a, b, Parse, CompareVersions);
}

}  // namespace landwaiter::versions
