#include "scanner/image/loader.h"

#include <algorithm>

#include "model/scan_request.h"
#include "scanner/image/failure.h"

namespace landwaiter::image {
namespace {

// What an inventory may hold (model/inventory.cc); the widest public images have about twenty.
constexpr std::size_t kMaxPlatforms = 64;
constexpr std::size_t kReadChunk = 64u << 10;

/// A manifest with the type that its bytes and its source agree on.
struct TypedManifest {
  RawManifest raw;
  std::string type;
};

Result<TypedManifest> Fetch(ImageSource& source, const Descriptor* entry) {
  auto raw = entry == nullptr ? source.Manifest(std::nullopt) : source.Manifest(entry->digest);
  if (!raw) return std::move(raw).error();
  if (entry != nullptr && raw->bytes.size() != entry->size) {
    return Malformed("index", "says that manifest " + entry->digest.ToString() + " has " +
                                  std::to_string(entry->size) + " bytes, it has " +
                                  std::to_string(raw->bytes.size()));
  }
  auto type = ManifestType(raw->bytes, raw->media_type);
  if (!type) return std::move(type).error().Context(raw->digest.ToString());
  if (entry != nullptr && IsIndexType(*type) != IsIndexType(entry->media_type)) {
    return Malformed("index", "calls " + entry->digest.ToString() + " '" + entry->media_type +
                                  "', it is '" + *type + "'");
  }
  return TypedManifest{std::move(*raw), std::move(*type)};
}

Result<PlatformImage> LoadPlatform(ImageSource& source, const TypedManifest& typed) {
  const std::string what = "manifest " + typed.raw.digest.ToString();
  auto manifest = ParseManifest(typed.raw.bytes, typed.type);
  if (!manifest) return std::move(manifest).error().Context(typed.raw.digest.ToString());
  PlatformImage image;
  image.manifest_digest = typed.raw.digest;
  image.manifest = std::move(*manifest);
  image.image_id = image.manifest.config.digest;
  auto bytes = ReadBlob(source, image.manifest.config, kMaxConfigBytes);
  if (!bytes) return std::move(bytes).error().Context("configuration of " + what);
  auto config = ParseConfig(*bytes);
  if (!config) return std::move(config).error().Context(what);
  image.config = std::move(*config);
  if (image.config.diff_ids.size() != image.manifest.layers.size()) {
    return Malformed(what, "has " + std::to_string(image.manifest.layers.size()) +
                               " layers, its configuration names " +
                               std::to_string(image.config.diff_ids.size()) + " diffIDs");
  }
  return image;
}

bool IsNoImage(const Error& error) { return error.reason == scan_reason::kUnsupportedMediaType; }

/// Gathers the entries of an index and of the indexes in it, each with its platform.
class Flattener {
 public:
  explicit Flattener(ImageSource& source) : source_(source) {}

  Status Add(const ImageIndex& index, int depth) {
    for (const Descriptor& entry : index.manifests) {
      if (IsAttestation(entry)) continue;
      if (flat_.manifests.size() >= kMaxIndexEntries) {
        return Failure(Code::kResourceExhausted, scan_reason::kTooLarge,
                       "index has more than " + std::to_string(kMaxIndexEntries) + " entries");
      }
      Status added = IsIndexType(entry.media_type) ? AddNested(entry, depth)
                     : entry.platform              ? AddEntry(entry)
                                                   : AddUnnamed(entry);
      if (!added) return added;
    }
    return Ok();
  }
  const ImageIndex& flat() const { return flat_; }

 private:
  Status AddEntry(Descriptor entry) {
    flat_.manifests.push_back(std::move(entry));
    return Ok();
  }

  Status AddNested(const Descriptor& entry, int depth) {
    if (depth >= kMaxIndexDepth) {
      return Failure(Code::kResourceExhausted, scan_reason::kTooLarge,
                     "index " + entry.digest.ToString() + " is nested deeper than " +
                         std::to_string(kMaxIndexDepth));
    }
    if (auto counted = CountFetch(); !counted) return counted;
    auto typed = Fetch(source_, &entry);
    if (!typed) return std::move(typed).error();
    auto nested = ParseIndex(typed->raw.bytes, typed->type);
    if (!nested) return std::move(nested).error().Context(entry.digest.ToString());
    return Add(*nested, depth + 1);
  }

  /// No platform in the index: a runtime asks the configuration, so it decides here too.
  Status AddUnnamed(Descriptor entry) {
    if (auto counted = CountFetch(); !counted) return counted;
    const auto typed = Fetch(source_, &entry);
    const Result<PlatformImage> image =
        typed ? LoadPlatform(source_, *typed) : Result<PlatformImage>(typed.error());
    if (!image) {
      // No runtime can run it either, and it says itself that it is something else.
      const bool other = IsMarkedAttestation(entry) || !entry.artifact_type.empty();
      if (other && IsNoImage(image.error())) return Ok();
      return image.error();
    }
    entry.platform = image->config.platform;
    if (IsAttestation(entry)) return Ok();
    return AddEntry(std::move(entry));
  }

  Status CountFetch() {
    if (++fetched_ <= kMaxPlatforms) return Ok();
    return Failure(
        Code::kResourceExhausted, scan_reason::kTooLarge,
        "index has more than " + std::to_string(kMaxPlatforms) + " entries without a platform");
  }

  ImageSource& source_;
  ImageIndex flat_;
  std::size_t fetched_ = 0;
};

Status LoadFromIndex(ImageSource& source, const TypedManifest& root,
                     const std::vector<Platform>& wanted, LoadedImage& loaded) {
  auto index = ParseIndex(root.raw.bytes, root.type);
  if (!index) return std::move(index).error();
  Flattener flattener(source);
  if (auto added = flattener.Add(*index, 1); !added) return added;
  auto chosen = ChoosePlatforms(flattener.flat(), wanted);
  if (!chosen) return std::move(chosen).error();
  if (chosen->size() > kMaxPlatforms) {
    return Failure(Code::kResourceExhausted, scan_reason::kTooLarge,
                   "index has " + std::to_string(chosen->size()) + " platforms, the limit is " +
                       std::to_string(kMaxPlatforms));
  }
  for (const Descriptor& entry : *chosen) {
    auto typed = Fetch(source, &entry);
    if (!typed) return std::move(typed).error();
    auto image = LoadPlatform(source, *typed);
    if (!image) return std::move(image).error();
    // A runtime goes by the index, whatever the configuration says it was built for.
    image->config.platform = *entry.platform;
    loaded.platforms.push_back(std::move(*image));
  }
  return Ok();
}

}  // namespace

Result<std::string> ReadBlob(ImageSource& source, const Descriptor& descriptor,
                             std::size_t max_bytes) {
  const std::string what = "blob " + descriptor.digest.ToString() + " of " + source.Name();
  if (descriptor.size > max_bytes) {
    return Failure(Code::kResourceExhausted, scan_reason::kTooLarge,
                   what + " of " + std::to_string(descriptor.size) +
                       " bytes is above the limit of " + std::to_string(max_bytes));
  }
  if (descriptor.digest.Algorithm() != "sha256") {
    return Failure(Code::kUnsupported, scan_reason::kUnsupportedMediaType,
                   what + " is named by a digest that cannot be checked, only sha256 can");
  }
  auto reader = source.Blob(descriptor);
  if (!reader) return std::move(reader).error();
  std::string bytes;
  std::string chunk(kReadChunk, '\0');
  for (;;) {
    auto got = (*reader)->Read(chunk.data(), chunk.size());
    if (!got) return std::move(got).error();
    if (*got == 0) break;
    bytes.append(chunk, 0, *got);
    if (bytes.size() > descriptor.size) break;
  }
  const Digest digest = Sha256::Of(bytes);
  if (bytes.size() != descriptor.size || digest != descriptor.digest) {
    return Failure(Code::kDataLoss, scan_reason::kDigestMismatch,
                   what + " of " + std::to_string(descriptor.size) + " bytes: got " +
                       std::to_string(bytes.size()) + " bytes with the digest " +
                       digest.ToString());
  }
  return bytes;
}

Result<LoadedImage> LoadImage(ImageSource& source, const std::vector<Platform>& wanted,
                              SingleImage single) {
  auto root = Fetch(source, nullptr);
  if (!root) return std::move(root).error();
  LoadedImage loaded;
  loaded.digest = root->raw.digest;
  loaded.media_type = root->type;
  if (IsIndexType(root->type)) {
    if (auto status = LoadFromIndex(source, *root, wanted, loaded); !status) {
      return std::move(status).error();
    }
    return loaded;
  }
  auto image = LoadPlatform(source, *root);
  if (!image) return std::move(image).error();
  if (single == SingleImage::kMustMatch) {
    ImageIndex only;
    only.manifests.emplace_back().platform = image->config.platform;
    if (auto chosen = ChoosePlatforms(only, wanted); !chosen) {
      return std::move(chosen).error().Context("image without an index");
    }
  }
  loaded.platforms.push_back(std::move(*image));
  return loaded;
}

}  // namespace landwaiter::image
