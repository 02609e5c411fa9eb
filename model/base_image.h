// Which image another one is built on, told by its layers: an image that is built FROM another
// keeps all of its layers, in their order, and so begins with its diffIDs. (Those of the blobs
// would not do: a push may compress them anew.)
// Not told: the base of a squashed image, or of one whose base nobody has named.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lib/base/digest.h"
#include "model/inventory.h"

namespace landwaiter {

/// One platform of an image that others may be built on.
struct KnownBase {
  std::string name;  // as its user knows it: a reference
  Digest digest;     // of its manifest
  std::vector<Digest> diff_ids;
  Digest image = {};  // of the whole image: the index, where it has several platforms
};

struct BaseImage {
  std::string name;
  Digest digest;           // of its manifest
  std::size_t layers = 0;  // how many of the image's layers, from the first on, are its
  Digest image = {};       // KnownBase::image
  friend bool operator==(const BaseImage&, const BaseImage&) = default;
};

/// The platforms of an inventory as bases. Those without a layer are none: everything begins so.
std::vector<KnownBase> BasesOf(const std::string& name, const ImageInventory& image);

/// The base with most layers among those whose every layer the image begins with. Of several with
/// the same layers the one that the image's manifest names, else the first by name and digest. The
/// image itself, known by its digest, is no base of its own; another one with the same layers is (a
/// build may change the configuration alone). nullopt: none of them.
std::optional<BaseImage> FindBase(const Inventory& image, const std::vector<KnownBase>& bases);

/// The OCI ChainID of the layers up to each one (image-spec config.md, "Layer ChainID"), in their
/// order: two images have the same where they have the same layers below.
std::vector<Digest> ChainIds(const std::vector<ImageLayer>& layers);

/// The images that others may be built on, as far as somebody knows them.
class BaseBook {
 public:
  virtual ~BaseBook() = default;
  /// Every one whose every layer the image begins with, most layers first; of an image with several
  /// names one each, with name "" where only its digest can be relied on. The image itself is among
  /// them where it is known.
  virtual std::vector<BaseImage> Under(const Inventory& image) const = 0;
  /// Whether one that has this digest, its own or its manifest's, would be told.
  virtual bool KnowsDigest(const Digest& digest) const = 0;
  /// The same of one whose name is meant.
  virtual bool KnowsName(const std::function<bool(std::string_view name)>& meant) const = 0;
};

/// Of a few that are named one by one.
class BaseList final : public BaseBook {
 public:
  explicit BaseList(std::vector<KnownBase> bases) : bases_(std::move(bases)) {}
  std::vector<BaseImage> Under(const Inventory& image) const override;
  bool KnowsDigest(const Digest& digest) const override;
  bool KnowsName(const std::function<bool(std::string_view name)>& meant) const override;

 private:
  std::vector<KnownBase> bases_;
};

/// Whether a package of layer `layer` (Package::layer) came with the base; nullopt where the base
/// or the layer is not known.
std::optional<bool> IsFromBase(const std::optional<BaseImage>& base, int layer);

}  // namespace landwaiter
