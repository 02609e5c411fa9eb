// ImageScan, landwaiter.io/v1alpha1: the cluster's record of one image digest. The struct holds
// what the roles read and write; the schema with its bounds stands in crds/imagescans.yaml.
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/clock.h"
#include "lib/base/digest.h"
#include "lib/base/result.h"
#include "model/finding.h"
#include "model/inventory.h"
#include "model/verdict.h"

namespace landwaiter::resources {

inline constexpr std::string_view kGroup = "landwaiter.io";
inline constexpr std::string_view kVersion = "v1alpha1";
inline constexpr std::string_view kApiVersion = "landwaiter.io/v1alpha1";

// Bounds of the status, so that an object stays under 64 KiB whatever an image holds.
inline constexpr std::size_t kMaxTopFindings = 20;
inline constexpr std::size_t kMaxReferences = 20;
inline constexpr std::size_t kMaxWatchedAs = 16;
inline constexpr std::size_t kMaxWatchedAsBytes = 4 * 1024;  // together
inline constexpr std::size_t kMaxNamespaces = 20;
inline constexpr std::size_t kMaxPlatforms = 8;
inline constexpr std::size_t kMaxCoverage = 32;
inline constexpr std::size_t kMaxPolicies = 64;
inline constexpr std::size_t kMaxExcused = 16;     // a policy
inline constexpr std::size_t kMaxViolations = 16;  // a policy
inline constexpr std::size_t kMaxMessage = 256;    // bytes, each
// Where an image ran before it turned bad is never cut for the sake of what else an image holds: a
// name that is lost is a namespace whose pods are denied.
inline constexpr std::size_t kMaxRanIn = 256;            // a policy
inline constexpr std::size_t kMaxRanInBytes = 8 * 1024;  // over all policies, as RanInBytes counts

/// "sha256-" and all 64 hex digits: follows from the digest alone, so that two controllers or two
/// misses can only ever make the same object, and no two digests share a name (docs/adr/0006).
std::string ScanName(const Digest& digest);

struct Condition {
  std::string type;
  std::string status;  // "True", "False", "Unknown"
  std::string reason;
  std::string message;
  std::int64_t observed_generation = 0;
  std::string last_transition_time;
  friend bool operator==(const Condition&, const Condition&) = default;
};

const Condition* FindCondition(const std::vector<Condition>& conditions, std::string_view type);
/// Sets or replaces; lastTransitionTime moves only when the status flips.
void SetCondition(std::vector<Condition>& conditions, Condition condition, TimePoint now);
nlohmann::json ConditionsToJson(const std::vector<Condition>& conditions);
std::vector<Condition> ConditionsFromJson(const nlohmann::json& json);

struct SecretRef {
  std::string ns;
  std::string name;
  friend auto operator<=>(const SecretRef&, const SecretRef&) = default;
};

struct ImageScanSpec {
  std::string image;  // as in the schema: a reference, with a digest on canonical objects
  std::vector<SecretRef> pull_secrets;
  std::string rescan_after;  // RFC 3339 or ""
  friend bool operator==(const ImageScanSpec&, const ImageScanSpec&) = default;
};

struct PlatformStatus {
  std::string platform;
  std::string manifest_digest;
  std::string image_id;
  std::string os_family;
  std::string os_version;
  bool os_end_of_life = false;
  std::uint64_t packages = 0;
  std::uint64_t size_bytes = 0;
  std::vector<Coverage> coverage;
  /// The OCI ChainID of all its layers, "" where it is not known or there are none: by that it is
  /// recognised below images that are built on it.
  std::string chain_id = {};
  friend bool operator==(const PlatformStatus&, const PlatformStatus&) = default;
};

struct TopFinding {
  std::string id;
  std::string severity;
  std::string package;
  std::string installed_version;
  std::string fixed_version;
  std::string path;
  friend bool operator==(const TopFinding&, const TopFinding&) = default;
};

/// One rule's violations in one policy's judgement.
struct RuleViolation {
  std::string rule;
  std::uint64_t count = 0;
  bool fails = true;    // the rule's action
  std::string message;  // the worst ones, in one line
  friend bool operator==(const RuleViolation&, const RuleViolation&) = default;
};

/// A rule that does not fire yet and will fail the image, if nothing changes but the time.
struct ComingFailure {
  std::string from;  // RFC 3339
  std::string rule;
  std::string message;
  friend bool operator==(const ComingFailure&, const ComingFailure&) = default;
};

/// Since when a policy's verdict of a content has been neither Pass nor Warn, and where it ran then
/// (docs/adr/0017).
struct TurnedBad {
  std::string since;                         // RFC 3339
  std::vector<std::string> namespaces = {};  // sorted
  /// The pods have not been counted yet: `namespaces` follows, of those with a pod made before
  /// `made_before`, with "" of all.
  bool counting = false;
  std::string made_before = {};
  friend bool operator==(const TurnedBad&, const TurnedBad&) = default;
};

struct PolicyStatus {
  std::string name;
  std::int64_t generation = 0;
  std::string verdict;  // Pass, Warn, Fail, Unknown
  std::vector<RuleViolation> violations;
  std::vector<std::string> unknown;     // why rules could not be decided
  std::vector<std::string> exceptions;  // those used
  std::vector<std::uint64_t> rests_on;  // the same, as indexes into the policy's exceptions
  /// The ScanExceptions among them, as PolicyException::key.
  std::vector<std::string> rests_on_objects = {};
  /// For names that exceptions for some images are for, and for namespaces that have their own: the
  /// judgements that rest on those. Of each only verdict, violations, unknown, exceptions,
  /// rests_on, rests_on_objects and fails_from.
  std::vector<PolicyStatus> excused = {};
  std::string uid = {};  // the policy's: generation counts from 1 again in one that was made anew
  std::optional<TurnedBad> turned_bad = {};      // where the verdict is neither Pass nor Warn
  std::optional<ComingFailure> fails_from = {};  // of a verdict that is not Fail
  friend bool operator==(const PolicyStatus&, const PolicyStatus&) = default;
};

struct ImageScanStatus {
  std::int64_t observed_generation = 0;
  std::string canonical;  // on a person's request: name of the object that holds the result
  std::string display_name;
  std::string digest;
  std::vector<PlatformStatus> platforms;
  std::optional<SeverityCounts> vulnerabilities;
  std::vector<TopFinding> top_findings;
  std::vector<PolicyStatus> policies;
  std::string verdict;
  std::vector<std::string> references;
  /// Under which names, with their tags, RegistryWatches have found it, the first ones first; a tag
  /// that means something else by now stays. Unlike `references`, each was asked of the registry.
  std::vector<std::string> watched_as = {};
  std::uint64_t used_by_pods = 0;
  std::vector<std::string> used_by_namespaces;
  std::string scanned_at;
  std::string matched_at;
  std::string database_built_at;
  std::string database_id;
  std::string report_digest;
  std::uint64_t report_size_bytes = 0;
  std::vector<Condition> conditions;
  friend bool operator==(const ImageScanStatus&, const ImageScanStatus&) = default;
};

struct ImageScan {
  std::string name;
  std::string uid;
  std::string resource_version;
  std::int64_t generation = 0;
  std::string created_at;
  bool deleting = false;
  std::map<std::string, std::string> labels;
  std::map<std::string, std::string> annotations;
  ImageScanSpec spec;
  ImageScanStatus status;
};

/// Reads an API object; what is absent stays at its default. Errors: InvalidArgument where it is no
/// ImageScan or a field has another type than the schema's.
Result<ImageScan> ImageScanFromJson(const nlohmann::json& object);
/// Whole object with metadata.name, labels, annotations and spec; no status (it is a subresource).
nlohmann::json ImageScanToJson(const ImageScan& scan);
/// The status, with the bounds above applied.
nlohmann::json StatusToJson(const ImageScanStatus& status);

}  // namespace landwaiter::resources
