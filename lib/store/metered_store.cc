#include "lib/store/metered_store.h"

#include <chrono>
#include <utility>

namespace landwaiter::store {
namespace {

/// What one kind of call took, and how often it failed.
class Meter {
 public:
  Meter(metrics::Registry& metrics, const char* operation)
      : seconds_(metrics.AddHistogram("landwaiter_store_duration_seconds",
                                      "Time of a call of the store.", metrics::SecondsBounds(),
                                      {{"operation", operation}})),
        errors_(metrics.AddCounter("landwaiter_store_errors_total",
                                   "Calls of the store that failed.", {{"operation", operation}})) {
  }

  template <class Call>
  auto Time(Call&& call) {
    const auto started = std::chrono::steady_clock::now();
    auto result = std::forward<Call>(call)();
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - started;
    seconds_.Observe(took.count());
    if (!result) errors_.Add();
    return result;
  }

 private:
  metrics::Histogram& seconds_;
  metrics::Counter& errors_;
};

class MeteredStore final : public Store {
 public:
  MeteredStore(std::unique_ptr<Store> store, metrics::Registry& metrics)
      : store_(std::move(store)),
        read_(metrics, "read"),
        write_(metrics, "write"),
        delete_(metrics, "delete"),
        list_(metrics, "list") {}

  Status PutInventory(const Digest& digest, const InventoryRecord& inventory,
                      const std::vector<PackageKey>& packages) override {
    return write_.Time([&] { return store_->PutInventory(digest, inventory, packages); });
  }
  Result<std::optional<InventoryRecord>> GetInventory(const Digest& digest) override {
    return read_.Time([&] { return store_->GetInventory(digest); });
  }
  Status PutFindings(const Digest& digest, const FindingsRecord& findings) override {
    return write_.Time([&] { return store_->PutFindings(digest, findings); });
  }
  Result<std::optional<FindingsRecord>> GetFindings(const Digest& digest) override {
    return read_.Time([&] { return store_->GetFindings(digest); });
  }
  Result<std::optional<FindingsBasis>> GetFindingsBasis(const Digest& digest) override {
    return read_.Time([&] { return store_->GetFindingsBasis(digest); });
  }
  Result<bool> RenewFindings(const Digest& digest, const FindingsBasis& from,
                             const FindingsBasis& to) override {
    return write_.Time([&] { return store_->RenewFindings(digest, from, to); });
  }
  Status Delete(const Digest& digest) override {
    return delete_.Time([&] { return store_->Delete(digest); });
  }
  Result<std::vector<TimePoint>> NoteFirst(const std::vector<std::string>& keys,
                                           TimePoint at) override {
    return write_.Time([&] { return store_->NoteFirst(keys, at); });
  }
  Result<std::vector<Digest>> Digests() override {
    return list_.Time([&] { return store_->Digests(); });
  }
  Result<std::vector<Digest>> ImagesWith(const PackageKey& package, std::size_t limit) override {
    return list_.Time([&] { return store_->ImagesWith(package, limit); });
  }

 private:
  const std::unique_ptr<Store> store_;
  Meter read_;
  Meter write_;
  Meter delete_;
  Meter list_;
};

}  // namespace

std::unique_ptr<Store> MeterStore(std::unique_ptr<Store> store, metrics::Registry& metrics) {
  return std::make_unique<MeteredStore>(std::move(store), metrics);
}

}  // namespace landwaiter::store
