// The tables of what can be matched: one row a distribution, one row a language.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "model/inventory.h"
#include "scanner/advisories/database.h"

namespace landwaiter::matching {

/// Which name and version of a package a distribution's feeds speak of.
enum class KeyBy {
  kSource,
  kBinary,
  kBinaryOrSource,  // binary names; source names where a row says that it is one
};

/// One of the feed's names that a distribution's packages are looked up under.
struct Place {
  std::string ecosystem;
  /// Packages of another build of the same version ("esm", "fips", "ksplice") have places of their
  /// own and are not compared with others; "" for the ordinary ones.
  std::string_view flavour = {};
  /// Its fixes need a subscription: for ordinary packages they are none.
  bool subscription = false;
  /// It has other versions of packages that the places before it have, too: a package whose name
  /// they know is compared with fixes of its own line of versions alone ("1.10" of 1.10.12).
  bool extras = false;
  /// What is said there is said of packages that have no fix, too: no finding means not affected.
  bool complete = false;
};

struct Distribution {
  std::string_view family;  // ID of os-release(5) in lower case: derivatives have rows of their own
  std::string_view ecosystem;     // OSV's name, without the suffix
  std::string_view package_type;  // purl type of its packages
  KeyBy key;
  /// The kinds of feeds (a list with bars) that speak of its packages that have no fix, too: where
  /// one of them does so of the very release no finding means not affected. "" where none does.
  std::string_view complete_by;
  /// The suffix of a release with its ':' (":12"); nullopt where the release has no name that
  /// feeds could know it by.
  std::optional<std::string> (*suffix)(const OperatingSystem& os);
  /// Where to look besides `ecosystem` + `suffix`; nullptr for nowhere.
  void (*more_places)(const std::string& ecosystem, const advisories::AdvisoryDatabase& database,
                      std::vector<Place>* places) = nullptr;
  /// The flavour of an installed version; nullptr where there is one only.
  std::string_view (*flavour)(std::string_view version) = nullptr;
  /// What the distribution's own packages name as their vendor begins with one of these (a list
  /// with bars); "" where that tells nothing. Its feeds do not speak of others' packages.
  std::string_view vendors = {};
};
/// Whether a package is the distribution's own, as far as it says who built it.
bool IsOwnPackage(const Distribution& distribution, const Package& package);

/// Sets Place::complete by what the database says of its ecosystem: that a feed of the right kind
/// speaks of another release, or lists only fixes of this one, does not count.
void MarkComplete(const Distribution& distribution, const advisories::AdvisoryDatabase& database,
                  std::vector<Place>* places);

std::span<const Distribution> Distributions();
/// nullptr for a family without feeds.
const Distribution* FindDistribution(std::string_view family);
/// The places of a release that are in the database; empty for one that it does not know.
std::vector<Place> PlacesOf(const Distribution& distribution, const OperatingSystem& os,
                            const advisories::AdvisoryDatabase& database);

struct Language {
  std::string_view purl_type;
  std::string_view ecosystem;  // OSV's name
};

std::span<const Language> Languages();

}  // namespace landwaiter::matching
