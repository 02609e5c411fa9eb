// ReportSource over the role: its informers, which every replica has, and its store, which is every
// replica's where it is PostgreSQL and the leader's alone where it is SQLite (docs/adr/0020).
#pragma once

#include <functional>

#include "controller/cluster_vex.h"
#include "controller/database.h"
#include "controller/policy_book.h"
#include "controller/report_api/source.h"
#include "controller/scan_board.h"
#include "lib/kube/api.h"
#include "lib/kube/informer.h"
#include "lib/store/store.h"

namespace landwaiter::controller::report_api {

class ClusterSource final : public ReportSource {
 public:
  struct Parts {
    kube::Api& api;
    const Clock& clock;
    store::Store& store;
    store::Outbox* notes;  // with the verdicts over time; null: none are kept
    const kube::Informer<ScanRecord>& scans;
    const kube::Informer<PodRecord>& pods;
    const PolicyBook& policies;
    const BaseBook& bases;
    const ScanBoard& board;
    const ClusterVex& vex;
    DatabaseFunction database;
    std::function<std::string()> database_problem;
    std::function<bool()> leading;
    std::function<std::string()> leader;  // who holds the Lease; "" for nobody
    std::string identity;
    bool shared_store = false;
    std::vector<std::string> scanners;
  };
  explicit ClusterSource(Parts parts) : parts_(std::move(parts)) {}

  TimePoint Now() const override { return parts_.clock.Now(); }
  std::vector<std::shared_ptr<const ScanRecord>> Images() const override;
  std::shared_ptr<const ScanRecord> Image(const Digest& digest) const override;
  Result<resources::ImageScan> Whole(const std::string& name,
                                     const Cancellation& cancel) const override;
  Policies AllPolicies() const override { return parts_.policies.List(); }
  const BaseBook* Bases() const override { return &parts_.bases; }
  Result<std::optional<StoredImage>> Stored(const Digest& digest) const override;
  Result<std::optional<std::string>> FindingsText(const Digest& digest) const override;
  Result<std::vector<Digest>> ImagesWith(const store::PackageKey& package,
                                         std::size_t limit) const override;
  Result<VerdictHistory> History() const override;
  DatabaseFacts Database() const override;
  SystemFacts System() const override;
  Result<std::string> RequestScan(const ImageReference& image,
                                  const Cancellation& cancel) const override;

 private:
  Result<std::string> AskAnew(const std::string& name, const Cancellation& cancel) const;
  bool ReportsHere() const { return parts_.shared_store || parts_.leading(); }
  Status NeedStore() const;

  Parts parts_;
};

}  // namespace landwaiter::controller::report_api
