#include "scanner/image/artifact_push.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "lib/base/file.h"
#include "scanner/image/failure.h"
#include "scanner/image/manifest.h"
#include "scanner/image/registry_errors.h"
#include "scanner/image/registry_transport.h"

namespace landwaiter::image {
namespace {

constexpr int kMaxUploads = 3;  // of one blob, each begun anew

class BlobContent {
 public:
  static Result<BlobContent> Open(const ArtifactBlob& blob) {
    if (blob.path.empty()) return BlobContent(&blob, FileDescriptor());
    FileDescriptor file(::open(blob.path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file) return NotFound("cannot open " + blob.path + ": " + std::strerror(errno));
    return BlobContent(&blob, std::move(file));
  }
  /// Exactly `size` bytes. Errors: DataLoss where there are fewer, Internal.
  Result<std::string> Read(std::uint64_t offset, std::size_t size) const {
    if (!file_) {
      if (offset > blob_->bytes.size()) return DataLoss("blob is shorter than announced");
      return blob_->bytes.substr(static_cast<std::size_t>(offset), size);
    }
    std::string bytes(size, '\0');
    for (std::size_t done = 0; done < size;) {
      const ssize_t got =
          ::pread(file_.get(), bytes.data() + done, size - done, static_cast<off_t>(offset + done));
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return Internal("cannot read " + blob_->path + ": " + std::strerror(errno));
      if (got == 0) return DataLoss(blob_->path + ": is shorter than it was");
      done += static_cast<std::size_t>(got);
    }
    return bytes;
  }

 private:
  BlobContent(const ArtifactBlob* blob, FileDescriptor file)
      : blob_(blob), file_(std::move(file)) {}
  const ArtifactBlob* blob_;
  FileDescriptor file_;
};

/// The pushing of one artifact.
class Upload {
 public:
  Upload(RegistryTransport& transport, Access& access, const Cancellation& cancel)
      : transport_(transport), access_(access), cancel_(cancel) {}

  /// True where it was sent, false where the registry had it.
  Result<bool> Blob(const Descriptor& blob, const ArtifactBlob& from) {
    const auto content = BlobContent::Open(from);
    if (!content) return content.error();
    for (int failures = 1;; ++failures) {
      const auto there = Has(blob);
      if (!there) return there.error();
      if (*there) return failures > 1;
      auto start = Start(blob);
      if (!start) return std::move(start).error();
      Status sent = Send(blob, *content, *std::move(start));
      if (sent) return true;
      // What went wrong with this upload need not with the next: it may be gone (404), or its
      // chunks no longer in order (416), or a chunk in it twice (400: the digest).
      const Code code = sent.error().code;
      const bool again =
          code == Code::kUnavailable || code == Code::kNotFound || code == Code::kUnsupported;
      if (!again || failures == kMaxUploads) return std::move(sent).error();
      if (!WaitFor(transport_.Backoff(failures), cancel_)) return std::move(sent).error();
    }
  }

  Status Manifest(const std::string& bytes) {
    RegistryRequest request = Writing("PUT", "manifest " + access_.image.ToString());
    request.path = "manifests/" + access_.image.tag;
    request.headers.push_back({"Content-Type", std::string(media_type::kOciManifest)});
    request.body = bytes;
    const auto body = transport_.Perform(access_, request, cancel_);
    if (!body) return body.error();
    const std::string_view said = (*body)->Head().HeaderValue("Docker-Content-Digest");
    if (said.empty() || said == Sha256::Of(bytes).ToString()) return Ok();
    return Failure(Code::kDataLoss, scan_reason::kDigestMismatch,
                   request.what + ": the registry stored it under another digest");
  }

 private:
  static RegistryRequest Writing(const char* method, std::string what) {
    RegistryRequest request;
    request.method = method;
    request.what = std::move(what);
    request.push = true;
    return request;
  }
  std::string What(const Descriptor& blob) const {
    return "upload of blob " + blob.digest.ToString() + " to " + access_.image.Name();
  }

  Result<bool> Has(const Descriptor& blob) {
    RegistryRequest request = Writing("HEAD", What(blob));
    request.path = "blobs/" + blob.digest.ToString();
    const auto body = transport_.Perform(access_, request, cancel_);
    if (body) return true;
    // A registry that answers no HEAD (405) gets the blob.
    const Error& error = body.error();
    if (error.reason == scan_reason::kNotFound || error.code == Code::kUnsupported) return false;
    return error;
  }

  /// Where the bytes go.
  Result<std::string> Start(const Descriptor& blob) {
    RegistryRequest request = Writing("POST", What(blob));
    request.path = "blobs/uploads/";
    const auto body = transport_.Perform(access_, request, cancel_);
    if (!body) return body.error();
    return LocationOf(**body, request.what);
  }

  Result<std::string> LocationOf(const http::ResponseBody& body, const std::string& what) const {
    const std::string_view location = body.Head().HeaderValue("Location");
    if (!location.empty()) return std::string(location);
    return Failure(Code::kUnsupported, scan_reason::kRegistryUnavailable,
                   what + ": the registry does not say where it goes on (no Location)");
  }

  Status Send(const Descriptor& blob, const BlobContent& content, std::string location) {
    std::uint64_t offset = 0;
    if (blob.size > kUploadChunkBytes) {
      for (; offset < blob.size;) {
        auto next = SendChunk(blob, content, offset, location);
        if (!next) return std::move(next).error();
        location = *std::move(next);
        offset += std::min<std::uint64_t>(kUploadChunkBytes, blob.size - offset);
      }
    }
    auto rest = content.Read(offset, static_cast<std::size_t>(blob.size - offset));
    if (!rest) return std::move(rest).error();
    RegistryRequest request = Writing("PUT", What(blob));
    const bool has_query = location.find('?') != std::string::npos;
    request.location = location + (has_query ? "&" : "?") +
                       "digest=" + http::PercentEncode(blob.digest.ToString());
    request.headers.push_back({"Content-Type", "application/octet-stream"});
    request.body = *std::move(rest);
    request.retry = false;
    const auto body = transport_.Perform(access_, request, cancel_);
    return body ? Ok() : Status(body.error());
  }

  Result<std::string> SendChunk(const Descriptor& blob, const BlobContent& content,
                                std::uint64_t offset, const std::string& location) {
    const auto size =
        static_cast<std::size_t>(std::min<std::uint64_t>(kUploadChunkBytes, blob.size - offset));
    auto bytes = content.Read(offset, size);
    if (!bytes) return std::move(bytes).error();
    RegistryRequest request = Writing("PATCH", What(blob));
    request.location = location;
    request.headers.push_back({"Content-Type", "application/octet-stream"});
    request.headers.push_back(
        {"Content-Range", std::to_string(offset) + "-" + std::to_string(offset + size - 1)});
    request.body = *std::move(bytes);
    request.retry = false;
    const auto body = transport_.Perform(access_, request, cancel_);
    if (!body) return body.error();
    return LocationOf(**body, request.what);
  }

  RegistryTransport& transport_;
  Access& access_;
  const Cancellation& cancel_;
};

class HttpPusher final : public ArtifactPusher {
 public:
  HttpPusher(http::Client& client, RegistryOptions options)
      : transport_(client, std::move(options)) {}

  Result<PushedArtifact> Push(const ImageReference& image,
                              const std::vector<RegistryCredential>& credentials,
                              const ArtifactManifest& artifact,
                              const std::vector<ArtifactBlob>& blobs,
                              const Cancellation& cancel) override {
    if (image.digest || image.tag.empty()) {
      return InvalidArgument("reference " + image.ToString() + ": a push needs a tag, no digest");
    }
    if (blobs.size() != artifact.blobs.size()) return Internal("a descriptor without its blob");
    Access access(image, credentials);
    Upload upload(transport_, access, cancel);
    PushedArtifact pushed;
    Descriptor config;
    config.digest = Sha256::Of(kEmptyConfig);
    config.size = kEmptyConfig.size();
    const auto empty = upload.Blob(config, {"", std::string(kEmptyConfig)});
    if (!empty) return empty.error();
    for (std::size_t i = 0; i < blobs.size(); ++i) {
      const auto sent = upload.Blob(artifact.blobs[i], blobs[i]);
      if (!sent) return sent.error();
      ++(*sent ? pushed.sent : pushed.there);
    }
    const std::string manifest = RenderArtifact(artifact);
    if (Status status = upload.Manifest(manifest); !status) return status.error();
    pushed.digest = Sha256::Of(manifest);
    return pushed;
  }

 private:
  RegistryTransport transport_;
};

}  // namespace

std::unique_ptr<ArtifactPusher> ArtifactPusher::Create(http::Client& client,
                                                       RegistryOptions options) {
  return std::make_unique<HttpPusher>(client, std::move(options));
}

}  // namespace landwaiter::image
