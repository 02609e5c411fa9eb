// The tables of what can be matched: one row a distribution, one row a language.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "model/inventory.h"

namespace landwaiter::matching {

/// Which name and version of a package a distribution's feeds speak of.
enum class KeyBy { kSource, kBinary };

struct Distribution {
  std::string_view family;        // ID of os-release(5), exactly: derivatives have rows of their own
  std::string_view ecosystem;     // OSV's name, without the suffix
  std::string_view package_type;  // purl type of its packages
  KeyBy key;
  /// The suffix of a release with its ':' (":12"); nullopt where the release has no name that
  /// feeds could know it by.
  std::optional<std::string> (*suffix)(const OperatingSystem& os);
};

std::span<const Distribution> Distributions();
/// nullptr for a family without feeds.
const Distribution* FindDistribution(std::string_view family);

struct Language {
  std::string_view purl_type;
  std::string_view ecosystem;  // OSV's name
};

std::span<const Language> Languages();

}  // namespace landwaiter::matching
