#include "scanner/service/scanner_role.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <condition_variable>
#include <exception>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string_view>
#include <utility>

#include "lib/base/build_info.h"
#include "lib/base/log.h"
#include "lib/base/metrics.h"
#include "lib/base/text.h"
#include "lib/http/certificate_watcher.h"
#include "lib/http/client.h"
#include "lib/http/server.h"
#include "model/inventory_codec.h"
#include "model/scan_request.h"
#include "model/secret_rules.h"
#include "scanner/image/mirrors.h"
#include "scanner/image/registry.h"
#include "scanner/image/registry_metrics.h"
#include "scanner/service/layer_cache.h"
#include "scanner/service/scan_queue.h"

namespace landwaiter::service {
namespace {

using Clock = std::chrono::steady_clock;

// Common name of the one role that may ask for scans.
constexpr std::string_view kCaller = "controller";
// A request is a reference, a few platforms and a few credentials.
constexpr std::size_t kMaxRequestBytes = 1u << 20;

// Results that scans are counted by: a closed set, whatever an error says.
constexpr std::array<std::string_view, 13> kResults = {"Succeeded",
                                                       scan_reason::kPullUnauthorized,
                                                       scan_reason::kNotFound,
                                                       scan_reason::kRateLimited,
                                                       scan_reason::kRegistryUnavailable,
                                                       scan_reason::kAddressRefused,
                                                       scan_reason::kTooLarge,
                                                       scan_reason::kDigestMismatch,
                                                       scan_reason::kUnsupportedMediaType,
                                                       scan_reason::kMalformedImage,
                                                       scan_reason::kNoMatchingPlatform,
                                                       scan_reason::kScannerFailed,
                                                       "Other"};

class ScanMetrics {
 public:
  explicit ScanMetrics(metrics::Registry& registry)
      : rejected_(registry.AddCounter("landwaiter_scanner_rejected_total",
                                      "Scans answered 429 because the scanner was full.")),
        seconds_(registry.AddHistogram("landwaiter_scan_duration_seconds",
                                       "Time of a scan, from its start in the queue's front.",
                                       {0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900})) {
    for (const auto result : kResults) {
      results_[result] =
          &registry.AddCounter("landwaiter_scanner_scans_total", "Scans by how they ended.",
                               {{"result", std::string(result)}});
    }
  }

  void Ended(std::string_view result, double seconds) {
    const auto found = results_.find(result);
    (found == results_.end() ? results_.at("Other") : found->second)->Add();
    seconds_.Observe(seconds);
  }
  void Rejected() { rejected_.Add(); }

 private:
  metrics::Counter& rejected_;
  metrics::Histogram& seconds_;
  std::map<std::string_view, metrics::Counter*> results_;
};

constexpr const char* kFull =
    "scanner is at work on as many images as it takes, try again in a moment";
constexpr const char* kEnding = "scanner is ending, try again in a moment";

bool AcceptsBytes(const http::ServerRequest& request) {
  const auto accepted = text::Split(request.HeaderValue("Accept"), ',');
  return std::any_of(accepted.begin(), accepted.end(),
                     [](std::string_view type) { return text::Trim(type) == kInventoryMediaType; });
}

/// Another scanner may take it, or this one later: no failure of the image.
http::ServerResponse BusyResponse(const char* message) {
  http::ServerResponse response =
      http::ErrorResponse(Unavailable(message).WithReason(scan_reason::kScannerBusy));
  response.status = 429;
  response.headers.emplace_back("Retry-After", "1");
  return response;
}

class ScannerRole {
 public:
  explicit ScannerRole(const ScannerRoleOptions& options) : options_(options) {}
  Status Run(const Cancellation& cancel);

 private:
  Status MakeRegistry();
  Status OpenLayerCache();
  Status MakeServers();
  void Handle(http::ServerRequest&& request, http::Responder responder);
  void Scan(const ScanRequest& request, bool as_bytes, std::stop_token disconnected,
            const std::stop_token& ending, http::Responder responder);
  Result<ImageInventory> ScanOne(const ScanRequest& request, const Cancellation& cancel);
  void Drain();

  const ScannerRoleOptions& options_;
  metrics::Registry metrics_;
  ScanMetrics scan_metrics_{metrics_};
  std::atomic<bool> draining_ = false;
  std::unique_ptr<http::Client> client_;
  std::unique_ptr<image::Mirrors> mirrors_;
  std::unique_ptr<image::Registry> registry_;
  std::unique_ptr<LayerCache> layer_cache_;
  std::unique_ptr<ScanQueue> queue_;
  std::unique_ptr<http::Server> health_;
  std::unique_ptr<http::Server> server_;
};

Status ScannerRole::MakeRegistry() {
  auto policy =
      http::AddressPolicy::Create(options_.refuse_private_addresses ? http::PrivateRanges::kRefuse
                                                                    : http::PrivateRanges::kAllow,
                                  options_.allow_addresses);
  if (!policy) return std::move(policy).error();
  http::ClientOptions client_options;
  client_options.ca_file = options_.registry_ca;
  client_options.use_environment_proxies = true;
  client_options.address_policy = *std::move(policy);
  client_options.user_agent = "landwaiter/" LANDWAITER_VERSION;
  client_options.on_answer = image::CountRegistryRequests(metrics_);
  auto client = http::Client::Create(client_options);
  if (!client) return std::move(client).error();
  client_ = *std::move(client);
  image::RegistryOptions registry_options;
  if (!options_.registry_hosts.empty()) {
    mirrors_ = std::make_unique<image::Mirrors>(options_.registry_hosts, std::move(client_options));
    if (Status checked = mirrors_->Check(); !checked) {
      return std::move(checked).error().Context("--registry-hosts");
    }
    registry_options.mirrors = mirrors_.get();
  }
  registry_options.plain_http = options_.plain_http;
  registry_options.on_pause = image::CountRegistryPauses(metrics_);
  registry_ = image::Registry::Create(*client_, std::move(registry_options));
  return Ok();
}

Status ScannerRole::MakeServers() {
  http::ServerOptions health{.name = "health", .listen = options_.health_listen};
  health.threads = 1;
  auto health_server = http::Server::Create(std::move(health));
  if (!health_server) return std::move(health_server).error();
  health_ = *std::move(health_server);
  http::AddHealthRoutes(
      *health_, [this] { return std::string(draining_ ? "scanner is draining" : ""); }, &metrics_);

  http::ServerOptions options{.name = "scan", .listen = options_.listen};
  options.metrics = &metrics_;
  options.limits.drain_timeout = options_.drain;
  if (!options_.certs.empty()) {
    options.tls = http::ServerTls{.certificate_file = options_.certs + "/tls.crt",
                                  .key_file = options_.certs + "/tls.key",
                                  .client_ca_file = options_.certs + "/ca.crt"};
  }
  auto server = http::Server::Create(std::move(options));
  if (!server) return std::move(server).error();
  server_ = *std::move(server);
  server_->Route("POST", "/v1/scan",
                 [this](http::ServerRequest&& request, http::Responder responder) {
                   Handle(std::move(request), std::move(responder));
                 },
                 {.max_body_bytes = kMaxRequestBytes});
  return Ok();
}

void ScannerRole::Handle(http::ServerRequest&& request, http::Responder responder) {
  if (!options_.certs.empty() && request.peer_name != kCaller) {
    responder(http::ErrorResponse(
        Error{Code::kPermissionDenied, "client certificate is not the controller's", ""}));
    return;
  }
  auto parsed = ScanRequestFromJson(request.body);
  request.DropBody();
  if (!parsed) {
    responder(http::ErrorResponse(parsed.error()));
    return;
  }
  if (!parsed->image.digest) {
    responder(http::ErrorResponse(
        InvalidArgument("image '" + parsed->image.ToString() + "' has no digest")));
    return;
  }
  // std::function wants to copy what it holds; the responder is one of a kind.
  auto shared = std::make_shared<http::Responder>(std::move(responder));
  auto task = [this, scan = *std::move(parsed), as_bytes = AcceptsBytes(request),
               disconnected = request.disconnected, shared](const std::stop_token& ending) {
    Scan(scan, as_bytes, disconnected, ending, std::move(*shared));
  };
  if (queue_->TryPush(std::move(task))) return;
  scan_metrics_.Rejected();
  (*shared)(BusyResponse(draining_ ? kEnding : kFull));
}

Result<ImageInventory> ScannerRole::ScanOne(const ScanRequest& request,
                                            const Cancellation& cancel) {
  try {
    auto source = registry_->Open(request.image, request.credentials, cancel);
    ScanOptions scan_options;
    scan_options.platforms = request.platforms;
    scan_options.single_of_any_platform = true;
    scan_options.limits = options_.limits;
    scan_options.collection = request.collection;
    // These are the rules that this scanner has, whatever those of the controller are.
    if (request.collection.secrets != 0) scan_options.collection.secrets = kSecretRulesVersion;
    ChildOptions child = options_.child;
    child.scratch_directory = options_.scratch;
    child.layer_cache = layer_cache_.get();
    return ScanInChild(*source, scan_options, child, cancel);
  } catch (const std::exception& e) {
    return Internal(std::string("scan failed: ") + e.what())
        .WithReason(scan_reason::kScannerFailed);
  }
}

void ScannerRole::Scan(const ScanRequest& request, bool as_bytes, std::stop_token disconnected,
                       const std::stop_token& ending, http::Responder responder) {
  const auto begin = Clock::now();
  std::stop_source stop;
  const std::stop_callback on_hang_up(std::move(disconnected), [&] { stop.request_stop(); });
  const std::stop_callback on_end(ending, [&] { stop.request_stop(); });
  const std::string image = request.image.ToString();
  log::Debug("scan started", {{"image", image}});
  auto inventory = ScanOne(request, {stop.get_token()});
  const double seconds = std::chrono::duration<double>(Clock::now() - begin).count();
  if (!inventory) {
    const Error& error = inventory.error();
    scan_metrics_.Ended(error.reason, seconds);
    log::Warn("scan failed", {{"image", image},
                              {"reason", error.reason},
                              {"error", error},
                              {"duration_ms", static_cast<std::int64_t>(seconds * 1000)}});
    const bool cut_off = error.code == Code::kCancelled && ending.stop_requested();
    responder(cut_off ? BusyResponse(kEnding) : http::ErrorResponse(error));
    return;
  }
  scan_metrics_.Ended("Succeeded", seconds);
  std::size_t packages = 0;
  for (const auto& platform : inventory->platforms) packages += platform.packages.size();
  log::Info("scan finished", {{"image", image},
                              {"platforms", inventory->platforms.size()},
                              {"packages", packages},
                              {"duration_ms", static_cast<std::int64_t>(seconds * 1000)}});
  if (as_bytes) {
    responder({.status = 200,
               .body = EncodeImageInventory(*inventory),
               .content_type = std::string(kInventoryMediaType)});
  } else {
    responder({.status = 200, .body = ToJson(*inventory)});
  }
}

// Requests in hand are answered: within the drain's time by their scan, after it by its end.
void ScannerRole::Drain() {
  draining_ = true;
  log::Info("scanner drains", {{"scans", queue_->Running() + queue_->Waiting()}});
  {
    std::mutex mutex;
    std::condition_variable done;
    bool finished = false;
    const std::jthread waiter([&] {
      queue_->Finish();
      const std::lock_guard lock(mutex);
      finished = true;
      done.notify_one();
    });
    std::unique_lock lock(mutex);
    if (!done.wait_for(lock, options_.drain, [&] { return finished; })) queue_->StopTasks();
  }
  server_->Stop();
  health_->Stop();
}

// A folder that others may write to is no cache of ours; a disk that is full costs time, no result.
Status ScannerRole::OpenLayerCache() {
  if (options_.layer_cache.empty()) return Ok();
  auto cache = LayerCache::Open(options_.layer_cache, options_.layer_cache_bytes);
  if (cache) {
    layer_cache_ = *std::move(cache);
    return Ok();
  }
  if (cache.error().code == Code::kPermissionDenied) return std::move(cache).error();
  log::Error("no layer cache: every layer is read anew until the scanner is started again",
             {{"folder", options_.layer_cache}, {"error", cache.error()}});
  return Ok();
}

Status ScannerRole::Run(const Cancellation& cancel) {
  if (auto made = MakeRegistry(); !made) return made;
  if (auto opened = OpenLayerCache(); !opened) return opened;
  queue_ =
      std::make_unique<ScanQueue>(std::max(1u, options_.concurrent_scans), options_.waiting_scans);
  metrics::AddBuildInfo(metrics_);
  metrics_.AddCallback("landwaiter_scanner_scans_running", "Scans at work.",
                       [this] { return static_cast<double>(queue_->Running()); });
  metrics_.AddCallback("landwaiter_queue_depth", "Requests that wait.",
                       [this] { return static_cast<double>(queue_->Waiting()); },
                       {{"queue", "scans"}});
  if (auto made = MakeServers(); !made) return made;
  if (auto started = health_->Start(); !started) return started;
  if (auto started = server_->Start(); !started) return started;
  log::Info("scanner listens", {{"address", options_.listen}, {"port", server_->Port()}});
  std::optional<http::CertificateWatcher> watcher;
  if (!options_.certs.empty()) watcher.emplace(*server_, http::CertificateFiles(options_.certs));
  if (options_.on_listening) options_.on_listening(server_->Port(), health_->Port());
  std::mutex mutex;
  std::condition_variable_any stopped;
  std::unique_lock lock(mutex);
  stopped.wait(lock, cancel.stop, [] { return false; });
  lock.unlock();
  watcher.reset();
  Drain();
  return Ok();
}

}  // namespace

Status RunScannerRole(const ScannerRoleOptions& options, const Cancellation& cancel) {
  return ScannerRole(options).Run(cancel);
}

}  // namespace landwaiter::service
