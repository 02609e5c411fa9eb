// Keeps a picture of one kind of object: lists it, watches from the list's resourceVersion, and
// lists again when the server says that it no longer knows that version (410) or the watch breaks
// in a way that may have lost events. client-go calls this part a Reflector.
//
// Bookmarks move the version forward without an object, so that a quiet watch resumes where it was.
// A watch that ends in good order, or is cut, resumes from the last version; an error waits with a
// jittered back-off. The server's silence is detected by WatchOptions::stall_timeout.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <string>
#include <thread>

#include "lib/kube/api.h"

namespace landwaiter::kube {

struct ReflectorOptions {
  Resource resource;
  std::string ns = {};
  std::string label_selector = {};
  std::string field_selector = {};
  std::size_t page_size = 500;
  std::chrono::seconds watch_timeout{300};  // the server is asked for one to two times this
  std::chrono::milliseconds stall_timeout{150'000};
  std::chrono::milliseconds backoff_min{200};
  std::chrono::milliseconds backoff_max{15'000};
};

/// Where objects go. Called from the reflector's one thread.
class ReflectorSink {
 public:
  virtual ~ReflectorSink() = default;
  virtual void OnListBegin() = 0;
  virtual void OnObject(const nlohmann::json& object) = 0;  // listed, added or modified
  virtual void OnDelete(const nlohmann::json& object) = 0;
  /// What was not given since OnListBegin is gone.
  virtual void OnListEnd() = 0;
};

class Reflector {
 public:
  Reflector(Api& api, ReflectorOptions options, ReflectorSink& sink);
  ~Reflector();
  Reflector(const Reflector&) = delete;
  Reflector& operator=(const Reflector&) = delete;

  void Start();
  /// Ends the watch and joins; may be called twice.
  void Stop();

  /// The first list went through.
  bool HasSynced() const { return synced_.load(); }
  /// False where `cancel` ended the wait.
  bool WaitForSync(const Cancellation& cancel);
  /// The last list or watch event was taken without an error since.
  bool Connected() const { return connected_.load(); }
  std::uint64_t Lists() const { return lists_.load(); }
  /// When the server was heard last, in Unix time: a list's end, a change or a bookmark (which
  /// comes each minute where nothing changes). 0 before the first list.
  double HeardAt() const { return heard_at_.load(); }

 private:
  void Run(const std::stop_token& stop);
  Status ListOnce(const Cancellation& cancel);
  Status WatchOnce(const Cancellation& cancel);
  void Wait(const std::stop_token& stop, std::chrono::milliseconds time);
  void Heard();

  Api& api_;
  const ReflectorOptions options_;
  ReflectorSink& sink_;
  std::string resource_version_;  // empty: list
  std::atomic<bool> synced_{false};
  std::atomic<bool> connected_{false};
  std::atomic<std::uint64_t> lists_{0};
  std::atomic<double> heard_at_{0};
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::jthread thread_;
};

}  // namespace landwaiter::kube
