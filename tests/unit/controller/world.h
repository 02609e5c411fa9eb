// A cluster, a registry, a scanner and a database for tests of the whole role, and its replicas.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "controller/role.h"
#include "lib/base/guarded.h"
#include "lib/store/sqlite_store.h"
#include "tests/support/fake_kube.h"
#include "tests/unit/controller/builders.h"

namespace landwaiter::controller {

using nlohmann::json;
using testing::FakeKube;

inline constexpr const char* kTag = "r.io/shop/cart:1.4";

class FakeDatabase final : public MatchDatabase {
 public:
  /// `same_as`: id of the database before, where this one says the same of all.
  FakeDatabase(std::string id, std::vector<Finding> findings, std::atomic<int>& matches,
               std::string same_as = "")
      : id_(std::move(id)),
        findings_(std::move(findings)),
        matches_(matches),
        same_as_(std::move(same_as)) {}
  std::string Id() const override { return id_; }
  std::string BuiltAt() const override { return "2026-11-24T09:00:00Z"; }
  std::string NewestOf(std::string_view feed) const override {
    return feed == "osv" ? "2026-11-23T00:00:00Z" : "";
  }
  Result<std::vector<PlatformMatch>> Match(const ImageInventory& inventory) const override {
    ++matches_;
    return std::vector<PlatformMatch>(
        inventory.platforms.size(),
        PlatformMatch{findings_, {{"advisories", CoverageState::kRead, "", 1}}});
  }
  bool SaysTheSame(const MatchBasis& basis) const override {
    return basis.asked && basis.stored.database_id == same_as_;
  }

 private:
  const std::string id_;
  const std::vector<Finding> findings_;
  std::atomic<int>& matches_;
  const std::string same_as_;
};

/// What the replicas share: the cluster, the registry, the scanner, the database.
struct World {
  FakeKube api;
  SystemClock clock;
  std::atomic<int> scans{0};
  std::atomic<int> resolves{0};
  std::atomic<int> matches{0};
  std::atomic<bool> disk_full{false};
  std::atomic<bool> store_away{false};
  landwaiter::Guarded<std::string> readers;  // ImageInventory::readers of scans
  landwaiter::Guarded<std::map<std::string, Digest>> registry;
  landwaiter::Guarded<std::shared_ptr<const MatchDatabase>> database;
  landwaiter::Guarded<std::optional<Error>> scanner_fault;
  /// Before a registry answers what a reference means.
  std::function<void(const ImageReference&)> on_resolve;

  World() {
    api.Put(kube::kNamespaces, {{"metadata", {{"name", "shop"}}}});
    api.Put(
        kube::kNodes,
        {{"metadata", {{"name", "n"}}},
         {"status", {{"nodeInfo", {{"operatingSystem", "linux"}, {"architecture", "amd64"}}}}}});
    Push(kTag, DigestOf("cart"));
    UseDatabase("db-1", {AFinding("CVE-1", Severity::kCritical, "3.0.2")});
  }
  void Push(const std::string& reference, const Digest& digest) {
    registry.With([&](auto& tags) { tags[reference] = digest; });
  }
  void UseDatabase(const std::string& id, std::vector<Finding> findings,
                   const std::string& same_as = "") {
    database.With([&](auto& current) {
      current = std::make_shared<FakeDatabase>(id, std::move(findings), matches, same_as);
    });
  }
  Result<Digest> Resolve(const ImageReference& image) {
    ++resolves;
    if (on_resolve) on_resolve(image);
    return registry.With([&](auto& tags) -> Result<Digest> {
      if (image.digest) {  // of this repository, as image::Registry asks it
        for (const auto& [tag, digest] : tags) {
          if (digest == *image.digest && tag.starts_with(image.Name() + ":")) return digest;
        }
      }
      const auto found = tags.find(image.ToString());
      if (found == tags.end()) return Error{Code::kNotFound, "manifest unknown", "NotFound"};
      return found->second;
    });
  }
  Result<ImageInventory> Scan(const ScanRequest& request) {
    ++scans;
    if (auto fault = scanner_fault.With([](const auto& f) { return f; })) return *fault;
    ImageInventory inventory = AnInventory(*request.image.digest);
    inventory.readers = readers.With([](const auto& id) { return id; });
    return inventory;
  }
  json ScanObject(const Digest& digest) {
    return api.Read(kImageScans, {"", resources::ScanName(digest)});
  }
  /// Pods that use the image; -1 where there is no ImageScan or no count yet.
  int Pods(const Digest& digest) {
    const json object = ScanObject(digest);
    return object.is_null() ? -1 : object.value("/status/usedBy/pods"_json_pointer, -1);
  }
  std::string Verdict(const Digest& digest) {
    const json object = ScanObject(digest);
    return object.is_null() ? "" : object.value("/status/verdict"_json_pointer, "");
  }
  std::string Ready(const json& object) {
    if (object.is_null() || !object.contains("status")) return "";
    for (const auto& condition : object["status"].value("conditions", json::array())) {
      if (condition["type"] == "Ready") return condition["reason"];
    }
    return "";
  }
  bool Until(const std::function<bool()>& condition) { return api.WaitUntil(condition); }
};

/// A store whose disk is full, or whose server is away, as long as it is said.
class FillableStore final : public store::Store {
 public:
  FillableStore(std::unique_ptr<store::Store> inner, std::atomic<bool>& full,
                std::atomic<bool>& away)
      : inner_(std::move(inner)), full_(full), away_(away) {}
  Status PutInventory(const Digest& digest, const store::InventoryRecord& inventory,
                      const std::vector<store::PackageKey>& packages) override {
    if (away_) return Away();
    if (full_) return Full();
    return inner_->PutInventory(digest, inventory, packages);
  }
  Result<std::optional<store::InventoryRecord>> GetInventory(const Digest& digest) override {
    if (away_) return Away();
    ++reads;
    return inner_->GetInventory(digest);
  }
  Status PutFindings(const Digest& digest, const store::FindingsRecord& findings) override {
    if (full_) return Full();
    return inner_->PutFindings(digest, findings);
  }
  Result<std::optional<store::FindingsRecord>> GetFindings(const Digest& digest) override {
    return inner_->GetFindings(digest);
  }
  Result<std::vector<TimePoint>> NoteFirst(const std::vector<std::string>& keys,
                                           TimePoint at) override {
    if (full_) return Full();
    return inner_->NoteFirst(keys, at);
  }
  Result<std::optional<store::FindingsBasis>> GetFindingsBasis(const Digest& digest) override {
    if (away_) return Away();
    return inner_->GetFindingsBasis(digest);
  }
  Result<bool> RenewFindings(const Digest& digest, const store::FindingsBasis& from,
                             const store::FindingsBasis& to) override {
    if (full_) return Full();
    return inner_->RenewFindings(digest, from, to);
  }
  Status Delete(const Digest& digest) override { return inner_->Delete(digest); }
  Result<std::vector<Digest>> Digests() override { return inner_->Digests(); }
  Result<std::vector<Digest>> ImagesWith(const store::PackageKey& package,
                                         std::size_t limit) override {
    return inner_->ImagesWith(package, limit);
  }

  std::atomic<int> reads{0};  // of inventories

 private:
  static Error Full() {
    return Error{Code::kResourceExhausted, "the disk is full",
                 std::string(store::kReasonStoreFull)};
  }
  static Error Away() {
    return Error{Code::kUnavailable, "store: no connection to db.internal",
                 std::string(store::kReasonStoreUnreachable)};
  }
  const std::unique_ptr<store::Store> inner_;
  std::atomic<bool>& full_;
  std::atomic<bool>& away_;
};

/// One replica with a store of its own.
class Replica {
 public:
  Replica(World& world, const std::string& identity,
          std::chrono::milliseconds retention = std::chrono::hours(24), bool hold = false)
      : world_(world),
        folder_(std::filesystem::temp_directory_path().string() + "/landwaiter-role-" +
                std::to_string(::getpid()) + "-" + identity),
        retention_(retention),
        hold_(hold),
        identity_(identity) {
    std::filesystem::remove_all(folder_);
    Begin();
  }
  ~Replica() {
    role.reset();
    store_.reset();
    std::filesystem::remove_all(folder_);
  }
  void Begin() {
    auto opened = store::OpenSqliteStore(folder_);
    EXPECT_TRUE(opened);
    store_ = std::make_unique<FillableStore>(std::move(opened->store), world_.disk_full,
                                             world_.store_away);
    metrics_ = std::make_unique<metrics::Registry>();
    ControllerOptions options;
    options.identity = identity_;
    options.retention = retention_;
    options.hold = hold_;
    options.namespace_new_images = 3;
    options.readers = readers_;
    options.workers = 2;
    options.retry_period = std::chrono::milliseconds(5);
    role = std::make_unique<Role>(
        options,
        Ports{.api = &world_.api,
              .lease_api = &world_.api,
              .store = store_.get(),
              .clock = &world_.clock,
              .resolve = [this](const ImageReference& image, const auto&,
                                const Cancellation&) { return world_.Resolve(image); },
              .scan = [this](const ScanRequest& request,
                             const Cancellation&) { return world_.Scan(request); },
              .database = [this] { return world_.database.With([](const auto& d) { return d; }); }},
        *metrics_);
    EXPECT_TRUE(role->SyncInformers(Cancellation{}.Within(std::chrono::seconds(20))));
    role->Start();
  }
  void End() {
    role.reset();
    store_.reset();
  }
  /// From the next Begin() on.
  void WantReaders(const std::string& id) { readers_ = id; }
  std::string Metrics() const { return metrics_->RenderPrometheus(); }
  void LoseStore() { std::filesystem::remove_all(folder_); }
  /// While it is ended: what the store holds of an image is this.
  void OverwriteStored(const Digest& digest, const std::string& document) {
    auto opened = store::OpenSqliteStore(folder_);
    ASSERT_TRUE(opened);
    EXPECT_TRUE(opened->store->PutInventory(digest, {document, world_.clock.Now()}, {}));
  }
  /// While it is ended: "" where the store holds nothing of the image.
  std::string StoredDocument(const Digest& digest) {
    auto opened = store::OpenSqliteStore(folder_);
    EXPECT_TRUE(opened);
    const auto record = opened->store->GetInventory(digest).value();
    return record ? record->document : "";
  }
  /// While it is ended: another version of the program has matched the image, by the same database,
  /// and found this.
  void OverwriteFindings(const Digest& digest, const std::vector<Finding>& findings) {
    auto opened = store::OpenSqliteStore(folder_);
    ASSERT_TRUE(opened);
    const auto basis = opened->store->GetFindingsBasis(digest).value();
    ASSERT_TRUE(basis);
    EXPECT_TRUE(opened->store->PutFindings(
        digest,
        {basis->database_id, basis->database_built_at,
         MatchToJson({PlatformMatch{findings, {{"advisories", CoverageState::kRead, "", 1}}}}),
         basis->matched_at, "of another program"}));
  }

 private:
  World& world_;
  const std::string folder_;
  const std::chrono::milliseconds retention_;
  const bool hold_;
  const std::string identity_;
  std::string readers_;
  std::unique_ptr<store::Store> store_;
  std::unique_ptr<metrics::Registry> metrics_;

 public:
  std::unique_ptr<Role> role;
};

}  // namespace landwaiter::controller
