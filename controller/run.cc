#include "controller/run.h"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstdlib>
#include <mutex>
#include <random>

#include "controller/notify/subscription.h"
#include "controller/report_api/report_api.h"
#include "controller/role.h"
#include "controller/trust/caretaker.h"
#include "lib/base/build_info.h"
#include "lib/base/log.h"
#include "lib/http/certificate_watcher.h"
#include "lib/http/client.h"
#include "lib/http/server.h"
#include "lib/kube/client.h"
#include "lib/store/metered_store.h"
#include "lib/store/outbox.h"
#include "lib/store/postgres_store.h"
#include "lib/store/sqlite_store.h"
#include "scanner/image/cloud/cloud_credentials.h"
#include "scanner/image/mirrors.h"
#include "scanner/image/registry.h"
#include "scanner/image/registry_metrics.h"

namespace landwaiter::controller {
namespace {

constexpr std::chrono::seconds kLongestSweepPeriod{30};

std::string DefaultIdentity() {
  char host[256] = "controller";
  ::gethostname(host, sizeof host - 1);
  std::random_device random;
  return std::string(host) + "_" + std::to_string(random());
}

Status Check(const ControllerOptions& options) {
  if (options.scanners.empty()) return InvalidArgument("--scanner: at least one URL is needed");
  if (options.data.empty() == options.store_dsn_file.empty()) {
    return InvalidArgument(
        "--data or --store-dsn-file: one of the two is needed, a folder for the store or the file "
        "that "
        "names its PostgreSQL database");
  }
  if (options.database.empty()) {
    return InvalidArgument("--database: the folder of the advisory database is needed");
  }
  if (options.workers < 1 || options.workers > 256) {
    return InvalidArgument("--workers: must be 1 to 256");
  }
  if (options.retention < std::chrono::seconds(1)) {
    return InvalidArgument("--retention: must be at least 1s");
  }
  if (auto kinds = ReportKindsFromOption(options.policy_reports); !kinds) return kinds.error();
  return Ok();
}

Result<std::unique_ptr<store::Store>> OpenStore(const ControllerOptions& options,
                                                metrics::Registry& metrics) {
  if (!options.store_dsn_file.empty()) {
    auto shared = store::OpenPostgresStore(options.store_dsn_file);
    if (!shared) return std::move(shared).error();
    return store::MeterStore(std::move(*shared), metrics);
  }
  auto opened = store::OpenSqliteStore(options.data);
  if (!opened) return std::move(opened).error();
  if (!opened->moved_aside.empty()) {
    log::Error("store was corrupt and begun anew, images are scanned again",
               {{"moved_to", opened->moved_aside}, {"reason", opened->reason}});
  }
  return store::MeterStore(std::move(opened->store), metrics);
}

Result<std::unique_ptr<ScannerClient>> MakeScannerClient(const ControllerOptions& options) {
  http::ClientOptions client;
  if (!options.certs.empty()) {
    client.ca_file = options.certs + "/ca.crt";
    client.client_cert_file = options.certs + "/tls.crt";
    client.client_key_file = options.certs + "/tls.key";
  }
  auto http = http::Client::Create(std::move(client));
  if (!http) return std::move(http).error().Context("scanner client");
  std::vector<std::string> urls = options.scanners;
  for (auto& url : urls) {
    while (!url.empty() && url.back() == '/') url.pop_back();
  }
  return std::make_unique<ScannerClient>(std::move(*http), std::move(urls));
}

/// The registry half that resolves tags: no layers are read here.
struct RegistryParts {
  std::unique_ptr<http::Client> http;
  std::unique_ptr<image::Mirrors> mirrors;  // null: none
  std::unique_ptr<image::Registry> registry;
  std::unique_ptr<http::Client> metadata;          // null without clouds
  std::unique_ptr<image::CloudCredentials> cloud;  // null: none
};

/// The role's own logins at clouds' registries, where they are asked for.
Status AddCloud(const ControllerOptions& options, const Clock& clock, RegistryParts& parts) {
  if (options.cloud_credentials.empty()) return Ok();
  auto metadata = http::Client::Create(image::MetadataClientOptions());
  if (!metadata) return std::move(metadata).error().Context("metadata client");
  parts.metadata = *std::move(metadata);
  image::CloudPorts ports{.client = parts.http.get(),
                          .metadata = parts.metadata.get(),
                          .clock = &clock,
                          .environment =
                              [](const char* name) {
                                const char* value = std::getenv(name);
                                return std::string(value != nullptr ? value : "");
                              },
                          .instance_metadata = options.cloud_instance_metadata};
  auto cloud = image::CloudCredentials::Create(options.cloud_credentials, std::move(ports));
  if (!cloud) return std::move(cloud).error().Context("--cloud-credentials");
  parts.cloud = *std::move(cloud);
  return Ok();
}

Result<RegistryParts> MakeRegistry(const ControllerOptions& options, const Clock& clock,
                                   metrics::Registry& metrics) {
  auto policy = RegistryAddresses(options);
  if (!policy) return std::move(policy).error();
  http::ClientOptions client;
  client.use_environment_proxies = true;
  client.address_policy = std::move(*policy);
  client.ca_file = options.registry_ca;
  client.on_answer = image::CountRegistryRequests(metrics);
  auto http = http::Client::Create(client);
  if (!http) return std::move(http).error().Context("registry client");
  RegistryParts parts;
  parts.http = *std::move(http);
  if (Status added = AddCloud(options, clock, parts); !added) return added.error();
  if (!options.registry_hosts.empty()) {
    parts.mirrors = std::make_unique<image::Mirrors>(options.registry_hosts, std::move(client));
    if (Status checked = parts.mirrors->Check(); !checked) {
      return std::move(checked).error().Context("--registry-hosts");
    }
  }
  // Somebody waits for the answer: fewer tries than a scan's.
  parts.registry =
      image::Registry::Create(*parts.http, {.plain_http = options.plain_http,
                                            .max_tries = 2,
                                            .max_retry_after = std::chrono::milliseconds(3'000),
                                            .stall_timeout = std::chrono::milliseconds(10'000),
                                            .connect_timeout = std::chrono::milliseconds(5'000),
                                            .mirrors = parts.mirrors.get(),
                                            .on_pause = image::CountRegistryPauses(metrics)});
  return parts;
}

/// `registry` outlives what is returned.
RegistryLists ListsOf(image::Registry& registry) {
  return {.tags =
              [&registry](const ImageReference& repository, const auto& credentials,
                          const image::ListBounds& bounds, const Cancellation& within) {
                return registry.Tags(repository, credentials, bounds, within);
              },
          .repositories =
              [&registry](const std::string& host, const auto& credentials,
                          const image::ListBounds& bounds, const Cancellation& within) {
                return registry.Repositories(host, credentials, bounds, within);
              },
          .pause_left =
              [&registry](const ImageReference& image, const auto& credentials) {
                return registry.PauseLeft(image, credentials);
              }};
}

/// Who is told of changes, what they are reached by, and what waits for them.
struct NotifyParts {
  NotificationOptions options;
  std::unique_ptr<store::Outbox> outbox;  // null: neither anybody to tell nor anything to note
  std::unique_ptr<http::Client> receivers;

  store::Outbox* ForMessages() const { return receivers ? outbox.get() : nullptr; }
};

Result<std::unique_ptr<store::Outbox>> OpenOutbox(const ControllerOptions& options) {
  return options.store_dsn_file.empty() ? store::OpenSqliteOutbox(options.data)
                                        : store::OpenPostgresOutbox(options.store_dsn_file);
}

/// Nobody has subscribed: what is noted there is the verdicts over time alone, for the report API,
/// and those are worth no controller that does not start.
void OpenForNotes(const ControllerOptions& options, NotifyParts& parts) {
  if (options.report_listen.empty()) return;
  auto outbox = OpenOutbox(options);
  if (!outbox) {
    return log::Error("verdicts over time are not kept", {{"error", outbox.error().message}});
  }
  parts.outbox = *std::move(outbox);
}

Result<NotifyParts> MakeNotify(const ControllerOptions& options) {
  NotifyParts parts;
  if (options.notifications.empty()) {
    OpenForNotes(options, parts);
    return parts;
  }
  auto read = ReadNotifications(options.notifications);
  if (!read) return std::move(read).error().Context("--notifications");
  parts.options = *std::move(read);
  if (parts.options.subscriptions.empty()) {
    OpenForNotes(options, parts);
    return parts;
  }
  auto policy = RegistryAddresses(options);
  if (!policy) return std::move(policy).error();
  http::ClientOptions client;
  client.use_environment_proxies = true;
  client.address_policy = std::move(*policy);
  client.ca_file = options.registry_ca;
  auto http = http::Client::Create(std::move(client));
  if (!http) return std::move(http).error().Context("notifications' client");
  parts.receivers = *std::move(http);
  auto outbox = OpenOutbox(options);
  if (!outbox) return std::move(outbox).error();
  parts.outbox = *std::move(outbox);
  return parts;
}

Result<std::unique_ptr<http::Server>> MakeServer(const ControllerOptions& options, Role& role,
                                                 metrics::Registry& metrics) {
  http::ServerOptions server_options;
  server_options.name = "controller";
  server_options.listen = options.listen;
  server_options.metrics = &metrics;
  if (!options.certs.empty()) {
    server_options.tls = http::ServerTls{.certificate_file = options.certs + "/tls.crt",
                                         .key_file = options.certs + "/tls.key",
                                         .client_ca_file = options.certs + "/ca.crt",
                                         .allowed_peers = {"webhook"}};
  }
  auto server = http::Server::Create(std::move(server_options));
  if (!server) return server;
  (*server)->Route("POST", "/v1/ensure",
                   [&role](http::ServerRequest&& request, http::Responder responder) {
                     role.ensure().Handle(std::move(request), std::move(responder));
                   },
                   {.max_body_bytes = resources::kMaxEnsureBytes});
  return server;
}

/// Sweeps until it is told to stop.
void SweepUntil(const Cancellation& cancel, Role& role, std::chrono::milliseconds retention) {
  const auto period = std::clamp<std::chrono::milliseconds>(retention / 10, std::chrono::seconds(1),
                                                            kLongestSweepPeriod);
  std::mutex mutex;
  std::condition_variable_any never;
  while (!cancel.Stopped()) {
    std::unique_lock lock(mutex);
    never.wait_for(lock, cancel.stop, period, [] { return false; });
    if (!cancel.Stopped()) role.Sweep(cancel);
  }
}

/// Where there are certificates: serves by changed ones as soon as they are there.
std::unique_ptr<http::CertificateWatcher> WatchCertificates(const ControllerOptions& options,
                                                            http::Server& server) {
  if (options.certs.empty()) return nullptr;
  return std::make_unique<http::CertificateWatcher>(server, http::CertificateFiles(options.certs));
}

}  // namespace

Result<http::AddressPolicy> RegistryAddresses(const ControllerOptions& options) {
  auto policy = http::AddressPolicy::Create(
      options.refuse_private_addresses ? http::PrivateRanges::kRefuse : http::PrivateRanges::kAllow,
      options.allow_addresses);
  if (!policy) return std::move(policy).error().Context("--allow-address");
  return policy;
}

Status RunController(const ControllerOptions& given, const Cancellation& cancel) {
  ControllerOptions options = given;
  if (options.identity.empty()) options.identity = DefaultIdentity();
  if (Status checked = Check(options); !checked) return checked;

  auto config = kube::LoadConfig(options.kubeconfig);
  if (!config) return std::move(config).error();
  auto api = kube::Client::Create(*config, {.user_agent = "landwaiter-controller"});
  if (!api) return std::move(api).error();
  auto lease_api = kube::Client::Create(*config, {.user_agent = "landwaiter-controller"});
  if (!lease_api) return std::move(lease_api).error();
  metrics::Registry metrics;
  metrics::AddBuildInfo(metrics);
  auto store = OpenStore(options, metrics);
  if (!store) return std::move(store).error();
  const SystemClock clock;
  auto registry = MakeRegistry(options, clock, metrics);
  if (!registry) return std::move(registry).error();

  auto notify = MakeNotify(options);
  if (!notify) return std::move(notify).error();

  std::unique_ptr<ScannerClient> scanner;  // made once there is a certificate to call it with
  Role* live = nullptr;                    // set before the watch starts
  DatabaseWatch database(options.database, [&live] { live->OnDatabaseChanged(); });
  Role role(
      options,
      {.api = api->get(),
       .lease_api = lease_api->get(),
       .store = store->get(),
       .clock = &clock,
       .mirrors = registry->mirrors.get(),
       .cloud = registry->cloud.get(),
       .resolve =
           [&](const ImageReference& image, const std::vector<RegistryCredential>& credentials,
               const Cancellation& within) {
             return registry->registry->Resolve(image, credentials, within);
           },
       .lists = ListsOf(*registry->registry),
       .outbox = notify->ForMessages(),
       .receivers = notify->receivers.get(),
       .notify = &notify->options,
       .notes = options.report_listen.empty() ? nullptr : notify->outbox.get(),
       .scan = [&](const ScanRequest& request,
                   const Cancellation& within) { return scanner->Scan(request, within); },
       .database = [&] { return database.Current(); }},
      metrics);
  live = &role;
  // The watch calls the role: it ends first, however this function is left.
  const std::shared_ptr<void> watch_ends(nullptr, [&](void*) { database.Stop(); });

  auto caretaker = Caretaker::Create(options, {.api = **api,
                                               .fenced = role.fenced(),
                                               .leading = [&role] { return role.Leading(); },
                                               .events = role.events(),
                                               .clock = clock,
                                               .metrics = metrics});
  if (!caretaker) return std::move(caretaker).error();

  std::atomic<bool> serving{false};
  auto health = http::Server::Create(
      {.name = "health", .listen = options.health_listen, .tls = {}, .limits = {}, .threads = 1});
  if (!health) return std::move(health).error();
  http::AddHealthRoutes(
      **health,
      [&] {
        std::string missing = role.NotReady();
        return missing.empty() && !serving ? "no certificate yet" : missing;
      },
      &metrics);
  if (Status started = (*health)->Start(); !started) return started;

  database.Start(options.database_poll);
  if (Status synced = role.SyncInformers(cancel); !synced) {
    return cancel.Stopped() ? Ok() : std::move(synced);
  }
  if (Status obtained = (*caretaker)->AwaitOwnCertificate(cancel); !obtained) {
    return cancel.Stopped() ? Ok() : std::move(obtained);
  }
  auto scanner_client = MakeScannerClient(options);
  if (!scanner_client) return std::move(scanner_client).error();
  scanner = *std::move(scanner_client);
  auto server = MakeServer(options, role, metrics);
  if (!server) return std::move(server).error();
  if (Status started = (*server)->Start(); !started) return started;
  auto reports = report_api::ReportApi::Start(options, *config,
                                              {.role = role,
                                               .store = **store,
                                               .notes = notify->outbox.get(),
                                               .database = database,
                                               .clock = clock,
                                               .metrics = metrics});
  if (!reports) return std::move(reports).error();
  serving = true;
  auto watcher = WatchCertificates(options, **server);
  role.Start();
  (*caretaker)->Start();
  log::Info("controller serves", {{"port", (*server)->Port()},
                                  {"health_port", (*health)->Port()},
                                  {"identity", options.identity}});

  SweepUntil(cancel, role, options.retention);

  log::Info("controller stops");
  (*caretaker)->Stop();
  reports->reset();
  watcher.reset();
  (*server)->Stop();
  role.Stop();
  (*health)->Stop();
  return Ok();
}

}  // namespace landwaiter::controller
