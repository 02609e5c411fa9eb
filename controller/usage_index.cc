#include "controller/usage_index.h"

#include <algorithm>

namespace landwaiter::controller {
namespace {

void Decrease(std::map<std::string, std::uint64_t>& counts, const std::string& key) {
  const auto found = counts.find(key);
  if (found == counts.end()) return;
  if (--found->second == 0) counts.erase(found);
}

}  // namespace

void UsageIndex::Remove(const std::string& pod, const PodEntry& entry) {
  for (const PodUse& use : entry.uses) {
    const auto found = scans_.find(use.scan);
    if (found == scans_.end()) continue;
    Decrease(found->second.namespaces, entry.ns);
    const auto reference = found->second.references.find(use.reference);
    if (reference != found->second.references.end() && --reference->second.pods == 0) {
      found->second.references.erase(reference);
    }
    found->second.pods.erase(pod);
    if (found->second.pods.empty()) scans_.erase(found);
  }
}

std::vector<std::string> UsageIndex::Set(const std::string& pod, const std::string& ns,
                                         TimePoint created, std::vector<PodUse> uses) {
  std::sort(uses.begin(), uses.end());
  uses.erase(std::unique(uses.begin(), uses.end()), uses.end());
  std::set<std::string> changed;
  const std::lock_guard lock(mutex_);
  const auto known = pods_.find(pod);
  if (known != pods_.end()) {
    if (known->second.uses == uses) return {};
    for (const PodUse& use : known->second.uses) changed.insert(use.scan);
    Remove(pod, known->second);
    pods_.erase(known);
  }
  for (const PodUse& use : uses) {
    changed.insert(use.scan);
    ScanEntry& entry = scans_[use.scan];
    entry.pods.insert(pod);
    ++entry.namespaces[ns];
    ReferenceEntry& reference = entry.references[use.reference];
    ++reference.pods;
    reference.newest = std::max(reference.newest, created);
  }
  if (!uses.empty()) pods_.emplace(pod, PodEntry{ns, std::move(uses)});
  return {changed.begin(), changed.end()};
}

std::optional<Usage> UsageIndex::Of(const std::string& scan) const {
  const std::lock_guard lock(mutex_);
  if (!complete_) return std::nullopt;
  Usage usage;
  const auto found = scans_.find(scan);
  if (found == scans_.end()) return usage;
  usage.pods = found->second.pods.size();
  for (const auto& [ns, count] : found->second.namespaces) usage.namespaces.push_back(ns);
  std::vector<std::pair<TimePoint, std::string>> references;
  for (const auto& [reference, entry] : found->second.references) {
    references.emplace_back(entry.newest, reference);
  }
  // The newest first; of those that are equally new the last by name, which is mostly the later
  // tag.
  std::sort(references.rbegin(), references.rend());
  for (auto& [newest, reference] : references) usage.references.push_back(std::move(reference));
  return usage;
}

std::vector<std::string> UsageIndex::PodsOf(const std::string& scan, std::size_t limit) const {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> out;
  const auto found = scans_.find(scan);
  if (found == scans_.end()) return out;
  for (const auto& pod : found->second.pods) {
    if (out.size() >= limit) break;
    out.push_back(pod);
  }
  return out;
}

bool UsageIndex::Complete() const {
  const std::lock_guard lock(mutex_);
  return complete_;
}

void UsageIndex::SetComplete() {
  const std::lock_guard lock(mutex_);
  complete_ = true;
}

void UsageIndex::Reset() {
  const std::lock_guard lock(mutex_);
  complete_ = false;
  pods_.clear();
  scans_.clear();
}

}  // namespace landwaiter::controller
