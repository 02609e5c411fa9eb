// Version orders: one per scheme, one file each, and the ranges that are written in a scheme's own
// language. Linear in the length of what is compared, no regular expressions.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string_view>

#include "lib/base/result.h"

namespace landwaiter::versions {

enum class Scheme {
  kDpkg,
  kApk,
  kRpm,
  kSemver,
  kNpm,
  kPep440,
  kGo,
  kMaven,
  kRubygems,
  kNuget,
  kPackagist,
  kCrates,
  kPub,
  kCran,
  kHex,
  kPacman,
  kPortage,
  kBitnami,
  kConan,
  kHackage,
  kOpenssl,
  kNginx,
  kDatetime,
};

/// Above every version of the real tables (the longest has 300 bytes); longer ones are refused.
inline constexpr std::size_t kMaxVersionBytes = 1024;
/// npm's ranges are written by hand; the longest known has some 300 alternatives.
inline constexpr std::size_t kMaxRangeBytes = 16u << 10;

/// -1, 0 or 1: what the ecosystem's own tool answers for the pair.
/// Three tools' answers do not always make one line: Maven's and Conan's have circles, and pacman's
/// versions without a release equal several (docs/versions.md). Sort with std::stable_sort, which
/// stays within bounds then, never with std::sort.
/// Errors: InvalidArgument naming the version that is none of the scheme, ResourceExhausted above
/// kMaxVersionBytes.
Result<int> Compare(Scheme scheme, std::string_view a, std::string_view b);
/// Ok where Compare would take `version`. Errors: as Compare.
Status Validate(Scheme scheme, std::string_view version);

struct RangeOptions {
  bool loose = false;  // npm: node-semver's `loose`
  /// npm, crates, Pub, Conan: pre-releases within the range are in it, node-semver's
  /// `includePrerelease`. Advisories want it: an affected range covers its pre-releases.
  bool include_prerelease = false;
};

/// True where `version` lies in `range`, which is written as the scheme writes ranges: npm ranges
/// (hyphen, x, ~, ^, ||), PEP 440 specifiers ("~=1.4,!=1.4.3"), apk's ("~3.6"), intervals of Maven
/// and NuGet ("[1.0,2.0)"), Gem::Requirement ("~> 1.4"), Composer's and Cargo's constraints, …: see
/// docs/versions.md. For the others comparators separated by commas or blanks and alternatives by
/// "||" (">=1.0, <2.0 || =3.1").
/// A version that npm or PEP 440 cannot read is in no range, as their own tools say.
/// Errors: InvalidArgument for a malformed range, or (other schemes) version.
Result<bool> Satisfies(Scheme scheme, std::string_view range, std::string_view version,
                       RangeOptions options = {});

/// "dpkg", "apk", "rpm", …: the names in the table of scheme.cc.
std::string_view SchemeName(Scheme scheme);
/// The names above, and other tools' words for them (deb, gomod, pypi, composer, …), purl's among
/// them.
std::optional<Scheme> ParseScheme(std::string_view name);
std::span<const Scheme> AllSchemes();
/// The scheme of an OSV ecosystem, with or without its suffix: "Debian:12", "Alpine:v3.18",
/// "AlmaLinux:9", "npm", "Maven". nullopt for one that is not known.
std::optional<Scheme> SchemeForEcosystem(std::string_view osv_ecosystem);

}  // namespace landwaiter::versions
