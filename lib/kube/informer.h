// A local copy of one kind of object, kept true by a Reflector. A projection makes of each object
// only what its reader needs, so that 150,000 pods fit into memory; readers get shared, immutable
// values, never a reference into the store.
//
//   kube::Informer<Namespace> namespaces(api, {.resource = kube::kNamespaces}, ProjectNamespace);
//   namespaces.AddHandler([&](const auto& change) { queue.Add(change.key.name); });
//   namespaces.Start();
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "lib/base/metrics.h"
#include "lib/kube/reflector.h"

namespace landwaiter::kube {

/// When an informer heard of its resource last: the age of what it knows, once the server is
/// silent.
void AddInformerMetric(metrics::Registry& metrics, const Resource& resource,
                       std::function<double()> heard_at);
/// Logs that an object was left out because its projection failed.
void LogRefusedObject(const Resource& resource, const ObjectKey& key, const Error& error);
std::uint64_t HashOf(const std::string& text);

template <class T>
class Informer final : private ReflectorSink {
 public:
  /// An object whose projection fails is left out (and logged); where that must not happen, let T
  /// hold the error.
  using Projection = std::function<Result<T>(const nlohmann::json& object)>;
  struct Change {
    ObjectKey key;
    std::shared_ptr<const T> before;  // null: added
    std::shared_ptr<const T> after;   // null: deleted
  };
  /// Called on the reflector's thread after the store has changed; quick, no I/O. Events may be
  /// merged (a relist shows only the last state): act on the state, not on the event.
  using Handler = std::function<void(const Change& change)>;

  Informer(Api& api, ReflectorOptions options, Projection projection)
      : resource_(options.resource),
        projection_(std::move(projection)),
        reflector_(api, std::move(options), *this) {}
  ~Informer() override { Stop(); }

  /// The informer must outlive the registry's last rendering.
  void Measure(metrics::Registry& metrics) const {
    AddInformerMetric(metrics, resource_, [this] { return HeardAt(); });
  }
  /// Before Start.
  void AddHandler(Handler handler) { handlers_.push_back(std::move(handler)); }
  void Start() { reflector_.Start(); }
  void Stop() { reflector_.Stop(); }
  bool HasSynced() const { return reflector_.HasSynced(); }
  bool WaitForSync(const Cancellation& cancel) { return reflector_.WaitForSync(cancel); }
  bool Connected() const { return reflector_.Connected(); }
  std::uint64_t Lists() const { return reflector_.Lists(); }
  double HeardAt() const { return reflector_.HeardAt(); }

  /// Null where there is none.
  std::shared_ptr<const T> Get(const ObjectKey& key) const {
    const std::shared_lock lock(mutex_);
    const auto found = store_.find(key.ToString());
    return found == store_.end() ? nullptr : found->second.value;
  }
  std::shared_ptr<const T> Get(const std::string& cluster_scoped_name) const {
    return Get(ObjectKey{"", cluster_scoped_name});
  }
  /// A snapshot, in no order.
  std::vector<std::pair<ObjectKey, std::shared_ptr<const T>>> List() const {
    const std::shared_lock lock(mutex_);
    std::vector<std::pair<ObjectKey, std::shared_ptr<const T>>> out;
    out.reserve(store_.size());
    for (const auto& [key, entry] : store_) out.emplace_back(ObjectKey::Parse(key), entry.value);
    return out;
  }
  /// Under the store's lock: `fn(const std::string& "ns/name", const T&)`, quick.
  template <class Fn>
  void ForEach(Fn&& fn) const {
    const std::shared_lock lock(mutex_);
    for (const auto& [key, entry] : store_) fn(key, *entry.value);
  }
  std::size_t size() const {
    const std::shared_lock lock(mutex_);
    return store_.size();
  }

 private:
  struct Entry {
    std::shared_ptr<const T> value;
    // Small, since there are so many. Rounds are compared with the last one only.
    std::uint64_t version_hash : 48 = 0;  // of the resourceVersion: is it the same state
    std::uint64_t list_round : 16 = 0;
  };

  void OnListBegin() override { ++round_; }

  void OnObject(const nlohmann::json& object) override {
    ObjectKey key = KeyOf(object);
    std::string name = key.ToString();
    const std::uint64_t version = HashOf(ResourceVersionOf(object)) >> 16;
    {
      const std::unique_lock lock(mutex_);
      const auto found = store_.find(name);
      if (found != store_.end() && found->second.version_hash == version) {
        found->second.list_round = round_;
        return;
      }
    }
    Result<T> value = projection_(object);
    if (!value) {
      LogRefusedObject(resource_, key, value.error());
      Remove(std::move(key));
      return;
    }
    auto after = std::make_shared<const T>(std::move(*value));
    std::shared_ptr<const T> before;
    {
      const std::unique_lock lock(mutex_);
      Entry& entry = store_[std::move(name)];
      before = std::exchange(entry.value, after);
      entry.version_hash = version;
      entry.list_round = round_;
    }
    Notify({std::move(key), std::move(before), std::move(after)});
  }

  void OnDelete(const nlohmann::json& object) override { Remove(KeyOf(object)); }

  void OnListEnd() override {
    std::vector<std::string> gone;
    {
      const std::shared_lock lock(mutex_);
      for (const auto& [key, entry] : store_) {
        if (entry.list_round != round_) gone.push_back(key);
      }
    }
    for (const auto& key : gone) Remove(ObjectKey::Parse(key));
  }

  void Remove(ObjectKey key) {
    std::shared_ptr<const T> before;
    {
      const std::unique_lock lock(mutex_);
      const auto found = store_.find(key.ToString());
      if (found == store_.end()) return;
      before = std::move(found->second.value);
      store_.erase(found);
    }
    Notify({std::move(key), std::move(before), nullptr});
  }

  void Notify(const Change& change) {
    for (const auto& handler : handlers_) handler(change);
  }

  const Resource resource_;
  const Projection projection_;
  std::vector<Handler> handlers_;
  mutable std::shared_mutex mutex_;
  std::unordered_map<std::string, Entry> store_;
  std::uint16_t round_ = 0;  // of the reflector's thread
  Reflector reflector_;      // last: its thread ends before the store does
};

}  // namespace landwaiter::kube
