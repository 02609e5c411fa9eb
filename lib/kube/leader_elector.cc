#include "lib/kube/leader_elector.h"

#include <condition_variable>
#include <nlohmann/json.hpp>

#include "lib/base/log.h"

namespace landwaiter::kube {
namespace {

using nlohmann::json;

std::string SpecText(const json& lease, const char* key) {
  const auto spec = lease.find("spec");
  if (spec == lease.end() || !spec->is_object()) return {};
  const auto value = spec->find(key);
  return value != spec->end() && value->is_string() ? value->get<std::string>() : std::string();
}

std::int64_t SpecInt(const json& lease, const char* key) {
  const auto spec = lease.find("spec");
  if (spec == lease.end() || !spec->is_object()) return 0;
  const auto value = spec->find(key);
  return value != spec->end() && value->is_number_integer() ? value->get<std::int64_t>() : 0;
}

}  // namespace

LeaderElector::LeaderElector(Api& api, const Clock& clock, LeaderElectorOptions options,
                             Callbacks callbacks)
    : api_(api), clock_(clock), options_(std::move(options)), callbacks_(std::move(callbacks)) {}

LeaderElector::~LeaderElector() { Stop(); }

void LeaderElector::Start() {
  // Not the thread's own stop source: the thread would ask for it while it is still being assigned.
  stopping_ = std::stop_source();
  thread_ = std::jthread([this] { Run(stopping_.get_token()); });
}

void LeaderElector::Stop() {
  if (!thread_.joinable()) return;
  stopping_.request_stop();
  thread_.join();
  const bool held = MayWrite();
  SetLeading(false);  // before the Lease goes: nothing is written under a Lease given up
  if (held) Release();
}

bool LeaderElector::MayWrite() const { return std::chrono::steady_clock::now() < MayWriteUntil(); }

LeaderElector::SteadyTime LeaderElector::MayWriteUntil() const {
  const std::lock_guard lock(mutex_);
  return valid_until_;
}

std::string LeaderElector::Holder() const {
  const std::lock_guard lock(mutex_);
  return observed_.holder;
}

void LeaderElector::Run(const std::stop_token& stop) {
  std::mutex mutex;
  std::condition_variable_any never;
  while (!stop.stop_requested()) {
    Step(std::chrono::steady_clock::now());
    std::unique_lock lock(mutex);
    never.wait_for(lock, stop, options_.retry_period, [] { return false; });
  }
}

void LeaderElector::Step(SteadyTime now) {
  const Status status = TryAcquireOrRenew(now);
  if (!status) {
    log::Debug("lease not renewed", {{"lease", options_.lease}, {"error", status.error()}});
  }
  const bool may_write = MayWrite();
  if (leading_ && !may_write && !status) {
    log::Warn("the lease could not be renewed",
              {{"lease", options_.ns + "/" + options_.lease}, {"error", status.error()}});
  }
  SetLeading(may_write);
}

void LeaderElector::Observe(const json& lease, SteadyTime now) {
  const std::string holder = SpecText(lease, "holderIdentity");
  // Every write by the holder is a sign of life, whatever its clock says.
  const std::string record = holder + "\n" + ResourceVersionOf(lease);
  const std::lock_guard lock(mutex_);
  if (record != observed_.record) {
    observed_.record = record;
    observed_.at = now;
  }
  observed_.holder = holder;
  observed_.duration_ms = SpecInt(lease, "leaseDurationSeconds") * 1000;
}

Status LeaderElector::TryAcquireOrRenew(SteadyTime now) {
  // Whatever takes longer than this has missed its purpose. One end for both requests, counted from
  // `now`: a process that slept between them does not ask for what is another's by then.
  const Cancellation cancel{stopping_.get_token(), now + options_.renew_deadline};
  auto lease = api_.Get(kLeases, {options_.ns, options_.lease}, cancel);
  if (!lease && lease.error().code == Code::kNotFound) {
    return WriteLease({{"apiVersion", "coordination.k8s.io/v1"},
                       {"kind", "Lease"},
                       {"metadata", {{"namespace", options_.ns}, {"name", options_.lease}}}},
                      false, now, cancel);
  }
  if (!lease) return std::move(lease).error();
  Observe(*lease, now);
  bool free = false;
  {
    const std::lock_guard lock(mutex_);
    const auto duration = std::max<std::chrono::milliseconds>(
        options_.lease_duration, std::chrono::milliseconds(observed_.duration_ms));
    free = observed_.holder.empty() || observed_.holder == options_.identity ||
           observed_.at + duration <= now;
    if (!free && observed_.holder != options_.identity) valid_until_ = {};
  }
  if (!free) return Ok();
  return WriteLease(std::move(*lease), true, now, cancel);
}

Status LeaderElector::WriteLease(json lease, bool exists, SteadyTime now,
                                 const Cancellation& cancel) {
  json& spec = lease["spec"];
  if (!spec.is_object()) spec = json::object();
  const std::string time = FormatMicroTime(clock_.Now());
  if (SpecText(lease, "holderIdentity") != options_.identity) {
    if (exists) spec["leaseTransitions"] = SpecInt(lease, "leaseTransitions") + 1;
    spec["acquireTime"] = time;
  }
  spec["holderIdentity"] = options_.identity;
  spec["leaseDurationSeconds"] = std::max<std::int64_t>(1, options_.lease_duration.count() / 1000);
  spec["renewTime"] = time;
  // resourceVersion stands in what was read: of two that take the Lease at once one gets Conflict.
  auto written = exists ? api_.Update(kLeases, lease, cancel) : api_.Create(kLeases, lease, cancel);
  if (!written) return std::move(written).error();
  Observe(*written, now);
  const std::lock_guard lock(mutex_);
  // Counted from before the request: others count from when they see it.
  valid_until_ = now + options_.renew_deadline;
  return Ok();
}

void LeaderElector::SetLeading(bool leading) {
  if (leading == leading_) return;
  leading_ = leading;
  if (!leading) {
    const std::lock_guard lock(mutex_);
    valid_until_ = {};
  }
  log::Info(leading ? "leading" : "not leading",
            {{"lease", options_.ns + "/" + options_.lease}, {"identity", options_.identity}});
  const auto& callback = leading ? callbacks_.on_started : callbacks_.on_stopped;
  if (callback) callback();
}

void LeaderElector::Release() {
  const Cancellation cancel = Cancellation{}.Within(std::chrono::seconds(2));
  auto lease = api_.Get(kLeases, {options_.ns, options_.lease}, cancel);
  if (!lease || SpecText(*lease, "holderIdentity") != options_.identity) return;
  (*lease)["spec"]["holderIdentity"] = "";
  (*lease)["spec"]["renewTime"] = FormatMicroTime(clock_.Now());
  api_.Update(kLeases, *lease, cancel).IgnoreError("the Lease runs out by itself");
}

}  // namespace landwaiter::kube
