// What the webhook knows without asking: policies, scans, namespaces (fed by informers) and what
// the controller lately said of references. Readers get shared, immutable values; each change wakes
// whoever waits for its key.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "admission/decide.h"
#include "policy/policy.h"
#include "policy/scan_exception.h"
#include "resources/ensure.h"
#include "resources/image_scan.h"

namespace landwaiter::webhook {

using admission::EnsureFailure;
using SteadyTime = std::chrono::steady_clock::time_point;

/// Row 5: how long a tag's digest is believed here.
inline constexpr std::chrono::minutes kResolutionLifetime = resources::kTagBelievedByWebhook;
/// Answers of the controller that are kept; some 300 bytes each.
inline constexpr std::size_t kMaxEnsured = 50'000;

/// Which credentials a reference would be resolved with: what one namespace may see says nothing
/// about another.
struct CredentialSet {
  std::string ns;
  std::string service_account;
  std::vector<std::string> pull_secrets;  // each once, in the pod's order: the first that fits wins
  std::string Key() const;
};

/// What the controller last said of a reference.
struct Ensured {
  std::optional<Digest> digest;
  std::optional<EnsureFailure> failure;
  SteadyTime at;
};

using Labels = std::map<std::string, std::string>;
using PolicyList = std::vector<std::shared_ptr<const policy::ScanPolicy>>;

/// Keys that a waiter may wait for.
std::string ScanKey(const std::string& scan_name);
std::string NamespaceKey(const std::string& name);
std::string EnsureKey(const CredentialSet& credentials, const std::string& reference);

/// Thread-safe.
class Memory {
 public:
  /// Called after each change with its key, on the changing thread; quick. Set before any change.
  void OnChange(std::function<void(const std::string& key)> wake) { wake_ = std::move(wake); }

  void PutPolicy(std::shared_ptr<const policy::ScanPolicy> policy);
  void RemovePolicy(const std::string& name);
  /// `key`: its namespace and name.
  void PutException(const std::string& key, std::shared_ptr<const policy::ScanException> exception);
  void RemoveException(const std::string& key);
  void PutScan(std::shared_ptr<const resources::ImageScan> scan);
  void RemoveScan(const std::string& name);
  void PutNamespace(const std::string& name, std::shared_ptr<const Labels> labels);
  void RemoveNamespace(const std::string& name);
  void PutEnsured(const std::string& ensure_key, Ensured ensured);

  /// Sorted by name, each with the ScanExceptions that it takes. Never null.
  std::shared_ptr<const PolicyList> Policies() const;
  /// Null where there is none, as in the next two.
  std::shared_ptr<const resources::ImageScan> Scan(const std::string& name) const;
  std::shared_ptr<const Labels> NamespaceLabels(const std::string& name) const;
  std::optional<Ensured> LastEnsured(const std::string& ensure_key) const;

  std::size_t ScanCount() const;
  std::size_t PolicyCount() const { return Policies()->size(); }

 private:
  void Wake(const std::string& key) const {
    if (wake_) wake_(key);
  }

  std::function<void(const std::string&)> wake_;
  mutable std::shared_mutex mutex_;
  /// What policies_ is made of; made when it is next asked for, since lists come object by object.
  std::map<std::string, std::shared_ptr<const policy::ScanPolicy>> written_;
  std::map<std::string, std::shared_ptr<const policy::ScanException>> exceptions_;
  mutable bool stale_ = false;
  mutable std::shared_ptr<const PolicyList> policies_ = std::make_shared<PolicyList>();
  std::unordered_map<std::string, std::shared_ptr<const resources::ImageScan>> scans_;
  std::unordered_map<std::string, std::shared_ptr<const Labels>> namespaces_;
  mutable std::mutex ensured_mutex_;
  std::unordered_map<std::string, Ensured> ensured_;
};

}  // namespace landwaiter::webhook
