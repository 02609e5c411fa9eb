// The report API as the controller runs it: a listener of its own, over TLS with the role's
// certificate, since whoever reads reports is no webhook and has no client certificate.
#pragma once

#include <cstdint>
#include <memory>

#include "controller/database.h"
#include "controller/role.h"
#include "controller/run.h"
#include "lib/base/clock.h"
#include "lib/base/metrics.h"
#include "lib/kube/config.h"
#include "lib/store/outbox.h"
#include "lib/store/store.h"

namespace landwaiter::controller::report_api {

class ReportApi {
 public:
  /// All of it outlives the report API.
  struct Parts {
    Role& role;
    store::Store& store;
    store::Outbox* notes;  // null: no verdicts over time
    const DatabaseWatch& database;
    const Clock& clock;
    metrics::Registry& metrics;
  };

  /// Serves at options.report_listen; null where that is empty. Errors: those of the listener and
  /// of the certificate.
  static Result<std::unique_ptr<ReportApi>> Start(const ControllerOptions& options,
                                                  const kube::ClusterConfig& config, Parts parts);
  ~ReportApi();
  ReportApi(const ReportApi&) = delete;
  ReportApi& operator=(const ReportApi&) = delete;

 private:
  struct Impl;
  explicit ReportApi(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace landwaiter::controller::report_api
