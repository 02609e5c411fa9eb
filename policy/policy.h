// ScanPolicy as plain structs, and the way from JSON or YAML to them.
//
// The fields, their types, bounds, enums and defaults stand in one table (policy/schema.h); the
// reader checks against it, `landwaiter policy explain` prints it, and tests compare it with
// crds/scanpolicies.yaml and docs/policies.md. Nothing here knows of Kubernetes: a selector is a
// struct that is evaluated over a map.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/clock.h"
#include "lib/base/result.h"
#include "model/finding.h"
#include "model/verdict.h"

namespace landwaiter::policy {

enum class SelectorOperator { kIn, kNotIn, kExists, kDoesNotExist };

struct LabelRequirement {
  std::string key;
  SelectorOperator op = SelectorOperator::kExists;
  std::vector<std::string> values;
};

/// A Kubernetes label selector; all requirements must hold, none at all selects everything.
struct LabelSelector {
  std::map<std::string, std::string> match_labels;
  std::vector<LabelRequirement> match_expressions;
};

struct Match {
  LabelSelector namespace_selector;
  std::vector<std::string> images = {"**"};  // see policy/image_pattern.h
  std::vector<std::string> exclude_images;
};

struct RuleKind;

/// What a rule asks, in the words of its kind: only the file of that kind (policy/rules/) looks
/// into it.
class RuleBody {
 public:
  virtual ~RuleBody() = default;
};

struct Rule {
  std::string name;
  bool fails = true;  // action: Fail, else Warn
  /// Null where the rule could not be read, in a policy taken over leniently: it counts as
  /// RuleError.
  const RuleKind* kind = nullptr;
  std::shared_ptr<const RuleBody> body = nullptr;
  std::string error = {};  // why it could not be read
  /// Of a benchmark or a standard that the rule shows: "CIS Docker 4.1". Violations name them.
  std::vector<std::string> controls = {};
};
/// "vulnerabilities", "image", …; "" for a rule that could not be read.
std::string_view RuleKindName(const Rule& rule);

/// Excuses a violation that meets every list that is set (within a list, any entry).
struct PolicyException {
  std::vector<std::string> ids;         // vulnerability ids, aliases count
  std::vector<std::string> packages;    // globs over the package's or its source's name
  std::vector<std::string> images;      // image patterns
  std::vector<std::string> rules;       // rule names
  std::vector<std::string> paths = {};  // globs over where in the image
  TimePoint until;                      // not excused from this moment on
  std::string until_text;               // as written
  std::string reason;
  std::string approved_by = {};
  // Of a ScanException that the policy takes (policy/scan_exception.h):
  std::string ns = {};   // counts only for what runs there
  std::string key = {};  // tells it from all others and from what it was before it was edited
  std::optional<Severity> severity_at_most = {};  // findings above it, or of unknown one, stay
};

/// How far a policy takes ScanExceptions; without it, not at all.
struct AllowExceptions {
  std::vector<std::string> rules;  // empty: all
  std::optional<Severity> severity_at_most;
  std::chrono::milliseconds time = std::chrono::hours(24 * 90);  // from its creation to its end
  bool approval_required = false;
};

/// For a digest that ran in a namespace before it turned bad: whether it is let in there again, for
/// how long from that moment.
struct AlreadyRunning {
  bool allow = true;  // action: Allow, else Judge
  std::chrono::milliseconds time = std::chrono::hours(720);
};

/// An older database is said to be old (the condition DatabaseFresh, coverage of `landwaiter scan`)
/// where no policy has a maxDatabaseAge. It decides no rule: that is maxDatabaseAge's.
inline constexpr std::chrono::hours kDefaultDatabaseAge{24 * 7};

struct ScanPolicy {
  std::string name;
  std::string uid;  // "" for a file; a policy that was made anew under its name has another one
  std::int64_t generation = 0;
  Match match;
  Enforcement enforcement = Enforcement::kEnforce;
  Action on_unscanned = Action::kDeny;
  bool holds = false;  // onUnscanned: Hold; on_unscanned is what is answered where none can be held
  std::chrono::milliseconds hold_for = std::chrono::minutes(10);
  Action on_incomplete = Action::kDeny;
  std::chrono::seconds wait = std::chrono::seconds(3);
  std::optional<std::chrono::milliseconds> max_database_age;
  AlreadyRunning already_running;
  bool pin_digests = false;
  bool deny_workloads = false;
  std::vector<Rule> rules;
  /// The policy's own, then those of ScanExceptions where WithScanExceptions has added some.
  std::vector<PolicyException> exceptions;
  std::optional<AllowExceptions> allow_exceptions;
};

/// One API object (apiVersion, kind, metadata.name, uid and generation, spec; not status).
/// Errors: InvalidArgument that names every path that is wrong and what was expected there;
/// ResourceExhausted for more than kMaxPolicyBytes or kMaxPolicyDepth.
Result<ScanPolicy> ParsePolicyJson(std::string_view json);

/// A policy that is already in the cluster must not vanish because a part of it cannot be read:
/// what can be read is taken, a broken rule keeps its error, of `match` what is broken matches
/// all, a broken exception excuses nothing, alreadyRunning whose action is broken is Judge, and any
/// other broken field has its default.
struct LenientPolicy {
  ScanPolicy policy;
  std::vector<std::string> errors;  // empty: the same as ParsePolicyJson
};
/// Errors: only for what is no JSON object with a metadata.name.
Result<LenientPolicy> ParsePolicyJsonLeniently(std::string_view json);

/// One or more documents of YAML (JSON is YAML). Plain scalars are typed as the Kubernetes API
/// does, but "yes", "on" and the like stay strings, and a number where text is wanted is an error
/// that says to quote it. Anchors and aliases are refused.
/// Errors: as ParsePolicyJson, naming the document by number where there are several.
Result<std::vector<ScanPolicy>> ParsePolicyYaml(std::string_view yaml);
/// As ParsePolicyYaml, each error naming the path. Names must differ within the file.
Result<std::vector<ScanPolicy>> ParsePolicyFile(const std::string& path);

/// The API server's own limit on a request is 3 MiB, on an object in etcd 1.5 MiB.
inline constexpr std::size_t kMaxPolicyBytes = 3u << 20;
/// The deepest legal policy has 8 levels.
inline constexpr std::size_t kMaxPolicyDepth = 32;

}  // namespace landwaiter::policy
