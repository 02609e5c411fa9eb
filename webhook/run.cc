#include "webhook/run.h"

#include <condition_variable>
#include <mutex>
#include <optional>

#include "lib/base/build_info.h"
#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "lib/base/metrics.h"
#include "lib/http/certificate_watcher.h"
#include "lib/http/server.h"
#include "lib/kube/client.h"
#include "lib/kube/config.h"
#include "webhook/ensurer.h"
#include "webhook/handler.h"
#include "webhook/informers.h"
#include "webhook/memory.h"
#include "webhook/mutate.h"
#include "webhook/readiness.h"
#include "webhook/waiters.h"

namespace landwaiter::webhook {
namespace {

/// As many as there can be connections: each waits with one request.
constexpr std::size_t kMaxWaiters = 1000;

void WaitFor(const std::stop_token& stop) {
  std::mutex mutex;
  std::condition_variable_any stopped;
  std::unique_lock lock(mutex);
  stopped.wait(lock, stop, [] { return false; });
}

Result<std::unique_ptr<http::Server>> MakeAdmissionServer(const RunOptions& options,
                                                          metrics::Registry& registry,
                                                          AdmissionHandler& handler,
                                                          MutationHandler& mutation) {
  http::ServerOptions server_options;
  server_options.name = "admission";
  server_options.listen = options.listen;
  server_options.threads = options.threads;
  server_options.metrics = &registry;
  // The longest wait is answered before the end.
  server_options.limits.drain_timeout = kLongestTimeout;
  // No client certificate is asked for: the API server has none of ours.
  server_options.tls = http::ServerTls{.certificate_file = options.certificates + "/tls.crt",
                                       .key_file = options.certificates + "/tls.key"};
  auto server = http::Server::Create(std::move(server_options));
  if (!server) return server;
  (*server)->Route("POST", "/validate",
                   [&handler](http::ServerRequest&& request, http::Responder respond) {
                     handler.Handle(std::move(request), std::move(respond));
                   },
                   {.max_body_bytes = kMaxReviewBytes});
  (*server)->Route("POST", "/mutate",
                   [&mutation](http::ServerRequest&& request, http::Responder respond) {
                     mutation.Handle(std::move(request), std::move(respond));
                   },
                   {.max_body_bytes = kMaxReviewBytes});
  return server;
}

/// Null where it is not served.
Result<std::unique_ptr<http::Server>> MakeImageReviewServer(const RunOptions& options,
                                                            metrics::Registry& registry,
                                                            ImageReviewHandler& handler) {
  if (options.image_review_listen.empty()) return std::unique_ptr<http::Server>();
  if (options.image_review_client_ca.empty()) {
    return InvalidArgument("--image-review-client-ca: is needed with --image-review-listen");
  }
  http::ServerOptions server_options;
  server_options.name = "image-review";
  server_options.listen = options.image_review_listen;
  server_options.threads = 1;
  server_options.metrics = &registry;
  server_options.limits.drain_timeout = kLongestTimeout;
  server_options.tls = http::ServerTls{.certificate_file = options.certificates + "/tls.crt",
                                       .key_file = options.certificates + "/tls.key",
                                       .client_ca_file = options.image_review_client_ca,
                                       .allowed_peers = options.image_review_clients};
  auto server = http::Server::Create(std::move(server_options));
  if (!server) return server;
  (*server)->Route("POST", "/image-review",
                   [&handler](http::ServerRequest&& request, http::Responder respond) {
                     handler.Handle(std::move(request), std::move(respond));
                   },
                   {.max_body_bytes = kMaxImageReviewBytes});
  return server;
}

Result<std::unique_ptr<http::Server>> MakeHealthServer(const RunOptions& options,
                                                       metrics::Registry& registry,
                                                       const Informers& informers,
                                                       const Readiness& readiness) {
  auto server = http::Server::Create(
      {.name = "health", .listen = options.health_listen, .threads = 1, .metrics = &registry});
  if (!server) return server;
  http::AddHealthRoutes(
      **server, [&] { return readiness.NotReady(informers.Missing()); }, &registry);
  return server;
}

Result<std::unique_ptr<kube::Client>> MakeApi(const RunOptions& options) {
  auto config = kube::LoadConfig(options.kubeconfig);
  if (!config) return std::move(config).error();
  return kube::Client::Create(*config, {.user_agent = "landwaiter-webhook"});
}

}  // namespace

Status Run(const RunOptions& options, const std::stop_token& stop) {
  metrics::Registry registry;
  metrics::AddBuildInfo(registry);
  auto api = MakeApi(options);
  if (!api) return std::move(api).error();
  auto controller = MakeControllerClient({options.controller, options.certificates});
  if (!controller) return std::move(controller).error();

  const SystemClock clock;
  Memory memory;
  Waiters waiters(kMaxWaiters);
  Ensurer ensurer(**controller, memory, registry);
  Deliberation deliberation(memory, waiters, ensurer, clock, registry);
  AdmissionHandler handler(deliberation, ensurer, options.admission, registry);
  MutationHandler mutation(
      deliberation, memory,
      {.hold = options.admission.hold, .pin_digests = options.admission.pin_digests}, registry);
  auto admission = MakeAdmissionServer(options, registry, handler, mutation);
  if (!admission) return std::move(admission).error();

  ImageReviewHandler image_review(deliberation, options.image_review, registry);
  auto reviews = MakeImageReviewServer(options, registry, image_review);
  if (!reviews) return std::move(reviews).error();

  Informers informers(**api, memory);
  informers.Measure(registry);
  registry.AddCallback("landwaiter_webhook_api_connected", "1 while all watches are up.",
                       [&informers] { return informers.Connected() ? 1.0 : 0.0; });
  registry.AddCallback("landwaiter_webhook_scans", "ImageScans in memory.",
                       [&memory] { return static_cast<double>(memory.ScanCount()); });
  registry.AddCallback("landwaiter_webhook_policies", "ScanPolicies in memory.",
                       [&memory] { return static_cast<double>(memory.PolicyCount()); });
  Readiness readiness;
  auto health = MakeHealthServer(options, registry, informers, readiness);
  if (!health) return std::move(health).error();
  if (auto started = (*health)->Start(); !started) return started;

  informers.Start();
  // Without the policies every pod would be let in: the door opens when they are known.
  if (!informers.WaitForSync({stop})) return Ok();
  if (auto started = (*admission)->Start(); !started) return started;
  if (*reviews != nullptr) {
    if (auto started = (*reviews)->Start(); !started) return started;
  }
  readiness.Serve();
  log::Info("webhook ready", {{"policies", memory.PolicyCount()}, {"scans", memory.ScanCount()}});
  {
    const http::CertificateWatcher watcher(**admission,
                                           http::CertificateFiles(options.certificates));
    std::optional<http::CertificateWatcher> of_reviews;
    if (*reviews != nullptr) {
      of_reviews.emplace(**reviews, http::CertificateFiles(options.certificates));
    }
    WaitFor(stop);
  }
  log::Info("webhook stopping");
  readiness.Drain();
  if (*reviews != nullptr) (*reviews)->Stop();
  (*admission)->Stop();  // answers what is in hand, waiting requests included
  waiters.Stop();
  ensurer.Stop();
  informers.Stop();
  (*health)->Stop();
  return Ok();
}

}  // namespace landwaiter::webhook
