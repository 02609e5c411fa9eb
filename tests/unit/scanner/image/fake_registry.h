// A registry on loopback that holds one image and can be told to misbehave: a hook sees each
// request first and may answer it its own way.
#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "lib/base/digest.h"
#include "scanner/image/manifest.h"
#include "tests/support/loopback_server.h"

namespace landwaiter::testing {

struct TinyImage {
  std::string layer = std::string(100'000, 'l');
  std::string config =
      R"({"architecture":"amd64","os":"linux","config":{"User":"1000"},"rootfs":{"type":"layers",)"
      R"("diff_ids":[")" +
      Sha256::Of(layer).ToString() + R"("]}})";
  std::string manifest =
      R"({"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":)" +
      Descriptor("application/vnd.oci.image.config.v1+json", config) + R"(,"layers":[)" +
      Descriptor("application/vnd.oci.image.layer.v1.tar", layer) + "]}";

  static std::string Descriptor(const std::string& type, const std::string& bytes) {
    return R"({"mediaType":")" + type + R"(","digest":")" + Sha256::Of(bytes).ToString() +
           R"(","size":)" + std::to_string(bytes.size()) + "}";
  }
  Digest ManifestDigest() const { return Sha256::Of(manifest); }
};

class FakeRegistry {
 public:
  /// Returns nullopt to let the registry answer; else whether to keep the connection.
  using Hook = std::function<std::optional<bool>(const SeenRequest&, Connection&)>;

  explicit FakeRegistry(Hook hook = {})
      : hook_(std::move(hook)),
        server([this](const SeenRequest& r, Connection& c) { return Answer(r, c); }) {}

  std::string Reference(const std::string& rest = ":1") const {
    return server.Host() + "/team/app" + rest;
  }
  /// How many requests whose method and target start so.
  int Count(const std::string& method, const std::string& target) {
    int count = 0;
    for (const SeenRequest& seen : server.Seen()) {
      count += seen.method == method && seen.target.rfind(target, 0) == 0;
    }
    return count;
  }
  static std::string ManifestTarget(const std::string& which) {
    return "/v2/team/app/manifests/" + which;
  }
  std::string LayerTarget() const {
    return "/v2/team/app/blobs/" + Sha256::Of(image.layer).ToString();
  }

  const TinyImage image;

 private:
  bool Answer(const SeenRequest& r, Connection& c) {
    if (hook_) {
      if (const auto kept = hook_(r, c)) return *kept;
    }
    if (r.target == ManifestTarget("1") ||
        r.target == ManifestTarget(image.ManifestDigest().ToString())) {
      std::string head =
          "HTTP/1.1 200 OK\r\nContent-Type: application/vnd.oci.image.manifest.v1+json\r\n"
          "Docker-Content-Digest: " +
          image.ManifestDigest().ToString() +
          "\r\nContent-Length: " + std::to_string(image.manifest.size()) + "\r\n\r\n";
      return c.Send(r.method == "HEAD" ? head : head + image.manifest);
    }
    for (const std::string* blob : {&image.layer, &image.config}) {
      if (r.target == "/v2/team/app/blobs/" + Sha256::Of(*blob).ToString()) {
        return SendBlob(r, c, *blob);
      }
    }
    return c.Reply(404, {}, R"({"errors":[{"code":"MANIFEST_UNKNOWN","message":"unknown"}]})");
  }
  static bool SendBlob(const SeenRequest& r, Connection& c, const std::string& blob) {
    const std::string range = r.Header("range");
    if (range.empty()) return c.Reply(200, {}, blob);
    const std::size_t from =
        std::strtoul(range.c_str() + std::string("bytes=").size(), nullptr, 10);
    return c.Reply(
        206,
        {{"Content-Range", "bytes " + std::to_string(from) + "-" + std::to_string(blob.size() - 1) +
                               "/" + std::to_string(blob.size())}},
        std::string_view(blob).substr(from));
  }

  const Hook hook_;

 public:
  LoopbackServer server;  // last: it calls what stands above
};

}  // namespace landwaiter::testing
