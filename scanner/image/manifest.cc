#include "scanner/image/manifest.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "lib/base/json.h"
#include "lib/base/text.h"
#include "model/scan_request.h"
#include "scanner/image/failure.h"

namespace landwaiter::image {
namespace {

constexpr std::size_t kMaxMediaTypeBytes = 255;  // RFC 6838, 4.2: 127 on each side of the slash
constexpr std::size_t kMaxUrls = 16;
constexpr std::size_t kMaxAnnotations = 512;
constexpr std::size_t kMaxAnnotationBytes = 64u << 10;

constexpr std::string_view kDockerSchema1[] = {
    "application/vnd.docker.distribution.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v1+prettyjws"};
// What servers say of any file, and so say nothing.
constexpr std::string_view kGenericTypes[] = {"", "application/json", "application/octet-stream",
                                              "text/plain"};
constexpr std::string_view kLayerTypes[] = {
    media_type::kDockerLayer,
    media_type::kDockerLayerGzip,
    "application/vnd.docker.image.rootfs.diff.tar.zstd",
    "application/vnd.docker.container.image.rootfs.diff+x-gtar",
    "application/vnd.oci.image.layer.v1.tar",
    "application/vnd.oci.image.layer.v1.tar+gzip",
    "application/vnd.oci.image.layer.v1.tar+zstd"};
constexpr std::string_view kForeignLayerTypes[] = {
    "application/vnd.docker.image.rootfs.foreign.diff.tar",
    "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
    "application/vnd.oci.image.layer.nondistributable.v1.tar",
    "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip",
    "application/vnd.oci.image.layer.nondistributable.v1.tar+zstd"};
// The last: what Docker 1.10 wrote for a configuration.
constexpr std::string_view kConfigTypes[] = {media_type::kDockerConfig, media_type::kOciConfig,
                                             "application/octet-stream"};

template <std::size_t N>
bool IsOneOf(std::string_view text, const std::string_view (&list)[N]) {
  return std::find(std::begin(list), std::end(list), text) != std::end(list);
}

Error UnsupportedType(std::string_view what, std::string_view type, std::string_view hint) {
  return Failure(Code::kUnsupported, scan_reason::kUnsupportedMediaType,
                 std::string(what) + " has the media type '" +
                     text::Printable(text::Truncate(type, 120)) + "', " + std::string(hint));
}

Result<nlohmann::json> ParseObject(std::string_view bytes, std::size_t max_bytes,
                                   std::string_view what) {
  if (bytes.size() > max_bytes) {
    return Failure(Code::kResourceExhausted, scan_reason::kTooLarge,
                   std::string(what) + " of " + std::to_string(bytes.size()) +
                       " bytes is above the limit of " + std::to_string(max_bytes));
  }
  auto json = ParseJson(bytes, {max_bytes, kMaxJsonDepth});
  if (!json) return Malformed(what, json.error().message);
  if (!json->is_object()) {
    return Malformed(what, "must be a JSON object, is " + std::string(json->type_name()));
  }
  return json;
}

void ReadPlatform(JsonFields& fields, Descriptor& descriptor) {
  fields.Object("platform", [&](JsonFields& platform) {
    std::string os, architecture, variant;
    platform.String("os", os, 64);
    platform.String("architecture", architecture, 64);
    platform.String("variant", variant, 64);
    if (!platform.Done() || (os.empty() && architecture.empty())) return platform.Done();
    auto parsed = Platform::Parse(os + "/" + architecture + (variant.empty() ? "" : "/" + variant));
    if (parsed) descriptor.platform = std::move(*parsed);
    if (!parsed) platform.Fail("os", parsed.error().message);
    return platform.Done();
  });
}

Status ReadDescriptor(JsonFields& fields, Descriptor& descriptor) {
  std::string digest;
  fields.String("mediaType", descriptor.media_type, kMaxMediaTypeBytes);
  fields.String("digest", digest, 160);
  if (!fields.Has("size")) fields.Fail("size", "is missing");
  fields.Uint("size", descriptor.size);
  fields.Strings("urls", descriptor.urls, kMaxUrls);
  fields.StringMap("annotations", descriptor.annotations, kMaxAnnotations, kMaxAnnotationBytes);
  fields.String("artifactType", descriptor.artifact_type, kMaxMediaTypeBytes);
  ReadPlatform(fields, descriptor);
  if (auto done = fields.Done(); !done) return done;
  auto parsed = Digest::Parse(digest);
  if (!parsed) {
    fields.Fail("digest", parsed.error().message);
    return fields.Done();
  }
  descriptor.digest = std::move(*parsed);
  if (descriptor.size > kMaxBlobBytes) {
    return Failure(Code::kResourceExhausted, scan_reason::kTooLarge,
                   fields.path() + ".size of " + std::to_string(descriptor.size) +
                       " bytes is above the limit of " + std::to_string(kMaxBlobBytes));
  }
  return Ok();
}

/// Faults of fields become MalformedImage; what has a reason keeps it.
Error Explain(Error error, std::string_view what) {
  if (error.reason.empty()) return Malformed(what, error.message);
  return std::move(error).Context(what);
}

Status CheckCount(const nlohmann::json& json, const char* name, std::size_t limit,
                  std::string_view what) {
  const auto found = json.find(name);
  if (found == json.end() || !found->is_array() || found->size() <= limit) return Ok();
  return Failure(Code::kResourceExhausted, scan_reason::kTooLarge,
                 std::string(what) + ": " + std::to_string(found->size()) + " " + name +
                     ", the limit is " + std::to_string(limit));
}

constexpr std::size_t kMaxBaseNameBytes = 4096;   // a reference has at most some 400
constexpr std::size_t kMaxBaseDigestBytes = 160;  // "sha512:" and 128 digits

std::string BaseAnnotation(const nlohmann::json& annotations, const char* name,
                           std::size_t max_bytes) {
  const auto found = annotations.find(name);
  if (found == annotations.end() || !found->is_string()) return {};
  const auto& text = found->get_ref<const std::string&>();
  return text.size() <= max_bytes ? text : std::string();
}

/// A word of the builder's, which fails no image.
std::optional<DeclaredBase> ReadDeclaredBase(const nlohmann::json& manifest) {
  const auto annotations = manifest.find("annotations");
  if (annotations == manifest.end() || !annotations->is_object()) return {};
  DeclaredBase base{
      BaseAnnotation(*annotations, "org.opencontainers.image.base.name", kMaxBaseNameBytes),
      BaseAnnotation(*annotations, "org.opencontainers.image.base.digest", kMaxBaseDigestBytes)};
  if (base.name.empty() && base.digest.empty()) return {};
  return base;
}

}  // namespace

Error Failure(Code code, std::string_view reason, std::string message) {
  return {code, std::move(message), std::string(reason)};
}

Error Malformed(std::string_view what, std::string_view why) {
  return Failure(Code::kInvalidArgument, scan_reason::kMalformedImage,
                 std::string(what) + ": " + text::Printable(text::Truncate(why, 400)));
}

bool IsManifestType(std::string_view type) {
  return type == media_type::kDockerManifest || type == media_type::kOciManifest;
}
bool IsIndexType(std::string_view type) {
  return type == media_type::kDockerList || type == media_type::kOciIndex;
}
bool IsForeignLayerType(std::string_view type) { return IsOneOf(type, kForeignLayerTypes); }
bool IsLayerType(std::string_view type) {
  return IsOneOf(type, kLayerTypes) || IsForeignLayerType(type);
}

Result<std::string> ManifestType(std::string_view bytes, std::string_view declared_whole) {
  const std::string_view declared = text::Trim(declared_whole.substr(0, declared_whole.find(';')));
  const auto known = [](std::string_view t) { return IsManifestType(t) || IsIndexType(t); };
  constexpr std::string_view kHint = "which is no image this version reads";
  if (IsOneOf(declared, kDockerSchema1)) {
    return UnsupportedType("manifest", declared, "Docker's schema 1: push the image anew");
  }
  if (!known(declared) && !IsOneOf(declared, kGenericTypes)) {
    return UnsupportedType("manifest", declared, kHint);
  }
  auto json = ParseObject(bytes, kMaxManifestBytes, "manifest");
  if (!json) return std::move(json).error();
  std::string own;
  std::int64_t version = 2;
  JsonFields fields(*json, "");
  fields.String("mediaType", own, kMaxMediaTypeBytes);
  fields.Int("schemaVersion", version);
  if (auto done = fields.Done(); !done) return Malformed("manifest", done.error().message);
  if (version == 1 || IsOneOf(own, kDockerSchema1)) {
    return UnsupportedType("manifest", own.empty() ? kDockerSchema1[0] : std::string_view(own),
                           "Docker's schema 1: push the image anew");
  }
  if (version != 2) {
    return Malformed("manifest", "schemaVersion is " + std::to_string(version) + ", not 2");
  }
  if (!own.empty() && !known(own)) return UnsupportedType("manifest", own, kHint);
  // Members of both kinds are an image to one reader and an index to another (CVE-2021-41190).
  const bool is_index = fields.Has("manifests");
  const bool is_image = fields.Has("config") || fields.Has("layers");
  if (is_index && is_image) return Malformed("manifest", "is both an image and an index");
  const std::string type =
      !own.empty()      ? own
      : known(declared) ? std::string(declared)
                        : std::string(is_index ? media_type::kOciIndex : media_type::kOciManifest);
  if ((known(declared) && IsIndexType(declared) != IsIndexType(type)) ||
      (is_index && !IsIndexType(type)) || (is_image && IsIndexType(type))) {
    return Malformed("manifest", "is served as '" + std::string(declared) + "', calls itself '" +
                                     own + "' and has the members of " +
                                     (is_index ? "an index" : "an image"));
  }
  if (!is_index && !is_image) return Malformed("manifest", "has neither layers nor manifests");
  return type;
}

Result<Manifest> ParseManifest(std::string_view bytes, std::string_view type) {
  if (!IsManifestType(type)) return UnsupportedType("manifest", type, "which is no image manifest");
  auto json = ParseObject(bytes, kMaxManifestBytes, "manifest");
  if (!json) return std::move(json).error();
  if (auto status = CheckCount(*json, "layers", kMaxLayers, "manifest"); !status) {
    return std::move(status).error();
  }
  Manifest manifest;
  manifest.media_type = type;
  JsonFields fields(*json, "");
  if (!fields.Has("config")) fields.Fail("config", "is missing");
  if (!fields.Has("layers")) fields.Fail("layers", "is missing");
  fields.String("artifactType", manifest.artifact_type, kMaxMediaTypeBytes);
  fields.Object("config", [&](JsonFields& f) { return ReadDescriptor(f, manifest.config); });
  fields.Objects("layers", kMaxLayers,
                 [&](JsonFields& f) { return ReadDescriptor(f, manifest.layers.emplace_back()); });
  if (auto done = fields.Done(); !done) return Explain(std::move(done).error(), "manifest");
  manifest.declared_base = ReadDeclaredBase(*json);
  if (!IsOneOf(manifest.config.media_type, kConfigTypes)) {
    return UnsupportedType("configuration", manifest.config.media_type,
                           "so this is an artifact and no container image");
  }
  if (manifest.config.size > kMaxConfigBytes) {
    return Failure(Code::kResourceExhausted, scan_reason::kTooLarge,
                   "configuration of " + std::to_string(manifest.config.size) +
                       " bytes is above the limit of " + std::to_string(kMaxConfigBytes));
  }
  for (std::size_t i = 0; i < manifest.layers.size(); ++i) {
    const Descriptor& layer = manifest.layers[i];
    if (!IsLayerType(layer.media_type)) {
      return UnsupportedType("layer " + std::to_string(i) + " (" + layer.digest.ToString() + ")",
                             layer.media_type, "which is no tar layer this version reads");
    }
  }
  return manifest;
}

Result<ImageIndex> ParseIndex(std::string_view bytes, std::string_view type) {
  if (!IsIndexType(type)) return UnsupportedType("index", type, "which is no image index");
  auto json = ParseObject(bytes, kMaxManifestBytes, "index");
  if (!json) return std::move(json).error();
  if (auto status = CheckCount(*json, "manifests", kMaxIndexEntries, "index"); !status) {
    return std::move(status).error();
  }
  ImageIndex index;
  index.media_type = type;
  JsonFields fields(*json, "");
  if (!fields.Has("manifests")) fields.Fail("manifests", "is missing");
  fields.Objects("manifests", kMaxIndexEntries,
                 [&](JsonFields& f) { return ReadDescriptor(f, index.manifests.emplace_back()); });
  if (auto done = fields.Done(); !done) return Explain(std::move(done).error(), "index");
  return index;
}

}  // namespace landwaiter::image
