#include "model/base_image.h"

#include <algorithm>
#include <tuple>

namespace landwaiter {
namespace {

bool BeginsWith(const std::vector<ImageLayer>& layers, const std::vector<Digest>& diff_ids) {
  return diff_ids.size() <= layers.size() &&
         std::equal(diff_ids.begin(), diff_ids.end(), layers.begin(),
                    [](const Digest& id, const ImageLayer& layer) { return id == layer.diff_id; });
}

}  // namespace

std::vector<KnownBase> BasesOf(const std::string& name, const ImageInventory& image) {
  std::vector<KnownBase> bases;
  for (const Inventory& platform : image.platforms) {
    if (platform.layers.empty()) continue;
    KnownBase base{name, platform.manifest_digest, {}, image.digest};
    for (const ImageLayer& layer : platform.layers) base.diff_ids.push_back(layer.diff_id);
    bases.push_back(std::move(base));
  }
  return bases;
}

std::optional<BaseImage> FindBase(const Inventory& image, const std::vector<KnownBase>& bases) {
  const auto declared = [&](const KnownBase& base) {
    const auto& word = image.declared_base;
    return word && (word->digest == base.digest.ToString() || word->name == base.name);
  };
  const auto better = [&](const KnownBase& a, const KnownBase& b) {
    if (a.diff_ids.size() != b.diff_ids.size()) return a.diff_ids.size() > b.diff_ids.size();
    if (declared(a) != declared(b)) return declared(a);
    return std::tuple(a.name, a.digest.ToString()) < std::tuple(b.name, b.digest.ToString());
  };
  const KnownBase* best = nullptr;
  for (const KnownBase& base : bases) {
    if (base.diff_ids.empty() || base.digest == image.manifest_digest) continue;
    if (!BeginsWith(image.layers, base.diff_ids)) continue;
    if (best == nullptr || better(base, *best)) best = &base;
  }
  if (best == nullptr) return {};
  return BaseImage{best->name, best->digest, best->diff_ids.size(), best->image};
}

std::vector<Digest> ChainIds(const std::vector<ImageLayer>& layers) {
  std::vector<Digest> chain;
  chain.reserve(layers.size());
  for (const ImageLayer& layer : layers) {
    chain.push_back(chain.empty()
                        ? layer.diff_id
                        : Sha256::Of(chain.back().ToString() + " " + layer.diff_id.ToString()));
  }
  return chain;
}

std::vector<BaseImage> BaseList::Under(const Inventory& image) const {
  std::vector<BaseImage> under;
  for (const KnownBase& base : bases_) {
    if (base.diff_ids.empty() || !BeginsWith(image.layers, base.diff_ids)) continue;
    under.push_back({base.name, base.digest, base.diff_ids.size(), base.image});
  }
  std::stable_sort(under.begin(), under.end(),
                   [](const BaseImage& a, const BaseImage& b) { return a.layers > b.layers; });
  return under;
}

bool BaseList::KnowsDigest(const Digest& digest) const {
  return std::any_of(bases_.begin(), bases_.end(), [&](const KnownBase& base) {
    return base.digest == digest || base.image == digest;
  });
}

bool BaseList::KnowsName(const std::function<bool(std::string_view name)>& meant) const {
  return std::any_of(bases_.begin(), bases_.end(),
                     [&](const KnownBase& base) { return meant(base.name); });
}

std::optional<bool> IsFromBase(const std::optional<BaseImage>& base, int layer) {
  if (!base || layer < 0) return {};
  return static_cast<std::size_t>(layer) < base->layers;
}

}  // namespace landwaiter
