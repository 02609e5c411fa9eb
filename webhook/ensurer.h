// Asks the controller for scans (POST /v1/ensure) on a few threads of its own, so that no request
// waits on the network by itself. Equal questions that are under way are asked once; what comes
// back goes into the Memory, which wakes whoever waits.
#pragma once

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
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
  int threads = 4;
  /// Questions that may wait; beyond it they fail at once, as if the controller could not be
  /// reached.
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
  /// Cancels what is under way and joins.
  void Stop();

 private:
  struct Question {
    CredentialSet credentials;
    std::vector<std::string> references;
  };

  void Run(const std::stop_token& stop);
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
  std::deque<Question> queue_;
  std::unordered_set<std::string> under_way_;  // ensure keys
  std::vector<std::jthread> threads_;
};

}  // namespace landwaiter::webhook
