// `docker save`: Docker's image specification v1.2, "Combined Image JSON + Filesystem Changeset
// Format", with manifest.json as docker/image/tarexport writes it.
#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "lib/base/json.h"
#include "lib/base/text.h"
#include "model/scan_request.h"
#include "scanner/image/archive.h"
#include "scanner/image/failure.h"
#include "scanner/image/layout.h"
#include "scanner/image/manifest.h"

namespace landwaiter::image {
namespace {

constexpr std::size_t kMaxImages = 1024;
constexpr std::size_t kMaxNames = 1024;
constexpr std::size_t kHashChunk = 256u << 10;

struct SavedImage {
  std::string config;
  std::vector<std::string> names;
  std::vector<std::string> layers;
};

Result<std::vector<SavedImage>> ReadList(const FileTree& files) {
  const std::string where = files.Name() + ": manifest.json";
  auto bytes = files.ReadAll("manifest.json", kMaxArchiveJsonBytes);
  if (!bytes) return std::move(bytes).error();
  auto list = ParseJson(*bytes, {kMaxArchiveJsonBytes, kMaxJsonDepth});
  if (!list) return Malformed(where, list.error().message);
  if (!list->is_array()) return Malformed(where, "must be a list of images");
  if (list->size() > kMaxImages) {
    return Failure(Code::kResourceExhausted, scan_reason::kTooLarge,
                   where + ": more than " + std::to_string(kMaxImages) + " images");
  }
  std::vector<SavedImage> images;
  for (std::size_t i = 0; i < list->size(); ++i) {
    SavedImage& image = images.emplace_back();
    JsonFields fields((*list)[i], "[" + std::to_string(i) + "]");
    fields.String("Config", image.config);
    fields.Strings("RepoTags", image.names, kMaxNames);
    fields.Strings("Layers", image.layers, kMaxLayers);
    if (auto done = fields.Done(); !done) return Malformed(where, done.error().message);
    if (image.config.empty()) return Malformed(where, fields.path() + ".Config: is missing");
  }
  return images;
}

enum class Packing { kPlain, kGzip, kZstd };

Packing PackingOf(std::string_view first) {
  if (first.substr(0, 2) == "\x1f\x8b") return Packing::kGzip;
  if (first.substr(0, 4) == "\x28\xb5\x2f\xfd") return Packing::kZstd;
  return Packing::kPlain;
}

std::string_view TypeOf(Packing packing) {
  switch (packing) {
    case Packing::kGzip:
      return media_type::kDockerLayerGzip;
    case Packing::kZstd:
      return "application/vnd.docker.image.rootfs.diff.tar.zstd";
    case Packing::kPlain:
      break;
  }
  return media_type::kDockerLayer;
}

/// A layer's digest is not written down: a plain one's is its diffID, which the reader verifies; a
/// compressed one's is computed here.
Result<Descriptor> DescribeLayer(const FileTree& files, const std::string& path,
                                 const Digest& diff_id, const Cancellation& cancel) {
  auto opened = files.Open(path);
  if (!opened) return std::move(opened).error();
  Descriptor layer;
  layer.size = opened->size;
  layer.digest = diff_id;
  std::string chunk(kHashChunk, '\0');
  Sha256 hash;
  Packing packing = Packing::kPlain;
  for (bool first = true;; first = false) {
    if (cancel.Stopped()) return Error{Code::kCancelled, files.Name() + ": cancelled"};
    if (cancel.Expired())
      return Error{Code::kDeadlineExceeded, files.Name() + ": not read in time"};
    auto got = opened->reader->Read(chunk.data(), chunk.size());
    if (!got) return std::move(got).error();
    if (first) packing = PackingOf(std::string_view(chunk).substr(0, *got));
    if (*got == 0 || packing == Packing::kPlain) break;
    hash.Update(chunk.data(), *got);
  }
  layer.media_type = TypeOf(packing);
  if (packing != Packing::kPlain) layer.digest = hash.Finish();
  return layer;
}

/// "HEX.json" or "blobs/sha256/HEX" promise a digest.
bool KeepsItsName(const std::string& path, const Digest& digest) {
  std::string_view name = path;
  name.remove_prefix(name.rfind('/') + 1);  // npos + 1 is 0
  if (name.ends_with(".json")) name.remove_suffix(5);
  const auto promised = Digest::Parse("sha256:" + std::string(name));
  return !promised || *promised == digest;
}

class SavedSource final : public ImageSource {
 public:
  SavedSource(std::shared_ptr<const FileTree> files, RawManifest manifest,
              std::map<Digest, std::string> paths)
      : files_(std::move(files)), manifest_(std::move(manifest)), paths_(std::move(paths)) {}

  std::string Name() const override { return files_->Name(); }

  Result<RawManifest> Manifest(const std::optional<Digest>& digest) override {
    if (!digest || *digest == manifest_.digest) return manifest_;
    return Failure(Code::kNotFound, scan_reason::kNotFound,
                   files_->Name() + ": has no manifest " + digest->ToString());
  }

  Result<std::unique_ptr<BlobReader>> Blob(const Descriptor& descriptor) override {
    const auto found = paths_.find(descriptor.digest);
    if (found == paths_.end()) {
      return Failure(Code::kNotFound, scan_reason::kNotFound,
                     files_->Name() + ": has no blob " + descriptor.digest.ToString());
    }
    auto opened = files_->Open(found->second);
    if (!opened) return std::move(opened).error();
    return std::move(opened->reader);
  }

 private:
  const std::shared_ptr<const FileTree> files_;
  const RawManifest manifest_;
  const std::map<Digest, std::string> paths_;
};

nlohmann::json ToJson(const Descriptor& descriptor) {
  return {{"mediaType", descriptor.media_type},
          {"digest", descriptor.digest.ToString()},
          {"size", descriptor.size}};
}

RawManifest MakeManifest(const Descriptor& config, const std::vector<Descriptor>& layers) {
  nlohmann::json json{{"schemaVersion", 2},
                      {"mediaType", media_type::kDockerManifest},
                      {"config", ToJson(config)},
                      {"layers", nlohmann::json::array()}};
  for (const Descriptor& layer : layers) json["layers"].push_back(ToJson(layer));
  RawManifest manifest;
  manifest.bytes = DumpJson(json);
  manifest.media_type = media_type::kDockerManifest;
  manifest.digest = Sha256::Of(manifest.bytes);
  return manifest;
}

}  // namespace

Result<std::unique_ptr<ImageSource>> OpenDockerSave(std::shared_ptr<const FileTree> files,
                                                    const std::string& image,
                                                    const Cancellation& cancel) {
  auto list = ReadList(*files);
  if (!list) return std::move(list).error();
  std::vector<Candidate> candidates;
  for (const SavedImage& saved : *list) candidates.push_back({saved.names, saved.config});
  auto chosen = ChooseImage(candidates, image, files->Name());
  if (!chosen) return std::move(chosen).error();
  const SavedImage& saved = (*list)[*chosen];

  auto bytes = files->ReadAll(saved.config, kMaxConfigBytes);
  if (!bytes) return std::move(bytes).error();
  Descriptor config;
  config.media_type = media_type::kDockerConfig;
  config.digest = Sha256::Of(*bytes);
  config.size = bytes->size();
  if (!KeepsItsName(saved.config, config.digest)) {
    return Failure(Code::kDataLoss, scan_reason::kDigestMismatch,
                   files->Name() + ": " + text::Printable(text::Truncate(saved.config, 200)) +
                       " has the digest " + config.digest.ToString());
  }
  auto parsed = ParseConfig(*bytes);
  if (!parsed) return std::move(parsed).error().Context(files->Name());
  if (parsed->diff_ids.size() != saved.layers.size()) {
    return Malformed(files->Name(), "manifest.json names " + std::to_string(saved.layers.size()) +
                                        " layers, the configuration " +
                                        std::to_string(parsed->diff_ids.size()) + " diffIDs");
  }
  std::vector<Descriptor> layers;
  std::map<Digest, std::string> paths{{config.digest, saved.config}};
  for (std::size_t i = 0; i < saved.layers.size(); ++i) {
    auto layer = DescribeLayer(*files, saved.layers[i], parsed->diff_ids[i], cancel);
    if (!layer) return std::move(layer).error();
    paths[layer->digest] = saved.layers[i];
    layers.push_back(std::move(*layer));
  }
  return std::unique_ptr<ImageSource>(std::make_unique<SavedSource>(
      std::move(files), MakeManifest(config, layers), std::move(paths)));
}

}  // namespace landwaiter::image
