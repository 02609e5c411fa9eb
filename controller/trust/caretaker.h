// Looks after certificates and webhook configurations now and then, on a thread of its own: the
// leader writes them, every replica takes its own certificate from its Secret.
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "controller/run.h"
#include "controller/trust/armer.h"
#include "controller/trust/keeper.h"

namespace landwaiter::controller {

/// What the caretaker reaches the world by; all outlive it.
struct CaretakerPorts {
  kube::Api& api;     // reads; writes of a replica that has no certificate yet
  kube::Api& fenced;  // the leader's writes
  std::function<bool()> leading;
  kube::EventRecorder& events;
  const Clock& clock;
  metrics::Registry& metrics;
};

class Caretaker {
 public:
  /// Errors: InvalidArgument for an option, naming its flag; those of reading the file of
  /// configurations.
  static Result<std::unique_ptr<Caretaker>> Create(const ControllerOptions& options,
                                                   CaretakerPorts ports);
  ~Caretaker() { Stop(); }
  Caretaker(const Caretaker&) = delete;
  Caretaker& operator=(const Caretaker&) = delete;

  /// Returns when the folder holds a certificate that can be served; where the Secrets have none,
  /// they are made. At once where certificates are not managed. Errors: Cancelled.
  Status AwaitOwnCertificate(const Cancellation& cancel);

  void Start();
  void Stop();

  /// One look; true where the next one has time. For tests; Start calls it.
  bool Look(const Cancellation& cancel);

 private:
  struct Counters {
    metrics::Counter& succeeded;
    metrics::Counter& failed;
  };

  Caretaker(const ControllerOptions& options, CaretakerPorts ports);
  static Counters AddCounters(metrics::Registry& metrics, const char* controller);
  static bool Count(const Counters& counters, const char* what, const Status& status);
  Status RefreshOwn(const Cancellation& cancel);
  Status Obtain(const Cancellation& cancel);
  bool LookGuarded(const Cancellation& cancel);
  void Run(const std::stop_token& stop);

  const std::string folder_;
  const std::chrono::milliseconds period_;
  const CaretakerPorts ports_;
  const Counters certificates_;
  const Counters arming_;
  std::unique_ptr<CertificateKeeper> keeper_;  // null: not managed
  std::unique_ptr<Armer> armer_;               // null: nothing to arm
  std::mutex mutex_;
  std::condition_variable_any never_;
  std::jthread thread_;
};

/// What stands in the certificates: the names of each role's Service, and those that were given.
/// Errors: InvalidArgument naming the flag.
Result<std::vector<http::ServingNames>> CertificateNames(const TrustOptions& options,
                                                         const std::string& ns);

}  // namespace landwaiter::controller
