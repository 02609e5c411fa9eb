// An image in memory, and a source that can misbehave.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstring>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "model/scan_request.h"
#include "scanner/image/source.h"
#include "tests/unit/scanner/layer/fixtures.h"

namespace landwaiter::service::testing {

inline std::string Quoted(std::string_view text) { return "\"" + std::string(text) + "\""; }

class MemoryBlob final : public image::BlobReader {
 public:
  explicit MemoryBlob(std::string bytes) : bytes_(std::move(bytes)) {}
  Result<std::size_t> Read(char* buffer, std::size_t size) override {
    const std::size_t count = std::min(size, bytes_.size() - at_);
    std::memcpy(buffer, bytes_.data() + at_, count);
    at_ += count;
    return count;
  }

 private:
  std::string bytes_;
  std::size_t at_ = 0;
};

/// Layers added base first; one platform, linux/amd64.
class MemoryImage final : public image::ImageSource {
 public:
  MemoryImage& Layer(const std::string& tar,
                     const std::string& media_type = layer::testing::kGzipLayer) {
    layer::testing::NoteTar(tar);
    const std::string blob = media_type == layer::testing::kGzipLayer   ? layer::testing::Gzip(tar)
                             : media_type == layer::testing::kZstdLayer ? layer::testing::Zstd(tar)
                                                                        : tar;
    return Blob(blob, Sha256::Of(tar), media_type);
  }
  MemoryImage& Blob(const std::string& blob, const Digest& diff_id, const std::string& media_type) {
    const Digest digest = Sha256::Of(blob);
    blobs_[digest] = blob;
    if (!layers_.empty()) layers_ += ",";
    if (!diff_ids_.empty()) diff_ids_ += ",";
    layers_ += "{\"mediaType\":" + Quoted(media_type) + ",\"digest\":" + Quoted(digest.ToString()) +
               ",\"size\":" + std::to_string(blob.size()) + "}";
    diff_ids_ += Quoted(diff_id.ToString());
    layer_digests_.push_back(digest);
    return *this;
  }
  MemoryImage& User(const std::string& user) {
    user_ = user;
    return *this;
  }
  MemoryImage& History(const std::string& json) {
    history_ = json;
    return *this;
  }
  /// Of the manifest, as JSON.
  MemoryImage& Annotations(const std::string& json) {
    annotations_ = json;
    return *this;
  }
  /// Makes manifest and configuration.
  MemoryImage& Build() {
    const std::string config =
        "{\"architecture\":\"amd64\",\"os\":\"linux\",\"config\":{\"User\":" + Quoted(user_) +
        "},\"history\":" + history_ + ",\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[" +
        diff_ids_ + "]}}";
    const Digest config_digest = Sha256::Of(config);
    blobs_[config_digest] = config;
    manifest_.media_type = "application/vnd.oci.image.manifest.v1+json";
    manifest_.bytes =
        "{\"schemaVersion\":2,\"mediaType\":" + Quoted(manifest_.media_type) +
        ",\"config\":{\"mediaType\":\"application/vnd.oci.image.config.v1+json\",\"digest\":" +
        Quoted(config_digest.ToString()) + ",\"size\":" + std::to_string(config.size()) +
        "},\"layers\":[" + layers_ + "],\"annotations\":" + annotations_ + "}";
    manifest_.digest = Sha256::Of(manifest_.bytes);
    return *this;
  }

  /// What Blob answers in place of the bytes; "" for the bytes themselves.
  std::map<Digest, Error> failures;
  std::map<Digest, std::string> other_bytes;
  std::atomic<int> blobs_opened = 0;

  /// From now on asking for a layer is an error.
  void ForgetLayers() {
    for (const Digest& layer : layer_digests_) failures[layer] = NotFound("no such layer any more");
  }

  const Digest& LayerDigest(std::size_t index) const { return layer_digests_[index]; }
  const Digest& digest() const { return manifest_.digest; }

  std::string Name() const override { return "memory"; }
  Result<image::RawManifest> Manifest(const std::optional<Digest>& digest) override {
    if (digest && *digest != manifest_.digest) return NotFound("no such manifest");
    return manifest_;
  }
  Result<std::unique_ptr<image::BlobReader>> Blob(const image::Descriptor& descriptor) override {
    ++blobs_opened;
    if (const auto failed = failures.find(descriptor.digest); failed != failures.end()) {
      return failed->second;
    }
    if (const auto other = other_bytes.find(descriptor.digest); other != other_bytes.end()) {
      return std::unique_ptr<image::BlobReader>(std::make_unique<MemoryBlob>(other->second));
    }
    const auto found = blobs_.find(descriptor.digest);
    if (found == blobs_.end()) return NotFound("no such blob");
    return std::unique_ptr<image::BlobReader>(std::make_unique<MemoryBlob>(found->second));
  }

 private:
  std::map<Digest, std::string> blobs_;
  std::string layers_;
  std::string diff_ids_;
  std::string user_;
  std::string history_ = "[]";
  std::string annotations_ = "{}";
  std::vector<Digest> layer_digests_;
  image::RawManifest manifest_;
};

inline constexpr const char* kOsRelease =
    "ID=debian\nVERSION_ID=\"12\"\nVERSION_CODENAME=bookworm\nPRETTY_NAME=\"Debian 12\"\n";
inline constexpr const char* kStatus =
    "Package: bash\nStatus: install ok installed\nArchitecture: amd64\nVersion: 5.2.15-2\n\n"
    "Package: libc6\nStatus: install ok installed\nArchitecture: amd64\nSource: glibc\n"
    "Version: 2.36-9\n";

inline MemoryImage& SmallImage(MemoryImage& image) {
  using layer::testing::Tar;
  return image
      .Layer(Tar()
                 .Folder("etc")
                 .Symlink("etc/os-release", "../usr/lib/os-release")
                 .File("etc/passwd", "root:x:0:0::/:/bin/sh\napp:x:1000:1000::/:/bin/sh\n")
                 .File("usr/lib/os-release", kOsRelease)
                 .File("var/lib/dpkg/status", kStatus)
                 .Build())
      .Layer(Tar().File("app/readme", std::string(300000, 'r')).Build(), layer::testing::kZstdLayer)
      .User("app")
      .Build();
}

}  // namespace landwaiter::service::testing
