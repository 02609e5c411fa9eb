// The Kubernetes API as the roles use it: objects are JSON, kinds are a Resource, errors are codes.
//
// Api is the port: Client (client.h) speaks HTTP, FencedApi refuses writes when a lease is lost,
// tests have one in memory. All of it is thread-safe.
#pragma once

#include <chrono>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "lib/base/cancellation.h"
#include "lib/base/result.h"

namespace landwaiter::kube {

/// One kind of object: where it lives in the API and what it is called.
struct Resource {
  std::string_view group;  // "" for the core group
  std::string_view version;
  std::string_view plural;
  std::string_view kind;
  bool namespaced = true;

  std::string ApiVersion() const;  // "apps/v1", "v1"
};

inline constexpr Resource kPods{"", "v1", "pods", "Pod", true};
inline constexpr Resource kNodes{"", "v1", "nodes", "Node", false};
inline constexpr Resource kNamespaces{"", "v1", "namespaces", "Namespace", false};
inline constexpr Resource kSecrets{"", "v1", "secrets", "Secret", true};
inline constexpr Resource kServiceAccounts{"", "v1", "serviceaccounts", "ServiceAccount", true};
inline constexpr Resource kEvents{"", "v1", "events", "Event", true};
inline constexpr Resource kLeases{"coordination.k8s.io", "v1", "leases", "Lease", true};

/// Namespace (empty for cluster-scoped kinds) and name.
struct ObjectKey {
  std::string ns;
  std::string name;

  /// "ns/name", or "name" without a namespace.
  std::string ToString() const { return ns.empty() ? name : ns + "/" + name; }
  static ObjectKey Parse(std::string_view text);
  friend auto operator<=>(const ObjectKey&, const ObjectKey&) = default;
};

/// Of an object's metadata; fields that are absent are empty.
ObjectKey KeyOf(const nlohmann::json& object);
std::string ResourceVersionOf(const nlohmann::json& object);

// Error reasons (Error::reason) that callers decide by; others are the API server's own words.
inline constexpr std::string_view kReasonGone = "Gone";  // 410: list again
inline constexpr std::string_view kReasonAlreadyExists = "AlreadyExists";
inline constexpr std::string_view kReasonConflict = "Conflict";
inline constexpr std::string_view kReasonNotLeader = "NotLeader";  // refused by FencedApi

struct ListOptions {
  std::string ns = {};  // empty: all namespaces
  std::string label_selector = {};
  std::string field_selector = {};
  std::size_t page_size = 500;
};

struct WatchOptions {
  std::string ns = {};
  std::string label_selector = {};
  std::string field_selector = {};
  std::string resource_version = {};
  /// The server ends the watch after this long.
  std::chrono::seconds timeout{300};
  /// No byte (API servers send a bookmark about once a minute) for this long: Unavailable.
  std::chrono::milliseconds stall_timeout{150'000};
};

enum class WatchEventType { kAdded, kModified, kDeleted, kBookmark };

enum class PatchType { kJson, kMerge, kApply };

struct PatchOptions {
  PatchType type = PatchType::kMerge;
  std::string subresource = {};    // "status" or empty
  std::string field_manager = {};  // needed with kApply
  bool force = false;              // kApply: take fields from other managers
};

struct DeleteOptions {
  std::string uid = {};               // only this very object
  std::string resource_version = {};  // only this very state
};

class Api {
 public:
  using ItemHandler = std::function<Status(nlohmann::json&& item)>;
  /// False ends the watch (code Cancelled).
  using EventHandler = std::function<bool(WatchEventType type, const nlohmann::json& object)>;

  virtual ~Api() = default;

  // Errors of all: NotFound, Conflict (reason Conflict or AlreadyExists), Unauthenticated,
  // PermissionDenied, InvalidArgument (400, 422), ResourceExhausted (413, answers above the bound),
  // Unavailable (429 after the waits it asked for, 5xx, transport; 410 with reason Gone),
  // Cancelled, DeadlineExceeded, DataLoss (an answer that is no JSON object).

  virtual Result<nlohmann::json> Get(const Resource& resource, const ObjectKey& key,
                                     const Cancellation& cancel) = 0;
  /// All pages in turn (smaller ones where one is too large), each item to `on_item`, whose error
  /// ends the list and is returned. The value is the list's resourceVersion.
  virtual Result<std::string> List(const Resource& resource, const ListOptions& options,
                                   const ItemHandler& on_item, const Cancellation& cancel) = 0;
  virtual Result<nlohmann::json> Create(const Resource& resource, const nlohmann::json& object,
                                        const Cancellation& cancel) = 0;
  /// Replaces; a metadata.resourceVersion in `object` makes it conditional.
  virtual Result<nlohmann::json> Update(const Resource& resource, const nlohmann::json& object,
                                        const Cancellation& cancel) = 0;
  virtual Result<nlohmann::json> UpdateStatus(const Resource& resource,
                                              const nlohmann::json& object,
                                              const Cancellation& cancel) = 0;
  virtual Result<nlohmann::json> Patch(const Resource& resource, const ObjectKey& key,
                                       const PatchOptions& options, const nlohmann::json& patch,
                                       const Cancellation& cancel) = 0;
  virtual Status Delete(const Resource& resource, const ObjectKey& key,
                        const DeleteOptions& options, const Cancellation& cancel) = 0;
  /// Returns Ok when the server ends the watch in good order.
  virtual Status Watch(const Resource& resource, const WatchOptions& options,
                       const EventHandler& on_event, const Cancellation& cancel) = 0;
};

/// Writes go through only while `may_write()` is true; else Conflict with reason NotLeader. The
/// check stands right before each write, so that a leader that lost its lease stops at once.
class FencedApi final : public Api {
 public:
  /// `until`: when the right to write ends, as known now. What a write still waits for then (its
  /// turn, a pause that the server asked for), it waits for in vain: DeadlineExceeded.
  FencedApi(Api& api, std::function<bool()> may_write,
            std::function<Cancellation::SteadyTime()> until = nullptr);

  Result<nlohmann::json> Get(const Resource& resource, const ObjectKey& key,
                             const Cancellation& cancel) override;
  Result<std::string> List(const Resource& resource, const ListOptions& options,
                           const ItemHandler& on_item, const Cancellation& cancel) override;
  Result<nlohmann::json> Create(const Resource& resource, const nlohmann::json& object,
                                const Cancellation& cancel) override;
  Result<nlohmann::json> Update(const Resource& resource, const nlohmann::json& object,
                                const Cancellation& cancel) override;
  Result<nlohmann::json> UpdateStatus(const Resource& resource, const nlohmann::json& object,
                                      const Cancellation& cancel) override;
  Result<nlohmann::json> Patch(const Resource& resource, const ObjectKey& key,
                               const PatchOptions& options, const nlohmann::json& patch,
                               const Cancellation& cancel) override;
  Status Delete(const Resource& resource, const ObjectKey& key, const DeleteOptions& options,
                const Cancellation& cancel) override;
  Status Watch(const Resource& resource, const WatchOptions& options, const EventHandler& on_event,
               const Cancellation& cancel) override;

 private:
  /// How long this write may take.
  Result<Cancellation> MayWrite(const Resource& resource, const Cancellation& cancel) const;

  Api& api_;
  std::function<bool()> may_write_;
  std::function<Cancellation::SteadyTime()> until_;
};

}  // namespace landwaiter::kube
