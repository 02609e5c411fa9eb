#include "controller/usage_index.h"

#include <algorithm>
#include <set>

#include "lib/kube/api.h"

namespace landwaiter::controller {
namespace {

std::string NamespaceOf(const std::string& pod) { return kube::ObjectKey::Parse(pod).ns; }

}  // namespace

bool UsageIndex::Same(const PodEntry& entry, const std::vector<PodUse>& uses) {
  return std::equal(entry.slots.begin(), entry.slots.end(), uses.begin(), uses.end(),
                    [](const Slot& slot, const PodUse& use) {
                      return slot.Scan()->first == use.scan &&
                             slot.reference->first == use.reference;
                    });
}

void UsageIndex::Insert(PodNode& pod, TimePoint created, const PodUse& use) {
  ScanNode& scan = *scans_.try_emplace(use.scan).first;
  ReferenceNode& reference = *scan.second.references.try_emplace(use.reference).first;
  reference.second.scan = &scan;
  ++reference.second.pods;
  reference.second.newest = std::max(reference.second.newest, created);
  ++scan.second.namespaces[NamespaceOf(pod.first)];
  auto& slots = pod.second.slots;
  if (!slots.empty() && slots.back().Scan() == &scan) {  // they are sorted by scan
    slots.push_back({&reference, kSecond});
    return;
  }
  slots.push_back({&reference, static_cast<std::uint32_t>(scan.second.pods.size())});
  scan.second.pods.push_back(&pod);
}

void UsageIndex::Unlist(const Slot& slot) {
  ScanNode* const scan = slot.Scan();
  auto& pods = scan->second.pods;
  // The last one of the list takes its place.
  PodNode* const last = pods.back();
  pods[slot.position] = last;
  pods.pop_back();
  for (Slot& moved : last->second.slots) {
    if (moved.Scan() == scan && moved.position != kSecond) moved.position = slot.position;
  }
}

void UsageIndex::Remove(PodNode& pod) {
  const std::string ns = NamespaceOf(pod.first);
  for (const Slot& slot : pod.second.slots) {
    auto& namespaces = slot.Scan()->second.namespaces;
    const auto in_ns = namespaces.find(ns);
    if (--in_ns->second == 0) namespaces.erase(in_ns);
    if (slot.position != kSecond) Unlist(slot);
  }
  // What nobody uses goes after all have been looked at: slots lead to their scan by the reference.
  const std::vector<Slot> slots = std::move(pod.second.slots);
  pod.second.slots.clear();
  for (const Slot& slot : slots) {
    ScanNode* const scan = slot.Scan();
    if (--slot.reference->second.pods > 0) continue;
    scan->second.references.erase(slot.reference->first);
    if (scan->second.references.empty()) scans_.erase(scan->first);
  }
}

std::vector<std::string> UsageIndex::Set(const std::string& pod, TimePoint created,
                                         std::vector<PodUse> uses) {
  std::sort(uses.begin(), uses.end());
  uses.erase(std::unique(uses.begin(), uses.end()), uses.end());
  std::set<std::string> changed;
  const std::lock_guard lock(mutex_);
  const auto known = pods_.find(pod);
  if (known != pods_.end()) {
    if (Same(known->second, uses)) return {};
    for (const Slot& slot : known->second.slots) changed.insert(slot.Scan()->first);
    Remove(*known);
    if (uses.empty()) pods_.erase(known);
  }
  if (uses.empty()) return {changed.begin(), changed.end()};
  PodNode& node = *pods_.try_emplace(pod).first;
  node.second.slots.reserve(uses.size());
  for (const PodUse& use : uses) {
    changed.insert(use.scan);
    Insert(node, created, use);
  }
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
  const auto found = scans_.find(scan);
  if (found == scans_.end()) return {};
  std::vector<const std::string*> names;
  names.reserve(found->second.pods.size());
  for (const PodNode* pod : found->second.pods) names.push_back(&pod->first);
  const auto end = names.begin() + static_cast<std::ptrdiff_t>(std::min(limit, names.size()));
  std::partial_sort(names.begin(), end, names.end(),
                    [](const std::string* a, const std::string* b) { return *a < *b; });
  std::vector<std::string> out;
  for (auto name = names.begin(); name != end; ++name) out.push_back(**name);
  return out;
}

std::vector<UsageIndex::PodReference> UsageIndex::UsesOf(const std::string& scan) const {
  const std::lock_guard lock(mutex_);
  const auto found = scans_.find(scan);
  if (found == scans_.end()) return {};
  std::vector<PodReference> out;
  out.reserve(found->second.pods.size());
  for (const PodNode* pod : found->second.pods) {
    for (const Slot& slot : pod->second.slots) {
      if (slot.Scan() == &*found) out.push_back({pod->first, slot.reference->first});
    }
  }
  return out;
}

std::vector<std::string> UsageIndex::ReferencesOf(const std::string& pod,
                                                  const std::string& scan) const {
  const std::lock_guard lock(mutex_);
  const auto found = pods_.find(pod);
  if (found == pods_.end()) return {};
  std::vector<std::string> out;
  for (const Slot& slot : found->second.slots) {
    if (slot.Scan()->first == scan) out.push_back(slot.reference->first);
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
