// An API server in memory for tests: objects with resourceVersions, conflicts, status apart from
// spec, watches that end, break and expire on demand. It speaks kube::Api, not HTTP.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "lib/kube/api.h"

namespace landwaiter::testing {

class FakeKube : public kube::Api {
 public:
  using json = nlohmann::json;
  struct Write {
    std::string verb;  // "create", "update", "status", "patch", "delete"
    std::string plural;
    std::string key;
  };

  Result<json> Get(const kube::Resource& resource, const kube::ObjectKey& key,
                   const Cancellation&) override {
    const std::lock_guard lock(mutex_);
    if (auto failed = Fault("get", resource, key)) return *failed;
    const json* object = Find(resource, key);
    if (object == nullptr) return Missing(resource, key);
    return *object;
  }

  Result<std::string> List(const kube::Resource& resource, const kube::ListOptions&,
                           const ItemHandler& on_item, const Cancellation&) override {
    std::vector<json> items;
    std::string version;
    {
      const std::lock_guard lock(mutex_);
      if (auto failed = Fault("list", resource, {})) return *failed;
      for (const auto& [key, object] : objects_[std::string(resource.plural)]) {
        items.push_back(object);
      }
      version = std::to_string(version_);
      ++lists_[std::string(resource.plural)];
    }
    for (auto& item : items) {
      if (Status status = on_item(std::move(item)); !status) return status.error();
    }
    return version;
  }

  Result<json> Create(const kube::Resource& resource, const json& object,
                      const Cancellation&) override {
    const std::lock_guard lock(mutex_);
    const kube::ObjectKey key = kube::KeyOf(object);
    if (auto failed = Fault("create", resource, key)) return *failed;
    if (Find(resource, key) != nullptr) {
      return Error{Code::kConflict, key.ToString() + " exists", "AlreadyExists"};
    }
    json made = object;
    made["metadata"]["uid"] = "uid-" + std::to_string(version_ + 1);
    made["metadata"]["generation"] = 1;
    if (!made["metadata"].contains("creationTimestamp")) {
      made["metadata"]["creationTimestamp"] = "2026-11-24T00:00:00Z";
    }
    Store(resource, key, made, "create", "ADDED");
    return made;
  }

  Result<json> Update(const kube::Resource& resource, const json& object,
                      const Cancellation&) override {
    return Replace(resource, object, "update");
  }
  Result<json> UpdateStatus(const kube::Resource& resource, const json& object,
                            const Cancellation&) override {
    return Replace(resource, object, "status");
  }

  Result<json> Patch(const kube::Resource& resource, const kube::ObjectKey& key,
                     const kube::PatchOptions& options, const json& patch,
                     const Cancellation&) override {
    const std::lock_guard lock(mutex_);
    if (auto failed = Fault("patch", resource, key)) return *failed;
    json* object = Find(resource, key);
    if (object == nullptr) return Missing(resource, key);
    const std::string wanted = kube::ResourceVersionOf(patch);
    if (!wanted.empty() && wanted != kube::ResourceVersionOf(*object)) return Stale(key);
    json changed = *object;
    if (options.type == kube::PatchType::kJson) {
      try {
        changed = changed.patch(patch);
      } catch (const json::exception& error) {  // a test that failed, a path that is not there
        return Error{Code::kInvalidArgument, error.what(), "Invalid"};
      }
    } else {
      changed.merge_patch(patch);
    }
    if (options.subresource.empty() && changed["spec"] != (*object)["spec"]) {
      changed["metadata"]["generation"] = changed["metadata"].value("generation", 0) + 1;
    }
    Store(resource, key, changed, "patch", "MODIFIED");
    return changed;
  }

  Status Delete(const kube::Resource& resource, const kube::ObjectKey& key,
                const kube::DeleteOptions& options, const Cancellation&) override {
    const std::lock_guard lock(mutex_);
    if (auto failed = Fault("delete", resource, key)) return *failed;
    json* object = Find(resource, key);
    if (object == nullptr) return Missing(resource, key);
    if (!options.resource_version.empty() &&
        options.resource_version != kube::ResourceVersionOf(*object)) {
      return Stale(key);
    }
    json gone = *object;
    objects_[std::string(resource.plural)].erase(key.ToString());
    gone["metadata"]["resourceVersion"] = std::to_string(++version_);
    history_.push_back({version_, std::string(resource.plural), "DELETED", gone});
    writes_.push_back({"delete", std::string(resource.plural), key.ToString()});
    changed_.notify_all();
    return Ok();
  }

  Status Watch(const kube::Resource& resource, const kube::WatchOptions& options,
               const EventHandler& on_event, const Cancellation& cancel) override {
    std::uint64_t at = std::stoull(options.resource_version);
    std::unique_lock lock(mutex_);
    const std::uint64_t cut = cuts_;
    ++watches_;
    changed_.notify_all();
    while (true) {
      if (at < oldest_) {
        return Error{Code::kUnavailable, "too old", std::string(kube::kReasonGone)};
      }
      std::vector<Event> due;
      for (const Event& event : history_) {
        if (event.version > at && event.plural == resource.plural) due.push_back(event);
      }
      at = version_;
      lock.unlock();
      for (const Event& event : due) {
        if (!on_event(TypeOf(event.type), event.object)) {
          return Error{Code::kCancelled, "ended by the reader"};
        }
      }
      lock.lock();
      changed_.wait(lock, cancel.stop, [&] { return version_ > at || cuts_ != cut; });
      if (cancel.Stopped()) return Error{Code::kCancelled, "stopped"};
      if (cuts_ != cut) return Unavailable("connection cut");
    }
  }

  // --- what a test does from outside

  /// Creates or replaces, spec and status as given.
  json Put(const kube::Resource& resource, json object) {
    const std::lock_guard lock(mutex_);
    const kube::ObjectKey key = kube::KeyOf(object);
    const bool known = Find(resource, key) != nullptr;
    if (!object["metadata"].contains("uid")) {
      object["metadata"]["uid"] = "uid-" + std::to_string(version_ + 1);
    }
    if (!object["metadata"].contains("generation")) object["metadata"]["generation"] = 1;
    Store(resource, key, object, "put", known ? "MODIFIED" : "ADDED");
    return object;
  }
  void Remove(const kube::Resource& resource, const kube::ObjectKey& key) {
    (void)Delete(resource, key, {}, {});
  }
  json Read(const kube::Resource& resource, const kube::ObjectKey& key) {
    const std::lock_guard lock(mutex_);
    const json* object = Find(resource, key);
    return object == nullptr ? json() : *object;
  }
  std::vector<json> All(const kube::Resource& resource) {
    const std::lock_guard lock(mutex_);
    std::vector<json> out;
    for (const auto& [key, object] : objects_[std::string(resource.plural)]) out.push_back(object);
    return out;
  }
  /// All watches break now.
  void Cut() {
    {
      const std::lock_guard lock(mutex_);
      ++cuts_;
    }
    changed_.notify_all();
  }
  /// The server forgets what happened so far: watches from before get 410.
  void Forget() {
    const std::lock_guard lock(mutex_);
    history_.clear();
    oldest_ = ++version_;
  }
  /// Asked before each call; an Error is its answer.
  void SetFault(std::function<std::optional<Error>(const std::string& verb, const kube::Resource&,
                                                   const kube::ObjectKey&)>
                    fault) {
    const std::lock_guard lock(mutex_);
    fault_ = std::move(fault);
  }
  std::size_t Lists(const kube::Resource& resource) {
    const std::lock_guard lock(mutex_);
    return lists_[std::string(resource.plural)];
  }
  std::vector<Write> Writes() {
    const std::lock_guard lock(mutex_);
    return writes_;
  }
  std::size_t CountWrites(const std::string& verb, const kube::Resource& resource) {
    const std::lock_guard lock(mutex_);
    std::size_t count = 0;
    for (const auto& write : writes_) {
      if (write.verb == verb && write.plural == resource.plural) ++count;
    }
    return count;
  }
  /// Until `condition` holds, looked at after every change; false after `limit`.
  bool WaitUntil(const std::function<bool()>& condition,
                 std::chrono::seconds limit = std::chrono::seconds(30)) {
    const auto end = std::chrono::steady_clock::now() + limit;
    while (!condition()) {
      std::unique_lock lock(mutex_);
      // Not every condition is a change of an object: looked at again soon in any case.
      changed_.wait_for(lock, std::chrono::milliseconds(5));
      if (std::chrono::steady_clock::now() > end) return false;
    }
    return true;
  }

 private:
  struct Event {
    std::uint64_t version;
    std::string plural;
    std::string type;
    json object;
  };

  static kube::WatchEventType TypeOf(const std::string& type) {
    if (type == "ADDED") return kube::WatchEventType::kAdded;
    if (type == "DELETED") return kube::WatchEventType::kDeleted;
    return kube::WatchEventType::kModified;
  }
  static Error Missing(const kube::Resource& resource, const kube::ObjectKey& key) {
    return Error{Code::kNotFound, std::string(resource.plural) + " " + key.ToString(), "NotFound"};
  }
  static Error Stale(const kube::ObjectKey& key) {
    return Error{Code::kConflict, key.ToString() + " has been modified", "Conflict"};
  }
  std::optional<Error> Fault(const std::string& verb, const kube::Resource& resource,
                             const kube::ObjectKey& key) {
    return fault_ ? fault_(verb, resource, key) : std::nullopt;
  }
  json* Find(const kube::Resource& resource, const kube::ObjectKey& key) {
    auto& kind = objects_[std::string(resource.plural)];
    const auto found = kind.find(key.ToString());
    return found == kind.end() ? nullptr : &found->second;
  }
  void Store(const kube::Resource& resource, const kube::ObjectKey& key, json& object,
             const std::string& verb, const std::string& type) {
    object["metadata"]["resourceVersion"] = std::to_string(++version_);
    objects_[std::string(resource.plural)][key.ToString()] = object;
    history_.push_back({version_, std::string(resource.plural), type, object});
    writes_.push_back({verb, std::string(resource.plural), key.ToString()});
    changed_.notify_all();
  }
  Result<json> Replace(const kube::Resource& resource, const json& object,
                       const std::string& verb) {
    const std::lock_guard lock(mutex_);
    const kube::ObjectKey key = kube::KeyOf(object);
    if (auto failed = Fault(verb, resource, key)) return *failed;
    json* known = Find(resource, key);
    if (known == nullptr) return Missing(resource, key);
    const std::string wanted = kube::ResourceVersionOf(object);
    if (!wanted.empty() && wanted != kube::ResourceVersionOf(*known)) return Stale(key);
    json changed = *known;
    if (verb == "status") {
      changed["status"] = object.value("status", json::object());
    } else {
      const json status = changed.value("status", json());
      const json metadata = changed["metadata"];
      changed = object;
      for (const char* kept : {"uid", "creationTimestamp", "generation"}) {
        if (metadata.contains(kept)) changed["metadata"][kept] = metadata[kept];
      }
      if (!status.is_null()) changed["status"] = status;
    }
    Store(resource, key, changed, verb, "MODIFIED");
    return changed;
  }

  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::uint64_t version_ = 100;
  std::uint64_t oldest_ = 0;
  std::uint64_t cuts_ = 0;
  std::uint64_t watches_ = 0;
  std::map<std::string, std::map<std::string, json>> objects_;
  std::map<std::string, std::size_t> lists_;
  std::deque<Event> history_;
  std::vector<Write> writes_;
  std::function<std::optional<Error>(const std::string&, const kube::Resource&,
                                     const kube::ObjectKey&)>
      fault_;
};

}  // namespace landwaiter::testing
