#include "scanner/image/artifact.h"

#include <nlohmann/json.hpp>

#include "lib/base/json.h"
#include "lib/base/text.h"
#include "model/scan_request.h"
#include "scanner/image/failure.h"
#include "scanner/image/manifest.h"

namespace landwaiter::image {
namespace {

using Json = nlohmann::ordered_json;

// As manifest.cc: RFC 6838, 4.2; annotations are a few lines each.
constexpr std::size_t kMaxMediaTypeBytes = 255;
constexpr std::size_t kMaxAnnotations = 512;
constexpr std::size_t kMaxAnnotationBytes = 64u << 10;
constexpr std::size_t kMaxValues = 64u << 10;  // in the whole manifest
constexpr std::string_view kWhat = "artifact manifest";

Json ToJson(const std::map<std::string, std::string>& annotations) {
  Json json = Json::object();
  for (const auto& [name, value] : annotations) json[name] = value;
  return json;
}

Json ToJson(const Descriptor& blob) {
  Json json = {
      {"mediaType", blob.media_type}, {"digest", blob.digest.ToString()}, {"size", blob.size}};
  if (!blob.annotations.empty()) json["annotations"] = ToJson(blob.annotations);
  return json;
}

Descriptor ReadDescriptor(JsonFields& fields) {
  Descriptor blob;
  std::string digest;
  fields.String("mediaType", blob.media_type, kMaxMediaTypeBytes);
  fields.String("digest", digest);
  fields.Uint("size", blob.size);
  fields.StringMap("annotations", blob.annotations, kMaxAnnotations, kMaxAnnotationBytes);
  auto parsed = Digest::Parse(digest);
  if (!parsed) {
    fields.Fail("digest", parsed.error().message);
  } else if (parsed->Algorithm() != "sha256") {
    fields.Fail("digest", "only sha256 can be checked");
  } else {
    blob.digest = *std::move(parsed);
  }
  if (blob.size > kMaxBlobBytes) fields.Fail("size", "is above every blob's limit");
  return blob;
}

}  // namespace

std::string RenderArtifact(const ArtifactManifest& artifact) {
  Descriptor config;
  config.media_type = kEmptyConfigType;
  config.digest = Sha256::Of(kEmptyConfig);
  config.size = kEmptyConfig.size();
  Json blobs = Json::array();
  for (const Descriptor& blob : artifact.blobs) blobs.push_back(ToJson(blob));
  const Json json = {{"schemaVersion", 2},
                     {"mediaType", media_type::kOciManifest},
                     {"artifactType", artifact.artifact_type},
                     {"config", ToJson(config)},
                     {"layers", blobs},
                     {"annotations", ToJson(artifact.annotations)}};
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Result<ArtifactManifest> ParseArtifact(std::string_view bytes) {
  if (bytes.size() > kMaxManifestBytes) {
    return Failure(Code::kResourceExhausted, scan_reason::kTooLarge,
                   std::string(kWhat) + " of " + std::to_string(bytes.size()) + " bytes");
  }
  const auto json = ParseJson(bytes, {kMaxManifestBytes, 16, kMaxValues});
  if (!json) return Malformed(kWhat, json.error().message);
  if (!json->is_object()) return Malformed(kWhat, "is no JSON object");
  ArtifactManifest artifact;
  std::string type;
  std::string config_type;
  JsonFields fields(*json, "");
  fields.String("mediaType", type, kMaxMediaTypeBytes);
  fields.String("artifactType", artifact.artifact_type, kMaxMediaTypeBytes);
  fields.Object("config", [&](JsonFields& config) {
    config.String("mediaType", config_type, kMaxMediaTypeBytes);
    return config.Done();
  });
  fields.Objects("layers", kMaxArtifactBlobs, [&](JsonFields& layer) {
    artifact.blobs.push_back(ReadDescriptor(layer));
    return layer.Done();
  });
  fields.StringMap("annotations", artifact.annotations, kMaxAnnotations, kMaxAnnotationBytes);
  if (Status status = fields.Done(); !status) return Malformed(kWhat, status.error().message);
  if (!type.empty() && type != media_type::kOciManifest) {
    return Failure(Code::kUnsupported, scan_reason::kUnsupportedMediaType,
                   std::string(kWhat) + " has the media type '" + text::Printable(type) +
                       "', expected " + std::string(media_type::kOciManifest));
  }
  if (artifact.artifact_type.empty()) artifact.artifact_type = config_type;
  return artifact;
}

}  // namespace landwaiter::image
