// The images that others may be built on, as the cluster knows them: every one that was scanned, by
// the chain of its layers that stands in its status, and so known to every replica from the moment
// on at which its ImageScans are (docs/adr/0027).
//
// Its names are those under which RegistryWatches have found it. A name that pods or people give an
// image is not one: nobody asked the registry whether it means these bytes.
#pragma once

#include <map>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "controller/records.h"
#include "model/base_image.h"

namespace landwaiter::controller {

/// Thread-safe. Some 1.2 KB an image of one platform.
class BaseIndex final : public BaseBook {
 public:
  /// As the API server has it.
  void Set(const std::string& name, const resources::ImageScan& scan);
  void Remove(const std::string& name);

  std::vector<BaseImage> Under(const Inventory& image) const override;
  bool KnowsDigest(const Digest& digest) const override;
  bool KnowsName(const std::function<bool(std::string_view name)>& meant) const override;

 private:
  struct Layers {
    std::string chain_id;
    Digest manifest;
    friend bool operator==(const Layers&, const Layers&) = default;
  };
  struct Entry {
    Digest image;
    std::vector<Layers> platforms;
    std::vector<std::string> names;
    friend bool operator==(const Entry&, const Entry&) = default;
  };

  static Entry EntryOf(const resources::ImageScan& scan);
  void RemoveLocked(const std::string& name);

  mutable std::mutex mutex_;
  std::unordered_map<std::string, Entry> entries_;                 // by ImageScan
  std::unordered_map<std::string, std::set<std::string>> chains_;  // ChainID → ImageScans
  std::map<Digest, std::size_t> digests_;                          // of images and manifests
  std::set<std::string> named_;                                    // ImageScans that have names
};

}  // namespace landwaiter::controller
