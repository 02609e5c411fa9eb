#include "scanner/image/registry.h"

#include "scanner/image/failure.h"
#include "scanner/image/manifest.h"
#include "scanner/image/registry_blob.h"
#include "scanner/image/registry_errors.h"
#include "scanner/image/registry_list.h"
#include "scanner/image/registry_transport.h"

namespace landwaiter::image {
namespace {

constexpr std::size_t kReadChunk = 64u << 10;

RegistryRequest ManifestRequest(const ImageReference& image, const std::string& which) {
  RegistryRequest request;
  request.path = "manifests/" + which;
  request.what = "manifest " + which + " of " + image.Name();
  request.resolve = which.find(':') == std::string::npos;  // no tag has one, every digest has
  // All four, or a registry turns what it has into something it has not.
  std::string accept;
  for (const std::string_view type : {media_type::kOciIndex, media_type::kDockerList,
                                      media_type::kOciManifest, media_type::kDockerManifest}) {
    accept += (accept.empty() ? "" : ", ") + std::string(type);
  }
  request.headers.push_back({"Accept", accept});
  return request;
}

Result<std::string> ReadWhole(http::ResponseBody& body, const std::string& what,
                              const Cancellation& cancel) {
  std::string bytes;
  std::string chunk(kReadChunk, '\0');
  for (;;) {
    const auto got = body.Read(chunk.data(), chunk.size());
    if (!got) return FromTransport(got.error(), cancel).Context(what);
    if (*got == 0) return bytes;
    bytes.append(chunk, 0, *got);
    if (bytes.size() > kMaxManifestBytes) {
      return Failure(
          Code::kResourceExhausted, scan_reason::kTooLarge,
          what + ": is above the limit of " + std::to_string(kMaxManifestBytes) + " bytes");
    }
  }
}

/// GET, with the body taken up anew where it breaks off, and its digest computed.
Result<RawManifest> FetchManifest(RegistryTransport& transport, Access& access,
                                  const std::string& which, const Cancellation& cancel) {
  const RegistryRequest request = ManifestRequest(access.image, which);
  for (int failures = 1;; ++failures) {
    auto body = transport.Perform(access, request, cancel);
    if (!body) return std::move(body).error();
    auto bytes = ReadWhole(**body, request.what, cancel);
    if (bytes) {
      RawManifest manifest;
      manifest.media_type = (*body)->Head().HeaderValue("Content-Type");
      manifest.digest = Sha256::Of(*bytes);
      manifest.bytes = std::move(*bytes);
      return manifest;
    }
    const bool again =
        bytes.error().code == Code::kUnavailable && failures < transport.options().max_tries;
    body->reset();
    if (!again || !WaitFor(transport.Backoff(failures), cancel)) return std::move(bytes).error();
  }
}

Error NotChecked(const std::string& which) {
  return Failure(
      Code::kUnsupported, scan_reason::kUnsupportedMediaType,
      "manifest " + which + " is named by a digest that cannot be checked, only sha256 can");
}

Error OtherBytes(const Access& access, const std::string& which, const RawManifest& manifest) {
  return Failure(Code::kDataLoss, scan_reason::kDigestMismatch,
                 "manifest " + which + " of " + access.image.Name() + ": " +
                     std::to_string(manifest.bytes.size()) + " bytes came" + access.FromGivers() +
                     ", their digest is " + manifest.digest.ToString());
}

class RegistrySource final : public ImageSource {
 public:
  RegistrySource(RegistryTransport& transport, std::shared_ptr<Access> access,
                 const Cancellation& cancel)
      : transport_(transport), access_(std::move(access)), cancel_(cancel) {}

  std::string Name() const override { return access_->image.ToString(); }
  std::string Givers() const override { return access_->Givers(); }

  Result<RawManifest> Manifest(const std::optional<Digest>& asked) override {
    const std::optional<Digest>& digest = asked ? asked : access_->image.digest;
    const std::string which = digest ? digest->ToString() : access_->image.tag;
    if (digest && digest->Algorithm() != "sha256") return NotChecked(which);
    auto manifest = FetchManifest(transport_, *access_, which, cancel_);
    if (manifest && digest && manifest->digest != *digest) {
      return OtherBytes(*access_, which, *manifest);
    }
    return manifest;
  }

  Result<std::unique_ptr<BlobReader>> Blob(const Descriptor& descriptor) override {
    return RegistryBlob::Open(transport_, access_, descriptor, cancel_);
  }

 private:
  RegistryTransport& transport_;
  const std::shared_ptr<Access> access_;
  const Cancellation cancel_;
};

class HttpRegistry final : public Registry {
 public:
  HttpRegistry(http::Client& client, RegistryOptions options)
      : transport_(client, std::move(options)) {}

  Result<Digest> Resolve(const ImageReference& image,
                         const std::vector<RegistryCredential>& credentials,
                         const Cancellation& cancel) override {
    const std::string which = image.digest ? image.digest->ToString() : image.tag;
    if (image.digest && image.digest->Algorithm() != "sha256") return NotChecked(which);
    Access access(image, credentials);
    RegistryRequest head = ManifestRequest(image, which);
    head.method = "HEAD";
    auto response = transport_.Perform(access, head, cancel);
    if (response) {
      // The tag's meaning is the registry's word in any case; the bytes that are fetched by this
      // digest later must have it.
      auto digest = Digest::Parse((*response)->Head().HeaderValue("Docker-Content-Digest"));
      const bool usable = digest && digest->Algorithm() == "sha256";
      if (usable && (!image.digest || *digest == *image.digest)) return digest;
    } else if (!MayAnswerGet(response.error())) {
      return std::move(response).error();
    }
    auto manifest = FetchManifest(transport_, access, which, cancel);
    if (!manifest) return std::move(manifest).error();
    if (image.digest && manifest->digest != *image.digest)
      return OtherBytes(access, which, *manifest);
    return manifest->digest;
  }

  Result<NameList> Tags(const ImageReference& repository,
                        const std::vector<RegistryCredential>& credentials,
                        const ListBounds& bounds, const Cancellation& cancel) override {
    Access access(repository, credentials);
    return FetchNames(transport_, access, ListKind::kTags, bounds, cancel);
  }

  Result<NameList> Repositories(const std::string& registry,
                                const std::vector<RegistryCredential>& credentials,
                                const ListBounds& bounds, const Cancellation& cancel) override {
    ImageReference whole;
    whole.registry = registry;
    Access access(std::move(whole), credentials);
    return FetchNames(transport_, access, ListKind::kRepositories, bounds, cancel);
  }

  std::chrono::milliseconds PauseLeft(const ImageReference& image,
                                      const std::vector<RegistryCredential>& credentials) override {
    return transport_.PauseLeft(image, credentials);
  }

  std::unique_ptr<ImageSource> Open(const ImageReference& image,
                                    std::vector<RegistryCredential> credentials,
                                    const Cancellation& cancel) override {
    return std::make_unique<RegistrySource>(
        transport_, std::make_shared<Access>(image, std::move(credentials)), cancel);
  }

 private:
  /// HEAD is optional for some registries (404, 405) and has no words of its own when it fails.
  static bool MayAnswerGet(const Error& error) {
    return error.reason == scan_reason::kNotFound ||
           error.reason == scan_reason::kPullUnauthorized || error.code == Code::kUnsupported;
  }

  RegistryTransport transport_;
};

}  // namespace

std::unique_ptr<Registry> Registry::Create(http::Client& client, RegistryOptions options) {
  return std::make_unique<HttpRegistry>(client, std::move(options));
}

}  // namespace landwaiter::image
