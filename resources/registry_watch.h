// RegistryWatch, landwaiter.io/v1alpha1: images of a registry that are scanned before anybody runs
// them. It belongs to a namespace, since its pull secrets do (docs/adr/0021). The schema with its
// bounds stands in crds/registrywatches.yaml.
#pragma once

#include <chrono>
#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "lib/base/clock.h"
#include "lib/base/result.h"
#include "resources/image_scan.h"

namespace landwaiter::resources {

inline constexpr std::size_t kMaxWatchImages = 1000;      // spec.maxImages
inline constexpr std::size_t kMaxWatchRepositories = 64;  // spec.repositories
inline constexpr std::size_t kMaxWatchTagPatterns = 32;   // each list
inline constexpr std::size_t kMaxWatchPullSecrets = 8;    // spec.pullSecrets
inline constexpr std::size_t kMaxNewestImages = 20;       // status.newestImages
inline constexpr std::chrono::minutes kLeastWatchInterval{1};
inline constexpr std::chrono::hours kMostWatchInterval{24 * 30};

struct TagRule {
  std::vector<std::string> include;  // patterns; none: every tag
  std::vector<std::string> exclude;
  std::uint64_t newest = 0;  // so many versions of each repository; 0: all tags
  friend bool operator==(const TagRule&, const TagRule&) = default;
};

struct RegistryWatchSpec {
  std::string registry;                   // host[:port], lower case
  std::vector<std::string> repositories;  // names, or patterns with '*'
  TagRule tags;
  std::chrono::milliseconds interval = std::chrono::hours(1);
  std::vector<std::string> pull_secrets;  // names in the object's namespace
  std::uint64_t max_images = 200;
  bool suspend = false;
  std::optional<TimePoint> check_after;  // look again if the last look is older
  friend bool operator==(const RegistryWatchSpec&, const RegistryWatchSpec&) = default;
};

struct NewestImage {
  std::string image;  // host/repository:tag
  std::string digest;
  std::string noticed_at;
  friend bool operator==(const NewestImage&, const NewestImage&) = default;
};

struct RegistryWatchStatus {
  std::int64_t observed_generation = 0;
  std::string last_checked_at;
  std::string next_check_at;
  std::uint64_t repositories = 0;
  std::uint64_t tags = 0;
  std::uint64_t images = 0;
  std::vector<NewestImage> newest;  // the latest first
  std::vector<Condition> conditions;
  friend bool operator==(const RegistryWatchStatus&, const RegistryWatchStatus&) = default;
};

struct RegistryWatch {
  std::string ns;
  std::string name;
  std::string uid;
  std::int64_t generation = 0;
  bool deleting = false;
  RegistryWatchSpec spec;
  std::string
      problem;  // what of the spec cannot be followed, though the schema let it in; "" for none
  RegistryWatchStatus status;
};

/// '*' or '?' anywhere: asked of the registry's catalogue.
bool IsRepositoryPattern(const std::string& repository);

/// Reads an API object. What the schema should have refused is `problem`. Errors: InvalidArgument
/// where it is no RegistryWatch or a field has another type than the schema's.
Result<RegistryWatch> RegistryWatchFromJson(const nlohmann::json& object);
/// The status, with the bounds above applied; fields that are empty are null, so that a merge patch
/// takes them away.
nlohmann::json RegistryWatchStatusToJson(const RegistryWatchStatus& status);

}  // namespace landwaiter::resources
