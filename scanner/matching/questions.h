// What to ask the database of each package of an inventory.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "model/inventory.h"
#include "scanner/advisories/database.h"
#include "scanner/advisories/touched.h"
#include "scanner/matching/distributions.h"
#include "scanner/matching/key_findings.h"
#include "scanner/matching/package_key.h"

namespace landwaiter::matching {

/// Thread-compatible; borrows the inventory and the database.
class Questions {
 public:
  /// Errors: DataLoss from the database.
  static Result<Questions> For(const Inventory& inventory,
                               const advisories::AdvisoryDatabase& database);

  /// What to ask of a package; nullopt with the reason in `why` where the database has nothing that
  /// could be asked.
  std::optional<Question> Of(const Package& package, std::string* why) const;
  /// Whether no feed of the distribution means this package, since somebody else built it (docker,
  /// EPEL).
  bool IsForeign(const Package& package) const {
    return distribution_ != nullptr && IsOsPackage(package) &&
           !IsOwnPackage(*distribution_, package);
  }
  /// Whether the package is asked for by the name of a source package that nothing records: the
  /// answer counts only where the database knows that name.
  bool IsBySourceThatIsAssumed(const Package& package) const {
    return distribution_ != nullptr && distribution_->key == KeyBy::kSource &&
           package.source_assumed && IsOsPackage(package);
  }
  /// The source package that the database, in place of a record, says such a package was built
  /// from; nullptr where it does not, or names several.
  const std::string* ToldSource(const Package& package) const;
  /// What the database is asked for to know that (MatchResult::asked).
  std::vector<advisories::Word> WordsOfSource(const Package& package) const;
  /// nullptr where no feed of the operating system is in the database.
  const Distribution* distribution() const { return has_feed_ ? distribution_ : nullptr; }
  /// Amazon Linux 2, of whose extras no feed is in the database.
  bool lacks_extras() const { return lacks_extras_; }
  /// Whether the feeds that are asked of an operating system's package speak of what has no fix,
  /// too.
  bool IsComplete(const Package& package) const;

 private:
  Questions(const Inventory& inventory, const advisories::AdvisoryDatabase& database)
      : inventory_(inventory), database_(database) {}
  Status PlaceLayers();
  Status LearnSources();
  Result<std::string> SourceIn(const std::vector<Place>& places, const Package& package) const;
  const std::vector<Place>& PlacesOfLayer(int layer) const;
  std::optional<Question> OfOsPackage(const Package& package, std::string* why) const;
  std::optional<Question> OfProgram(const Package& package, std::string* why) const;
  /// The stream of a package that does not say it itself: builds of modules are told by their dist
  /// tags, and another package of the same build may say it.
  std::string StreamOfBuild(std::string_view tag) const;
  std::string WhyNoFeed(const Package& package) const;

  const Inventory& inventory_;
  const advisories::AdvisoryDatabase& database_;
  const Distribution* distribution_ = nullptr;
  std::vector<Place> places_;  // of packages whose layer names no repositories
  /// By layer; empty where `places_` counts. Red Hat alone.
  std::vector<std::vector<Place>> layer_places_;
  std::map<std::string_view, std::string_view> labels_;   // of rpm modules, by dist tag
  std::map<std::string_view, std::string> told_sources_;  // by the package's name
  bool has_feed_ = false;
  bool lacks_extras_ = false;
};

}  // namespace landwaiter::matching
