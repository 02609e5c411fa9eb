// Asks the controller for scans (POST /v1/ensure) on a few threads of its own, so that no request
// waits on the network by itself. Equal questions that are under way are asked once; what comes
// back goes into the Memory, which wakes whoever waits. A registry that answers slowly, or a flood
// of questions, costs the namespace that names it and no other: each has its turn, and a quarter of
// the threads and of the queue at most.
#pragma once

#include <condition_variable>
#include <deque>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "lib/base/cancellation.h"
#include "lib/base/metrics.h"
#include "resources/ensure.h"
#include "webhook/memory.h"

namespace landwaiter::webhook {

/// The controller, as seen from here.
class Controller {
 public:
  virtual ~Controller() = default;
  /// Errors: any means that the controller gave no answer.
  virtual Result<resources::EnsureResponse> Ensure(const resources::EnsureRequest& request,
                                                   const Cancellation& cancel) = 0;
};

struct ControllerClientOptions {
  std::string url;           // "https://127.0.0.1:9443"
  std::string certificates;  // folder with ca.crt, tls.crt, tls.key; empty: plain HTTP
};
/// Over mutual TLS. Errors: those of http::Client::Create.
Result<std::unique_ptr<Controller>> MakeControllerClient(const ControllerClientOptions& options);

struct EnsurerOptions {
  /// They only wait for answers; a quarter of them serves one namespace as fast as the controller's
  /// eight can.
  int threads = 16;
  /// Questions that may wait, a quarter of them of one namespace; beyond it they fail at once, as
  /// if the controller could not be reached.
  std::size_t queue = 1000;
  std::chrono::milliseconds timeout{10'000};
};

class Ensurer {
 public:
  Ensurer(Controller& controller, Memory& memory, metrics::Registry& registry,
          EnsurerOptions options = {});
  ~Ensurer();
  Ensurer(const Ensurer&) = delete;
  Ensurer& operator=(const Ensurer&) = delete;

  /// Returns at once. Those of the references that are under way for the same credentials are left
  /// out; the rest is one question.
  void Ask(const CredentialSet& credentials, const std::vector<std::string>& references);
  /// The same for a pod that has been denied for want of these images' verdicts: its owner is told
  /// of them when they are in.
  void Tell(const CredentialSet& credentials, const std::vector<std::string>& references,
            const resources::OwnerRef& denied_owner);
  /// Cancels what is under way and joins.
  void Stop();

 private:
  struct Question {
    CredentialSet credentials;
    std::vector<std::string> references;
    resources::OwnerRef denied_owner = {};
  };

  /// What one namespace has here.
  struct Lane {
    std::deque<Question> waiting;
    std::size_t asking = 0;
  };

  void Run(const std::stop_token& stop);
  void Put(Question question, const std::vector<std::string>& references);
  /// What a reference of the question is under way as.
  static std::string KeyOf(const Question& question, const std::string& reference);
  /// False where there is no room. Under the lock, as the next two.
  bool Enqueue(const Question& question);
  bool MayAsk(const std::string& ns) const;
  /// The question whose turn it is, of a namespace that may ask; there must be one.
  Question Take();
  /// The namespace's thread is free again.
  void GiveBack(const std::string& ns);
  void AskNow(const Question& question, const std::stop_token& stop);
  void Settle(const Question& question, const std::string& reference, Ensured ensured);
  void SettleAll(const Question& question, const std::string& why);

  Controller& controller_;
  Memory& memory_;
  const EnsurerOptions options_;
  metrics::Counter& answered_;
  metrics::Counter& refused_;
  metrics::Counter& unreachable_;
  metrics::Counter& dropped_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::unordered_map<std::string, Lane> lanes_;  // by namespace; none is empty
  std::list<std::string> turns_;                 // namespaces that have a question waiting
  std::size_t waiting_ = 0;                      // over all lanes
  std::unordered_set<std::string> under_way_;    // ensure keys
  std::vector<std::jthread> threads_;
};

}  // namespace landwaiter::webhook
