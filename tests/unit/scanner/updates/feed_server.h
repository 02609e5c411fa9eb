// A server of feeds on loopback, a clock that a wait turns, and a store in a temporary folder.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "lib/base/file.h"
#include "scanner/updates/fetch.h"
#include "tests/support/loopback_server.h"
#include "tests/unit/scanner/advisories/feed_folder.h"

namespace landwaiter::updates {

using testing::Connection;
using testing::LoopbackServer;
using testing::SeenRequest;

/// Serves files as a good server does: validators, conditions, ranges. A hook sees each request
/// first and may answer it its own way.
class FeedServer {
 public:
  using Hook = std::function<std::optional<bool>(const SeenRequest&, Connection&)>;

  void Hold(const std::string& path, const std::string& bytes, const std::string& etag = "\"v1\"") {
    const std::lock_guard lock(mutex_);
    files_[path] = {bytes, etag};
  }
  void SetHook(Hook hook) {
    const std::lock_guard lock(mutex_);
    hook_ = std::move(hook);
  }
  FeedFile File(const std::string& path, const std::string& kind = "osv") {
    return {kind, server.Url(path), kind + path.substr(path.rfind('.'))};
  }
  std::vector<SeenRequest> Seen() { return server.Seen(); }

 private:
  struct Held {
    std::string bytes;
    std::string etag;
  };
  bool Answer(const SeenRequest& r, Connection& c) {
    Hook hook;
    Held file;
    {
      const std::lock_guard lock(mutex_);
      hook = hook_;
      const auto found = files_.find(r.target);
      if (found != files_.end()) file = found->second;
    }
    if (hook) {
      if (const auto kept = hook(r, c)) return *kept;
    }
    if (file.bytes.empty()) return c.Reply(404, {}, "");
    if (r.Header("if-none-match") == file.etag && !file.etag.empty()) {
      return c.Send("HTTP/1.1 304 X\r\nETag: " + file.etag + "\r\n\r\n");
    }
    const std::string range = r.Header("range");
    if (range.empty() || r.Header("if-range") != file.etag) {
      return c.Reply(200, {{"ETag", file.etag}}, file.bytes);
    }
    const std::size_t from = std::strtoul(range.c_str() + 6, nullptr, 10);
    if (from >= file.bytes.size()) return c.Reply(416, {}, "");
    const std::string whole = std::to_string(file.bytes.size());
    return c.Reply(206,
                   {{"ETag", file.etag},
                    {"Content-Range", "bytes " + std::to_string(from) + "-" +
                                          std::to_string(file.bytes.size() - 1) + "/" + whole}},
                   std::string_view(file.bytes).substr(from));
  }
  std::mutex mutex_;
  std::map<std::string, Held> files_;
  Hook hook_;

 public:
  LoopbackServer server{[this](const SeenRequest& r, Connection& c) { return Answer(r, c); }};
};

class TurnedClock final : public Clock {
 public:
  TimePoint Now() const override { return now; }
  TimePoint now = *ParseTime("2026-01-01T00:00:00Z");
};

/// As often as `times`, sends half of `bytes` in answer to a request that begins at 0, and goes.
inline FeedServer::Hook BreakOff(const std::string& bytes, int times,
                                 const std::string& headers = "ETag: \"v1\"\r\n") {
  const auto left = std::make_shared<int>(times);
  return [=](const SeenRequest&, Connection& c) -> std::optional<bool> {
    if ((*left)-- <= 0) return std::nullopt;
    c.Send("HTTP/1.1 200 X\r\n" + headers + "Content-Length: " + std::to_string(bytes.size()) +
           "\r\n\r\n" + bytes.substr(0, bytes.size() / 2));
    return false;
  };
}

}  // namespace landwaiter::updates
