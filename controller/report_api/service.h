// The report API as a whole: who asks (access.h), what of (routes.h), answered on a few threads of
// its own, since both the API server and the store are asked on the way. Turns go round by token,
// so that no caller's large reports keep all others waiting.
#pragma once

#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "controller/fair_queue.h"
#include "controller/report_api/access.h"
#include "controller/report_api/source.h"
#include "lib/http/server.h"

namespace landwaiter::controller::report_api {

/// The header that has the token where a proxy on the way (the API server's own is one) takes
/// Authorization for itself.
inline constexpr std::string_view kTokenHeader = "Landwaiter-Authorization";

struct ServiceOptions {
  AccessOptions access = {};
  double requests_per_second = 20;  // of one user
  double request_burst = 100;
  int threads = 4;
  std::size_t max_waiting = 200;
  std::chrono::milliseconds timeout{20'000};
};

class Service {
 public:
  /// `api` as Access wants it; both outlive the service.
  Service(const ReportSource& source, kube::Api& api, ServiceOptions options);
  ~Service() { Stop(); }

  /// Before the server starts.
  void AddRoutes(http::Server& server);
  void Start();
  void Stop();
  /// The whole way of one request, on the calling thread.
  http::ServerResponse Answer(const http::ServerRequest& request, const Cancellation& cancel);

 private:
  struct Task {
    http::ServerRequest request;
    http::Responder responder;
    Cancellation::SteadyTime deadline;
  };

  void Handle(http::ServerRequest&& request, http::Responder responder);
  void Run(const std::stop_token& stop);
  http::ServerResponse Dispatch(const http::ServerRequest& request, const Cancellation& cancel);

  const ReportSource& source_;
  const ServiceOptions options_;
  Access access_;
  RateLimiter users_;
  FairQueue<std::shared_ptr<Task>> waiting_;
  std::vector<std::jthread> threads_;
};

}  // namespace landwaiter::controller::report_api
