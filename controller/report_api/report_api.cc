#include "controller/report_api/report_api.h"

#include "controller/report_api/cluster_source.h"
#include "controller/report_api/service.h"
#include "lib/base/log.h"
#include "lib/http/certificate_watcher.h"
#include "lib/http/server.h"
#include "lib/kube/client.h"

namespace landwaiter::controller::report_api {
namespace {

/// Of strangers that hold a connection open; the controller's other listener knows its callers.
constexpr std::size_t kMaxConnections = 200;

ClusterSource::Parts SourceParts(const ControllerOptions& options, kube::Api& api,
                                 const ReportApi::Parts& parts) {
  Role& role = parts.role;
  return {.api = api,
          .clock = parts.clock,
          .store = parts.store,
          .notes = parts.notes,
          .scans = role.scans(),
          .pods = role.pods(),
          .policies = role.policies(),
          .bases = role.bases(),
          .board = role.board(),
          .vex = role.vex(),
          .database = [&database = parts.database] { return database.Current(); },
          .database_problem = [&database = parts.database] { return database.Problem(); },
          .leading = [&role] { return role.Leading(); },
          .leader = [&role] { return role.Leader(); },
          .identity = options.identity,
          .shared_store = !options.store_dsn_file.empty(),
          .scanners = options.scanners};
}

http::ServerOptions ListenerOptions(const ControllerOptions& options, metrics::Registry& metrics) {
  http::ServerOptions out;
  out.name = "reports";
  out.listen = options.report_listen;
  out.metrics = &metrics;
  out.limits.max_connections = kMaxConnections;
  out.limits.max_total_body_bytes = std::size_t{8} << 20;
  if (!options.certs.empty()) {
    out.tls = http::ServerTls{.certificate_file = options.certs + "/tls.crt",
                              .key_file = options.certs + "/tls.key"};
  }
  return out;
}

}  // namespace

struct ReportApi::Impl {
  // Of its own, so that no caller of it uses up the controller's writes.
  std::unique_ptr<kube::Client> api;
  std::unique_ptr<ClusterSource> source;
  std::unique_ptr<Service> service;
  std::unique_ptr<http::Server> server;
  std::unique_ptr<http::CertificateWatcher> watcher;  // null without certificates
};

ReportApi::ReportApi(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

ReportApi::~ReportApi() {
  impl_->watcher.reset();
  impl_->service->Stop();
  impl_->server->Stop();
}

Result<std::unique_ptr<ReportApi>> ReportApi::Start(const ControllerOptions& options,
                                                    const kube::ClusterConfig& config,
                                                    Parts parts) {
  if (options.report_listen.empty()) return std::unique_ptr<ReportApi>();
  auto impl = std::make_unique<Impl>();
  auto api = kube::Client::Create(config, {.user_agent = "landwaiter-reports"});
  if (!api) return std::move(api).error();
  impl->api = *std::move(api);
  impl->source = std::make_unique<ClusterSource>(SourceParts(options, *impl->api, parts));
  impl->service = std::make_unique<Service>(
      *impl->source, *impl->api, ServiceOptions{.access = {.audiences = options.report_audiences}});
  auto server = http::Server::Create(ListenerOptions(options, parts.metrics));
  if (!server) return std::move(server).error().Context("--report-listen");
  impl->server = *std::move(server);
  http::AddHealthRoutes(
      *impl->server, [&role = parts.role] { return role.NotReady(); }, nullptr);
  impl->service->AddRoutes(*impl->server);
  impl->service->Start();
  if (Status started = impl->server->Start(); !started) {
    return std::move(started).error().Context("--report-listen");
  }
  if (!options.certs.empty()) {
    impl->watcher = std::make_unique<http::CertificateWatcher>(
        *impl->server, http::CertificateFiles(options.certs));
  }
  log::Info("report API serves", {{"port", impl->server->Port()}});
  return std::unique_ptr<ReportApi>(new ReportApi(std::move(impl)));
}

}  // namespace landwaiter::controller::report_api
