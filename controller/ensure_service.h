// POST /v1/ensure: the webhook names references, the controller answers with digest and ImageScan
// of each. Every replica serves it, leader or not: it only resolves and creates. Work is done on a
// few threads of its own behind a bounded queue; when that is full the answer is 503 at once. No
// namespace has more than a quarter of the threads, however slow its registries are.
#pragma once

#include <algorithm>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "controller/credentials.h"
#include "controller/fair_queue.h"
#include "controller/new_image_pace.h"
#include "controller/resolver.h"
#include "controller/scan_maker.h"
#include "lib/base/metrics.h"
#include "lib/http/server.h"
#include "resources/ensure.h"

namespace landwaiter::controller {

struct EnsureOptions {
  int threads = 8;
  std::size_t PerNamespace() const { return std::max<std::size_t>(1, threads / 4); }
  std::size_t max_waiting = 2000;  // references over all requests
  /// The API server gives a webhook 10 s; who asks has gone by then.
  std::chrono::milliseconds timeout{9'000};
  /// New images of a namespace at once (NewImagePace); 0: any number.
  std::size_t namespace_new_images = 0;
  metrics::Registry* metrics = nullptr;
};

class EnsureService {
 public:
  struct Parts {
    CredentialReader& credentials;
    Resolver& resolver;
    ScanMaker& maker;
    const kube::Informer<ScanRecord>& scans;
    /// Somebody waits for an image that is scanned: judge it now if that is still to be done.
    std::function<void(const resources::ImageScan&, const Cancellation&)> judge_now;
    /// A pod of this owner was denied for want of the scan's verdict.
    std::function<void(const std::string& scan, const std::string& ns, const resources::OwnerRef&)>
        denied = {};
  };
  EnsureService(Parts parts, EnsureOptions options);
  ~EnsureService() { Stop(); }

  void Start();
  void Stop();
  /// The route's handler: never blocks.
  void Handle(http::ServerRequest&& request, http::Responder responder);
  /// One reference, on the calling thread.
  resources::EnsuredImage Ensure(const resources::EnsureRequest& request,
                                 const std::string& reference, const Cancellation& cancel);

 private:
  /// One request's answers as they come in; the last one sends them.
  struct Batch {
    resources::EnsureRequest request;
    resources::EnsureResponse response;
    std::size_t left = 0;
    http::Responder responder;
    Cancellation::SteadyTime deadline;
    std::mutex mutex;
  };
  struct Task {
    std::shared_ptr<Batch> batch;
    std::size_t index = 0;
  };

  void Run(const std::stop_token& stop);
  void Finish(const Task& task, resources::EnsuredImage image);
  Result<resources::EnsuredImage> Try(const resources::EnsureRequest& request,
                                      const std::string& reference, const Cancellation& cancel);
  /// nullptr unless this digest's ImageScan is scanned.
  std::shared_ptr<const ScanRecord> Scanned(const Digest& digest) const;

  Parts parts_;
  const EnsureOptions options_;
  NewImagePace new_images_{options_.namespace_new_images};
  metrics::Counter* ensured_ = nullptr;
  metrics::Counter* failed_ = nullptr;
  metrics::Counter* refused_ = nullptr;
  FairQueue<Task> waiting_;
  std::vector<std::jthread> threads_;
};

}  // namespace landwaiter::controller
