// VEX documents in the cluster: ConfigMaps of Landwaiter's own namespace with the label
// landwaiter.io/vex: "true", each key of their data one document. Whoever may write there owns the
// installation; documents of other namespaces are never looked at.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "controller/stored_image.h"
#include "lib/base/metrics.h"
#include "lib/kube/event_recorder.h"
#include "lib/kube/informer.h"
#include "resources/image_scan.h"
#include "scanner/matching/vex/vex.h"

namespace landwaiter::controller {

inline constexpr char kVexLabel[] = "landwaiter.io/vex";

struct VexRecord {
  std::string uid;
  std::vector<matching::VexDocument> documents;
  std::vector<std::string> errors;  // "KEY: why", of documents that cannot be read
};
Result<VexRecord> ProjectVex(const nlohmann::json& config_map);

/// Thread-safe.
class ClusterVex {
 public:
  /// `changed`: what is said of images may have; called on the informer's thread. Of a document
  /// that cannot be read the ConfigMap has an Event where `leads` is true.
  ClusterVex(kube::Api& api, const std::string& ns, kube::EventRecorder& events,
             std::function<bool()> leads, std::function<void()> changed);

  void Start() { informer_.Start(); }
  void Stop() { informer_.Stop(); }
  bool HasSynced() const { return informer_.HasSynced(); }
  bool WaitForSync(const Cancellation& cancel) { return informer_.WaitForSync(cancel); }
  void Measure(metrics::Registry& metrics) const { informer_.Measure(metrics); }

  /// Takes what does not count out of the image's findings; the number of those.
  std::uint64_t Apply(StoredImage& image) const;

 private:
  using Informer = kube::Informer<VexRecord>;
  void OnChange(const Informer::Change& change);
  std::shared_ptr<const matching::VexBook> Book() const;

  kube::EventRecorder& events_;
  const std::function<bool()> leads_;
  const std::function<void()> changed_;
  mutable std::mutex mutex_;
  mutable std::shared_ptr<const matching::VexBook> book_;  // null: to be made anew
  Informer informer_;
};

}  // namespace landwaiter::controller
