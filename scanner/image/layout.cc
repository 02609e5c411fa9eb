#include "scanner/image/layout.h"

#include <algorithm>

#include "lib/base/text.h"
#include "model/image_reference.h"
#include "model/scan_request.h"
#include "scanner/image/archive.h"
#include "scanner/image/failure.h"
#include "scanner/image/manifest.h"

namespace landwaiter::image {
namespace {

constexpr std::size_t kMaxListed = 20;
constexpr const char* kNameAnnotations[] = {"io.containerd.image.name",
                                            "org.opencontainers.image.ref.name"};

bool SameName(const std::string& a, const std::string& b) {
  if (a == b) return true;
  const auto left = ImageReference::Parse(a);
  const auto right = ImageReference::Parse(b);
  return left && right && left->ToString() == right->ToString();
}

std::string ListOf(const std::vector<Candidate>& candidates) {
  std::vector<std::string> names;
  for (const Candidate& candidate : candidates) {
    if (names.size() == kMaxListed) {
      names.emplace_back("…");
      break;
    }
    names.push_back(text::Printable(text::Truncate(
        candidate.names.empty() ? candidate.identity : candidate.names.front(), 200)));
  }
  return text::Join(names, ", ");
}

std::string BlobPath(const Digest& digest) {
  return "blobs/" + std::string(digest.Algorithm()) + "/" + std::string(digest.Hex());
}

class LayoutSource final : public ImageSource {
 public:
  /// `root` nullopt: index.json itself is the image.
  LayoutSource(std::shared_ptr<const FileTree> files, std::optional<Descriptor> root,
               std::string index_bytes)
      : files_(std::move(files)), root_(std::move(root)), index_bytes_(std::move(index_bytes)) {}

  std::string Name() const override { return files_->Name(); }

  Result<RawManifest> Manifest(const std::optional<Digest>& asked) override {
    if (!asked && !root_) {
      return RawManifest{index_bytes_, std::string(media_type::kOciIndex),
                         Sha256::Of(index_bytes_)};
    }
    const Digest& digest = asked ? *asked : root_->digest;
    RawManifest manifest;
    auto bytes = files_->ReadAll(BlobPath(digest), kMaxManifestBytes);
    if (!bytes) return std::move(bytes).error();
    manifest.bytes = std::move(*bytes);
    manifest.digest = Sha256::Of(manifest.bytes);
    if (root_ && digest == root_->digest) manifest.media_type = root_->media_type;
    if (manifest.digest != digest) {
      return Failure(Code::kDataLoss, scan_reason::kDigestMismatch,
                     files_->Name() + ": manifest " + digest.ToString() + " has the digest " +
                         manifest.digest.ToString());
    }
    return manifest;
  }

  Result<std::unique_ptr<BlobReader>> Blob(const Descriptor& descriptor) override {
    auto opened = files_->Open(BlobPath(descriptor.digest));
    if (!opened) return std::move(opened).error();
    if (opened->size != descriptor.size) {
      return Failure(Code::kDataLoss, scan_reason::kDigestMismatch,
                     files_->Name() + ": blob " + descriptor.digest.ToString() + " has " +
                         std::to_string(opened->size) + " bytes, the manifest says " +
                         std::to_string(descriptor.size));
    }
    return std::move(opened->reader);
  }

 private:
  const std::shared_ptr<const FileTree> files_;
  const std::optional<Descriptor> root_;
  const std::string index_bytes_;
};

std::vector<std::string> NamesOf(const Descriptor& entry) {
  std::vector<std::string> names;
  for (const char* annotation : kNameAnnotations) {
    const auto found = entry.annotations.find(annotation);
    if (found != entry.annotations.end()) names.push_back(found->second);
  }
  return names;
}

/// The entries are the platforms of one image, written without an index between.
bool IsOneImage(const std::vector<Descriptor>& entries) {
  return entries.size() > 1 &&
         std::all_of(entries.begin(), entries.end(), [](const Descriptor& entry) {
           return entry.platform && NamesOf(entry).empty();
         });
}

}  // namespace

Result<std::size_t> ChooseImage(const std::vector<Candidate>& candidates, const std::string& wanted,
                                const std::string& where) {
  if (candidates.empty()) return Malformed(where, "holds no image");
  if (wanted.empty()) {
    const bool one = std::all_of(candidates.begin(), candidates.end(), [&](const Candidate& c) {
      return c.identity == candidates.front().identity;
    });
    if (one) return std::size_t{0};
    return InvalidArgument(where + ": holds several images, choose one of " + ListOf(candidates));
  }
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    if (candidates[i].identity == wanted) return i;
    for (const std::string& name : candidates[i].names) {
      if (SameName(name, wanted)) return i;
    }
  }
  return Failure(Code::kNotFound, scan_reason::kNotFound,
                 where + ": has no image '" + text::Printable(text::Truncate(wanted, 200)) +
                     "', it has " + ListOf(candidates));
}

Result<std::unique_ptr<ImageSource>> OpenLayoutTree(std::shared_ptr<const FileTree> files,
                                                    const std::string& image) {
  auto bytes = files->ReadAll("index.json", kMaxArchiveJsonBytes);
  if (!bytes) return std::move(bytes).error();
  const std::string where = files->Name() + ": index.json";
  auto type = ManifestType(*bytes, media_type::kOciIndex);
  if (!type) return std::move(type).error().Context(where);
  auto index = ParseIndex(*bytes, *type);
  if (!index) return std::move(index).error().Context(where);
  if (image.empty() && IsOneImage(index->manifests)) {
    return std::unique_ptr<ImageSource>(
        std::make_unique<LayoutSource>(std::move(files), std::nullopt, std::move(*bytes)));
  }
  std::vector<Descriptor> entries;
  std::vector<Candidate> candidates;
  for (const Descriptor& entry : index->manifests) {
    if (IsAttestation(entry)) continue;
    candidates.push_back({NamesOf(entry), entry.digest.ToString()});
    entries.push_back(entry);
  }
  auto chosen = ChooseImage(candidates, image, files->Name());
  if (!chosen) return std::move(chosen).error();
  return std::unique_ptr<ImageSource>(
      std::make_unique<LayoutSource>(std::move(files), std::move(entries[*chosen]), std::string()));
}

}  // namespace landwaiter::image
