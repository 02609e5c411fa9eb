// Pods → ImageScans: every image digest that a pod runs or asks for has one, and the usage index
// knows who uses it.
#pragma once

#include <functional>
#include <string>
#include <unordered_map>

#include "controller/credentials.h"
#include "controller/held_pods.h"
#include "controller/plan.h"
#include "controller/resolver.h"
#include "controller/scan_maker.h"
#include "controller/usage_index.h"
#include "controller/workers.h"
#include "lib/base/guarded.h"
#include "lib/kube/event_recorder.h"
#include "lib/kube/informer.h"

namespace landwaiter::controller {

/// Other digests of the same image: a platform's manifest, a configuration. Runtimes report either.
class AliasIndex {
 public:
  void Change(const kube::Informer<ScanRecord>::Change& change);
  /// The digest of the ImageScan that covers `digest`; nullopt where none is known.
  std::optional<Digest> Canonical(const Digest& digest) const;

 private:
  landwaiter::Guarded<std::unordered_map<std::string, Digest>> aliases_;
};

class PodReconciler {
 public:
  struct Parts {
    const kube::Informer<PodRecord>& pods;
    const kube::Informer<ScanRecord>& scans;
    const AliasIndex& aliases;
    CredentialReader& credentials;
    Resolver& resolver;
    ScanMaker& maker;
    UsageIndex& usage;
    kube::EventRecorder& events;
    std::function<void(const std::string& scan)> on_usage;  // a scan's usage changed
    /// A pod has begun to use a scan's image; not called while pods are counted after a start.
    std::function<void(const std::string& pod, const ScanRecord& scan)> on_started;
    HeldPods* held = nullptr;  // null: no pod is held
  };
  explicit PodReconciler(Parts parts) : parts_(std::move(parts)) {}

  Outcome Reconcile(const std::string& key, const Cancellation& cancel);

 private:
  struct Work {
    const std::string& key;
    const PodRecord& pod;
    std::vector<resources::SecretRef> secrets = {};
    bool secrets_read = false;
    std::vector<PodUse> uses = {};
    bool incomplete = false;  // something did not resolve: look again later
    ResolvedImages resolved = {};
  };

  Outcome Held(const Work& work, Outcome reconciled, const Cancellation& cancel);
  Status Image(Work& work, const WantedImage& image, const Cancellation& cancel);
  /// The pod names a secret that the digest's ImageScan does not hold yet; it may be for another
  /// registry. (A service account's secrets stand in the pod itself: the API server puts them
  /// there.)
  bool LacksSecrets(const PodRecord& pod, const Digest& digest) const;
  Status Use(Work& work, const WantedImage& image, const Digest& digest,
             const ImageCredentials& credentials, const Cancellation& cancel);
  Result<ImageCredentials> Credentials(Work& work, const ImageReference& image,
                                       const Cancellation& cancel);
  void TellOwner(const Work& work, const ImageReference& image, const Error& error);

  Parts parts_;
};

}  // namespace landwaiter::controller
