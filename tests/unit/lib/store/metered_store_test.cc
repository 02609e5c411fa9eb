#include "lib/store/metered_store.h"

#include <gtest/gtest.h>

#include "tests/unit/lib/store/records.h"

namespace landwaiter::store {
namespace {

using testing::Findings, testing::Inventory, testing::kOne;

/// Reads nothing, and refuses to write.
class Broken final : public Store {
 public:
  Status PutInventory(const Digest&, const InventoryRecord&,
                      const std::vector<PackageKey>&) override {
    return Internal("the disk is gone");
  }
  Result<std::optional<InventoryRecord>> GetInventory(const Digest&) override {
    return std::optional<InventoryRecord>();
  }
  Status PutFindings(const Digest&, const FindingsRecord&) override {
    return Internal("the disk is gone");
  }
  Result<std::optional<FindingsRecord>> GetFindings(const Digest&) override {
    return std::optional<FindingsRecord>();
  }
  Result<std::optional<FindingsBasis>> GetFindingsBasis(const Digest&) override {
    return std::optional<FindingsBasis>();
  }
  Result<bool> RenewFindings(const Digest&, const FindingsBasis&, const FindingsBasis&) override {
    return false;
  }
  Status Delete(const Digest&) override { return Ok(); }
  Result<std::vector<TimePoint>> NoteFirst(const std::vector<std::string>&, TimePoint) override {
    return std::vector<TimePoint>();
  }
  Result<std::vector<Digest>> Digests() override { return std::vector<Digest>(); }
  Result<std::vector<Digest>> ImagesWith(const PackageKey&, std::size_t) override {
    return std::vector<Digest>();
  }
};

bool Has(const std::string& text, const std::string& line) {
  return ("\n" + text).find("\n" + line + "\n") != std::string::npos;
}

TEST(MeteredStore, CountsCallsAndThoseThatFail) {
  metrics::Registry metrics;
  const auto store = MeterStore(std::make_unique<Broken>(), metrics);
  EXPECT_FALSE(store->PutInventory(kOne, Inventory("1"), {}));
  EXPECT_FALSE(store->PutFindings(kOne, Findings("[]")));
  EXPECT_TRUE(store->GetInventory(kOne));
  const std::string text = metrics.RenderPrometheus();
  EXPECT_TRUE(Has(text, "landwaiter_store_duration_seconds_count{operation=\"write\"} 2")) << text;
  EXPECT_TRUE(Has(text, "landwaiter_store_errors_total{operation=\"write\"} 2")) << text;
  EXPECT_TRUE(Has(text, "landwaiter_store_duration_seconds_count{operation=\"read\"} 1")) << text;
  EXPECT_TRUE(Has(text, "landwaiter_store_errors_total{operation=\"read\"} 0")) << text;
  EXPECT_TRUE(Has(text, "landwaiter_store_duration_seconds_count{operation=\"list\"} 0")) << text;
}

}  // namespace
}  // namespace landwaiter::store
