#include "controller/trust/caretaker.h"

#include "controller/trust/certificate_folder.h"
#include "controller/trust/probe.h"
#include "controller/workers.h"
#include "lib/base/file.h"
#include "lib/base/log.h"
#include "lib/http/address_policy.h"

namespace landwaiter::controller {
namespace {

constexpr const char* kOwnRole = "controller";
constexpr std::string_view kRoles[] = {"webhook", kOwnRole, "scanner"};
constexpr std::size_t kMaxFileBytes = 1u << 20;  // a ConfigMap's own bound
/// While something is not as it should be, looks are this much closer.
constexpr int kSooner = 5;
/// A look is a few small requests and a probe; one that takes this long hangs.
constexpr std::chrono::minutes kLookTimeout{1};
constexpr std::chrono::milliseconds kRetry{1'000};

/// Renewed with a third of the life left: looked at several times within it.
Status CheckTimes(const TrustOptions& options) {
  if (options.check_period < std::chrono::milliseconds(100)) {
    return InvalidArgument("--check-period: must be at least 100ms");
  }
  if (options.certificate_lifetime < 9 * options.check_period) {
    return InvalidArgument("--certificate-lifetime: must be nine times --check-period or more");
  }
  if (options.authority_lifetime < options.certificate_lifetime) {
    return InvalidArgument("--authority-lifetime: must not be below --certificate-lifetime");
  }
  if (options.authority_overlap > options.authority_lifetime / 6) {
    return InvalidArgument("--authority-overlap: must be a sixth of --authority-lifetime or less");
  }
  return Ok();
}

Result<std::vector<WebhookTemplate>> ReadConfigurations(const std::string& path) {
  auto text = ReadFile(path, kMaxFileBytes);
  if (!text) return std::move(text).error().Context("--webhook-configuration");
  auto read = ReadWebhookFile(*text);
  if (!read) return std::move(read).error().Context("--webhook-configuration " + path);
  return read;
}

Result<RenewalSettings> Settings(const ControllerOptions& options) {
  const TrustOptions& trust = options.trust;
  if (Status times = CheckTimes(trust); !times) return std::move(times).error();
  if (options.certs.empty()) {
    return InvalidArgument("--certs: a folder for the role's own certificate is needed");
  }
  auto names = CertificateNames(trust, options.ns);
  if (!names) return std::move(names).error();
  const auto seconds = [](std::chrono::milliseconds time) {
    return std::chrono::floor<std::chrono::seconds>(time);
  };
  return RenewalSettings{.roles = *std::move(names),
                         .authority_lifetime = seconds(trust.authority_lifetime),
                         .serving_lifetime = seconds(trust.certificate_lifetime),
                         .overlap = seconds(trust.authority_overlap)};
}

http::ServingNames NamesOfService(const std::string& prefix, const std::string& role,
                                  const std::string& ns) {
  const std::string service = prefix + "-" + role;
  const std::string svc = service + "." + ns + ".svc";
  // The last: the pods of a headless Service.
  return {role, {service, service + "." + ns, svc, svc + ".cluster.local", "*." + svc}, {}};
}

}  // namespace

Result<std::vector<http::ServingNames>> CertificateNames(const TrustOptions& options,
                                                         const std::string& ns) {
  std::vector<http::ServingNames> out;
  for (const auto role : kRoles) {
    out.push_back(NamesOfService(options.name_prefix, std::string(role), ns));
  }
  for (const auto& given : options.certificate_names) {
    const auto equals = given.find('=');
    const std::string role = equals == std::string::npos ? "" : given.substr(0, equals);
    const std::string name = equals == std::string::npos ? given : given.substr(equals + 1);
    bool used = false;
    for (auto& names : out) {
      if (!role.empty() && role != names.common_name) continue;
      used = true;
      // As certificates are read back, or it would be renewed for its spelling at each look.
      if (const auto address = http::IpAddress::Parse(name)) {
        names.ip.push_back(address->ToString());
      } else {
        names.dns.push_back(name);
      }
    }
    if (!used) return InvalidArgument("--certificate-name " + given + ": no such role");
  }
  return out;
}

Caretaker::Counters Caretaker::AddCounters(metrics::Registry& metrics, const char* controller) {
  const std::string name = "landwaiter_reconcile_total";
  const std::string help = "Reconciles by controller and result.";
  return {metrics.AddCounter(name, help, {{"controller", controller}, {"result", "success"}}),
          metrics.AddCounter(name, help, {{"controller", controller}, {"result", "error"}})};
}

Caretaker::Caretaker(const ControllerOptions& options, CaretakerPorts ports)
    : folder_(options.certs),
      period_(options.trust.check_period),
      ports_(std::move(ports)),
      certificates_(AddCounters(ports_.metrics, "certificates")),
      arming_(AddCounters(ports_.metrics, "arming")) {}

Result<std::unique_ptr<Caretaker>> Caretaker::Create(const ControllerOptions& options,
                                                     CaretakerPorts ports) {
  std::unique_ptr<Caretaker> made(new Caretaker(options, std::move(ports)));
  const TrustOptions& trust = options.trust;
  if (trust.manage_certificates) {
    auto settings = Settings(options);
    if (!settings) return std::move(settings).error();
    made->keeper_ = std::make_unique<CertificateKeeper>(
        made->ports_.clock, KeeperOptions{options.ns, trust.name_prefix, *std::move(settings)},
        made->ports_.metrics);
  }
  if (trust.webhook_configuration.empty()) return made;
  if (options.certs.empty()) {
    return InvalidArgument("--certs: the folder of the authority that the webhook is armed with");
  }
  auto configurations = ReadConfigurations(trust.webhook_configuration);
  if (!configurations) return std::move(configurations).error();
  ArmerOptions arming{.ns = options.ns,
                      .ca_file = options.certs + "/ca.crt",
                      .configurations = *std::move(configurations),
                      .webhook_url = trust.webhook_url,
                      .when_down = std::nullopt};
  if (trust.disarm_when_down) arming.when_down = trust.when_down_after;
  made->armer_ = std::make_unique<Armer>(std::move(arming), ProbeWebhook, made->ports_.events,
                                         made->ports_.metrics);
  return made;
}

bool Caretaker::Count(const Counters& counters, const char* what, const Status& status) {
  if (status) {
    counters.succeeded.Add();
    return true;
  }
  const Error& error = status.error();
  if (error.code == Code::kCancelled || error.reason == kube::kReasonNotLeader) return false;
  counters.failed.Add();
  log::Warn("look failed, tried again", {{"at", what}, {"error", error}});
  return false;
}

Status Caretaker::RefreshOwn(const Cancellation& cancel) {
  auto own = keeper_->Read(ports_.api, kOwnRole, cancel);
  if (!own) return std::move(own).error();
  auto written = WriteCertificateFolder(folder_, *own);
  if (!written) return std::move(written).error();
  if (*written) log::Info("own certificate written", {{"folder", folder_}});
  return Ok();
}

/// Without the fence: this replica cannot serve, so it cannot become the leader that would do it.
/// Each write is conditional on what was read, so two replicas that do this never disagree.
Status Caretaker::Obtain(const Cancellation& cancel) {
  Status own = RefreshOwn(cancel);
  if (own || own.error().code != Code::kNotFound) return own;
  if (Status kept = keeper_->Keep(ports_.api, cancel); !kept) return kept;
  return RefreshOwn(cancel);
}

Status Caretaker::AwaitOwnCertificate(const Cancellation& cancel) {
  if (!keeper_) return Ok();
  while (!cancel.Stopped()) {
    const Status obtained = Guarded([&] { return Outcome{Obtain(cancel)}; }).status;
    if (obtained) return Ok();
    log::Warn("no certificate yet, tried again", {{"error", obtained.error()}});
    std::unique_lock lock(mutex_);
    never_.wait_for(lock, cancel.stop, kRetry, [] { return false; });
  }
  return Error{Code::kCancelled, "stopped before there was a certificate"};
}

bool Caretaker::Look(const Cancellation& cancel) {
  const bool leading = ports_.leading();
  bool settled = true;
  if (keeper_) {
    if (leading) {
      settled = Count(certificates_, "certificates", keeper_->Keep(ports_.fenced, cancel));
    }
    // After the Secrets: the bundle becomes caBundle by way of this folder.
    settled = Count(certificates_, "own certificate", RefreshOwn(cancel)) && settled;
  }
  if (!armer_) return settled;
  if (!leading) {
    armer_->Forget();
    return settled;
  }
  auto armed = armer_->Step(ports_.fenced, std::chrono::steady_clock::now(), cancel);
  const Status status = armed ? Ok() : Status(armed.error());
  return Count(arming_, "webhook configurations", status) && *armed && settled;
}

bool Caretaker::LookGuarded(const Cancellation& cancel) {
  bool settled = false;
  const Status status = Guarded([&] {
                          settled = Look(cancel);
                          return Outcome{Ok()};
                        }).status;
  if (!status) log::Error("look threw", {{"error", status.error()}});
  return settled;
}

void Caretaker::Run(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    const bool settled = LookGuarded(Cancellation{stop}.Within(kLookTimeout));
    std::unique_lock lock(mutex_);
    never_.wait_for(lock, stop, settled ? period_ : period_ / kSooner, [] { return false; });
  }
}

void Caretaker::Start() {
  if (!keeper_ && !armer_) return;
  thread_ = std::jthread([this](const std::stop_token& stop) { Run(stop); });
}

void Caretaker::Stop() {
  if (!thread_.joinable()) return;
  thread_.request_stop();
  thread_.join();
}

}  // namespace landwaiter::controller
