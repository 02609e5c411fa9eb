#include "scanner/matching/questions.h"

#include <algorithm>

#include "lib/base/text.h"
#include "scanner/advisories/cpe.h"
#include "scanner/advisories/evaluate.h"
#include "scanner/matching/match.h"
#include "scanner/matching/releases.h"
#include "scanner/versions/scheme.h"

namespace landwaiter::matching {
namespace {

std::string Describe(const OperatingSystem& os) {
  std::string text = os.family.empty() ? "an operating system without a name" : os.family;
  if (!os.version.empty()) text += " " + os.version;
  if (os.version.empty() && !os.codename.empty()) text += " " + os.codename;
  return text::Printable(text);
}

}  // namespace

Result<Questions> Questions::For(const Inventory& inventory,
                                 const advisories::AdvisoryDatabase& database) {
  Questions questions(inventory, database);
  if (!inventory.os) return questions;
  questions.distribution_ = FindDistribution(inventory.os->family);
  if (questions.distribution_ == nullptr) return questions;
  questions.places_ = PlacesOf(*questions.distribution_, *inventory.os, database);
  if (questions.distribution_->family == "rhel") {
    if (Status status = questions.PlaceLayers(); !status) return status.error();
  }
  for (const Package& package : inventory.packages) {
    if (package.type != "rpm" || package.module.empty()) continue;
    const std::string_view tag = advisories::ModuleTagOf(package.version);
    if (advisories::NamesModuleBuild(tag)) questions.labels_.emplace(tag, package.module);
  }
  if (Status status = questions.LearnSources(); !status) return status.error();
  const auto& of_layers = questions.layer_places_;
  questions.has_feed_ =
      !questions.places_.empty() || std::any_of(of_layers.begin(), of_layers.end(),
                                                [](const auto& places) { return !places.empty(); });
  questions.lacks_extras_ =
      questions.places_.size() == 1 && questions.places_[0].ecosystem == "Amazon Linux:2";
  return questions;
}

Status Questions::PlaceLayers() {
  const std::vector<std::string>* looked_up = nullptr;  // layers that share sets stand together
  std::vector<Place> current;
  for (int layer = 0; layer < static_cast<int>(inventory_.layers.size()); ++layer) {
    const std::vector<std::string>& sets = inventory_.ContentSetsOf(layer);
    if (&sets != looked_up) {
      const auto products = ProductsOf(sets, database_);
      if (!products) return products.error();
      current.clear();
      for (const std::string& product : *products) {
        if (database_.HasEcosystem(product)) current.push_back({product});
      }
      MarkComplete(*distribution_, database_, &current);
      looked_up = &sets;
    }
    layer_places_.push_back(current);
  }
  return Ok();
}

Status Questions::LearnSources() {
  for (const Package& package : inventory_.packages) {
    if (!IsBySourceThatIsAssumed(package)) continue;
    auto source = SourceIn(places_, package);
    if (!source) return std::move(source).error();
    if (!source->empty()) told_sources_.insert_or_assign(package.name, *std::move(source));
  }
  return Ok();
}

/// A name that is a source's, too, is taken for that source's.
Result<std::string> Questions::SourceIn(const std::vector<Place>& places,
                                        const Package& package) const {
  std::string found;
  for (const Place& place : places) {
    const auto own = database_.Lookup(place.ecosystem, package.name);
    if (!own) return own.error();
    if (!own->empty()) return std::string();
    const auto sources = database_.SourcesOf(place.ecosystem, package.name);
    if (!sources) return sources.error();
    for (const std::string& source : *sources) {
      if (!found.empty() && found != source) return std::string();
      found = source;
    }
  }
  return found;
}

const std::string* Questions::ToldSource(const Package& package) const {
  if (!IsBySourceThatIsAssumed(package)) return nullptr;
  const auto at = told_sources_.find(package.name);
  return at == told_sources_.end() ? nullptr : &at->second;
}

std::vector<advisories::Word> Questions::WordsOfSource(const Package& package) const {
  std::vector<advisories::Word> words;
  if (!IsBySourceThatIsAssumed(package)) return words;
  for (const Place& place : places_) {
    words.push_back(advisories::WordOfPackage(place.ecosystem, package.name));
    words.push_back(advisories::WordOfBinary(place.ecosystem, package.name));
  }
  return words;
}

const std::vector<Place>& Questions::PlacesOfLayer(int layer) const {
  if (layer < 0 || static_cast<std::size_t>(layer) >= layer_places_.size()) return places_;
  const auto& of_layer = layer_places_[static_cast<std::size_t>(layer)];
  return of_layer.empty() ? places_ : of_layer;
}

bool Questions::IsComplete(const Package& package) const {
  if (distribution_ == nullptr) return false;
  std::string_view flavour;
  if (distribution_->flavour != nullptr) flavour = distribution_->flavour(package.version);
  const std::vector<Place>& places = PlacesOfLayer(package.layer);
  return std::any_of(places.begin(), places.end(), [&](const Place& place) {
    return place.complete && place.flavour == flavour;
  });
}

std::optional<Question> Questions::Of(const Package& package, std::string* why) const {
  if (IsOsPackage(package)) return OfOsPackage(package, why);
  const auto ecosystem = LanguageEcosystem(package.type);
  if (!ecosystem && !package.cpe.empty()) return OfProgram(package, why);
  if (!ecosystem) {
    *why = "no feed is known for " + package.type;
    return {};
  }
  if (!database_.HasEcosystem(*ecosystem)) {
    *why = "the advisory database has no feed for " + *ecosystem;
    return {};
  }
  return Question{{{*ecosystem}}, KeysOf(package, KeyBy::kBinary)};
}

std::optional<Question> Questions::OfProgram(const Package& package, std::string* why) const {
  const auto cpe = advisories::ParseCpe(package.cpe);
  if (!cpe || !database_.HasEcosystem(advisories::kCpeEcosystem)) {
    *why = "the advisory database has no NVD feed to know " + package.type + " programs by";
    return {};
  }
  return Question{{{std::string(advisories::kCpeEcosystem)}}, {{cpe->product, package.version}}};
}

std::optional<Question> Questions::OfOsPackage(const Package& package, std::string* why) const {
  const std::vector<Place>& places = PlacesOfLayer(package.layer);
  if (places.empty() || package.type != distribution_->package_type ||
      !versions::SchemeForEcosystem(places.front().ecosystem)) {
    *why = WhyNoFeed(package);
    return {};
  }
  Question question;
  question.places = places;
  question.keys = KeysOf(package, distribution_->key);
  if (const std::string* source = ToldSource(package)) question.keys = {{*source, package.version}};
  question.module = ModuleStream(package.module);
  if (question.module.empty() && package.type == "rpm") {
    const std::string_view tag = advisories::ModuleTagOf(package.version);
    question.module = StreamOfBuild(tag);
    if (question.module.empty()) question.module_tag = tag;
  }
  question.architecture = package.architecture;
  if (distribution_->flavour != nullptr) {
    question.flavour = distribution_->flavour(package.version);
    const bool has = std::any_of(places.begin(), places.end(), [&](const Place& place) {
      return place.flavour == question.flavour;
    });
    // An ordinary package may still be known behind a subscription.
    if (!has && !question.flavour.empty()) {
      *why = "the advisory database has no feed for " + std::string(question.flavour) +
             " packages of " + Describe(*inventory_.os);
      return {};
    }
  }
  return question;
}

std::string Questions::StreamOfBuild(std::string_view tag) const {
  const auto at = labels_.find(tag);
  return at == labels_.end() ? std::string() : ModuleStream(at->second);
}

std::string Questions::WhyNoFeed(const Package& package) const {
  if (!inventory_.os) {
    return "the image has " + package.type + " packages but names no operating system";
  }
  const std::string os = Describe(*inventory_.os);
  const auto ecosystem = EcosystemOf(*inventory_.os);
  if (!ecosystem) return "no feed is known for " + os;
  if (places_.empty()) {
    return "the advisory database has no feed for " + os + " (" + *ecosystem + ")";
  }
  if (package.type != distribution_->package_type) {
    return os + " has no feed for " + package.type + " packages";
  }
  return "versions of " + std::string(distribution_->ecosystem) + " cannot be compared";
}

}  // namespace landwaiter::matching
