#include "controller/runtime/running_fails.h"

#include <nlohmann/json.hpp>
#include <set>
#include <tuple>

#include "lib/base/text.h"
#include "policy/evaluate.h"

namespace landwaiter::controller {
namespace {

/// Answers that hold for all pods of a namespace, and of a reference.
class Answers {
 public:
  Answers(const WhatRuns& runs, const policy::ScanPolicy& policy, TimePoint now)
      : runs_(runs), policy_(policy), now_(now) {}

  bool InForce(const std::string& ns) {
    const auto [found, is_new] = in_force_.emplace(ns, false);
    if (is_new) {
      found->second = policy::MatchesNamespace(policy_, LabelsOf(runs_.namespaces, ns));
    }
    return found->second;
  }

  /// By this name, in this namespace.
  bool Fails(const resources::ImageScan& scan, const std::string& text, const std::string& ns) {
    const auto [found, is_new] = fails_.emplace(std::tuple(scan.name, text, ns), false);
    if (is_new) {
      const auto reference = ImageReference::Parse(text);
      const auto judged =
          reference ? JudgedBy(policy_, scan.status, *reference, ns, now_) : std::nullopt;
      found->second = judged && judged->verdict == Verdict::kFail;
    }
    return found->second;
  }

 private:
  const WhatRuns& runs_;
  const policy::ScanPolicy& policy_;
  const TimePoint now_;
  std::map<std::string, bool> in_force_;
  std::map<std::tuple<std::string, std::string, std::string>, bool> fails_;
};

}  // namespace

std::map<std::string, std::string> LabelsOf(const kube::Informer<NamespaceRecord>& namespaces,
                                            const std::string& ns) {
  const auto record = namespaces.Get(ns);
  return record ? record->labels : std::map<std::string, std::string>();
}

kube::EventTarget OwnerOf(const kube::ObjectKey& pod, const PodRecord& record) {
  if (!record.shape->owner) return {"v1", "Pod", pod.ns, pod.name, record.Uid()};
  return {record.shape->owner->api_version, record.shape->owner->kind, pod.ns,
          record.shape->owner->name, record.shape->owner->uid};
}

std::optional<RunningFails> CountRunningFails(const WhatRuns& runs,
                                              const policy::ScanPolicy& policy,
                                              const Scans& failing, TimePoint now) {
  if (!runs.usage.Complete()) return std::nullopt;
  Answers answers(runs, policy, now);
  std::set<std::string> pods;
  // By namespace, kind, name and scan.
  std::map<std::tuple<std::string, std::string, std::string, std::string>, FailingWorkload> found;
  RunningFails out;
  for (const auto& record : failing) {
    const resources::ImageScan& scan = record->scan;
    std::set<std::string> of_scan;
    for (const auto& use : runs.usage.UsesOf(scan.name)) {
      const auto key = kube::ObjectKey::Parse(use.pod);
      if (!answers.InForce(key.ns) || !answers.Fails(scan, use.reference, key.ns)) continue;
      const auto pod = runs.pods.Get(key);
      if (!pod || !pod->Runs() || pod->Waits() || !of_scan.insert(use.pod).second) continue;
      const auto owner = OwnerOf(key, *pod);
      auto& workload = found[{owner.ns, owner.kind, owner.name, scan.name}];
      if (workload.pods == 0) {
        workload = {owner.ns,   owner.kind,
                    owner.name, text::Truncate(scan.status.display_name, 512),
                    scan.name,  0};
      }
      ++workload.pods;
    }
    out.images += of_scan.empty() ? 0 : 1;
    pods.merge(of_scan);
  }
  out.pods = pods.size();
  for (auto& [key, workload] : found) {
    if (out.workloads.size() == kMaxFailingWorkloads) break;
    out.workloads.push_back(std::move(workload));
  }
  return out;
}

nlohmann::json RunningFailsToJson(const RunningFails& running) {
  using nlohmann::json;
  json workloads = json::array();
  for (const FailingWorkload& one : running.workloads) {
    workloads.push_back({{"namespace", one.ns},
                         {"kind", one.kind},
                         {"name", one.name},
                         {"image", one.image},
                         {"scan", one.scan},
                         {"pods", one.pods}});
  }
  return {{"images", running.images}, {"pods", running.pods}, {"workloads", std::move(workloads)}};
}

}  // namespace landwaiter::controller
