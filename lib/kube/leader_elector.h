// One leader among several replicas, by a Lease (coordination.k8s.io/v1), as client-go's
// leaderelection: who holds the Lease renews it; who does not takes it once it has not been renewed
// for lease_duration by this process's own clock, so that clocks need not agree.
//
// A leader that could not renew within renew_deadline stops being one before anybody else may
// become one: MayWrite() is the fence to ask before each write. It turns false by time alone, also
// while the renewing thread hangs in a request.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>

#include "lib/base/clock.h"
#include "lib/kube/api.h"

namespace landwaiter::kube {

struct LeaderElectorOptions {
  std::string ns;
  std::string lease = "landwaiter-controller";
  std::string identity;  // different for each process
  std::chrono::milliseconds lease_duration{15'000};
  std::chrono::milliseconds renew_deadline{10'000};
  std::chrono::milliseconds retry_period{2'000};
};

class LeaderElector {
 public:
  using SteadyTime = std::chrono::steady_clock::time_point;
  struct Callbacks {
    std::function<void()> on_started;  // called on the elector's thread; quick
    std::function<void()> on_stopped;
  };

  /// `api` and `clock` must outlive the elector.
  LeaderElector(Api& api, const Clock& clock, LeaderElectorOptions options, Callbacks callbacks);
  ~LeaderElector();
  LeaderElector(const LeaderElector&) = delete;
  LeaderElector& operator=(const LeaderElector&) = delete;

  void Start();
  /// Gives the Lease up when it is held, so that the next leader need not wait; joins.
  void Stop();

  bool IsLeader() const { return MayWrite(); }
  bool MayWrite() const;
  /// When MayWrite turns false unless the Lease is renewed before.
  SteadyTime MayWriteUntil() const;
  /// Who holds the Lease as last seen; "" before.
  std::string Holder() const;

  /// One step of the loop: takes, renews or watches the Lease. For tests; Start calls it.
  void Step(SteadyTime now);

 private:
  struct Observed {
    std::string holder;
    std::string record;  // holder and resourceVersion: has it changed
    SteadyTime at;       // when the record was first seen so
    std::int64_t duration_ms = 0;
  };

  void Run(const std::stop_token& stop);
  Status TryAcquireOrRenew(SteadyTime now);
  Status WriteLease(nlohmann::json lease, bool exists, SteadyTime now, const Cancellation& cancel);
  void Observe(const nlohmann::json& lease, SteadyTime now);
  void SetLeading(bool leading);
  void Release();

  Api& api_;
  const Clock& clock_;
  const LeaderElectorOptions options_;
  const Callbacks callbacks_;
  mutable std::mutex mutex_;
  Observed observed_;
  SteadyTime valid_until_{};  // of the own hold; guarded by mutex_
  bool leading_ = false;      // what the callbacks were told; of the elector's thread
  std::stop_source stopping_;
  std::jthread thread_;
};

}  // namespace landwaiter::kube
