#include "controller/base_index.h"

#include <algorithm>

#include "controller/plan.h"

namespace landwaiter::controller {

BaseIndex::Entry BaseIndex::EntryOf(const resources::ImageScan& scan) {
  Entry entry;
  const auto digest = CanonicalDigest(scan);
  if (!digest) return entry;
  entry.image = *digest;
  for (const auto& platform : scan.status.platforms) {
    const auto manifest = Digest::Parse(platform.manifest_digest);
    if (platform.chain_id.empty() || !manifest) continue;
    entry.platforms.push_back({platform.chain_id, *manifest});
  }
  if (!entry.platforms.empty()) entry.names = scan.status.watched_as;
  return entry;
}

void BaseIndex::Set(const std::string& name, const resources::ImageScan& scan) {
  Entry entry = EntryOf(scan);
  const std::lock_guard lock(mutex_);
  const auto before = entries_.find(name);
  if (before != entries_.end() && before->second == entry) return;
  RemoveLocked(name);
  if (entry.platforms.empty()) return;
  ++digests_[entry.image];
  for (const Layers& layers : entry.platforms) {
    ++digests_[layers.manifest];
    chains_[layers.chain_id].insert(name);
  }
  if (!entry.names.empty()) named_.insert(name);
  entries_.emplace(name, std::move(entry));
}

void BaseIndex::Remove(const std::string& name) {
  const std::lock_guard lock(mutex_);
  RemoveLocked(name);
}

void BaseIndex::RemoveLocked(const std::string& name) {
  const auto found = entries_.find(name);
  if (found == entries_.end()) return;
  const auto drop = [&](const Digest& digest) {
    const auto count = digests_.find(digest);
    if (--count->second == 0) digests_.erase(count);
  };
  drop(found->second.image);
  for (const Layers& layers : found->second.platforms) {
    drop(layers.manifest);
    const auto chain = chains_.find(layers.chain_id);
    if (chain == chains_.end()) continue;  // two platforms may have the same layers
    chain->second.erase(name);
    if (chain->second.empty()) chains_.erase(chain);
  }
  named_.erase(name);
  entries_.erase(found);
}

std::vector<BaseImage> BaseIndex::Under(const Inventory& image) const {
  const std::vector<Digest> chain = ChainIds(image.layers);
  std::vector<BaseImage> under;
  const std::lock_guard lock(mutex_);
  for (std::size_t layers = chain.size(); layers > 0; --layers) {
    const std::string& chain_id = chain[layers - 1].ToString();
    const auto scans = chains_.find(chain_id);
    if (scans == chains_.end()) continue;
    for (const std::string& scan : scans->second) {
      const Entry& entry = entries_.at(scan);
      for (const Layers& platform : entry.platforms) {
        if (platform.chain_id != chain_id) continue;
        for (const std::string& name : entry.names) {
          under.push_back({name, platform.manifest, layers, entry.image});
        }
        if (entry.names.empty()) under.push_back({"", platform.manifest, layers, entry.image});
      }
    }
  }
  return under;
}

bool BaseIndex::KnowsDigest(const Digest& digest) const {
  const std::lock_guard lock(mutex_);
  return digests_.contains(digest);
}

bool BaseIndex::KnowsName(const std::function<bool(std::string_view name)>& meant) const {
  const std::lock_guard lock(mutex_);
  return std::any_of(named_.begin(), named_.end(), [&](const std::string& scan) {
    const auto& names = entries_.at(scan).names;
    return std::any_of(names.begin(), names.end(), meant);
  });
}

}  // namespace landwaiter::controller
