// The keepers of Falco's ConfigMaps and of policy reports: what they write, and when not.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "controller/runtime/falco_keeper.h"
#include "controller/runtime/report_keeper.h"
#include "tests/support/fake_kube.h"
#include "tests/unit/controller/builders.h"

namespace landwaiter::controller {
namespace {

using nlohmann::json;

/// Applies make what is not there, and replace what is.
class ApplyingKube final : public testing::FakeKube {
 public:
  Result<json> Patch(const kube::Resource& resource, const kube::ObjectKey& key,
                     const kube::PatchOptions& options, const json& patch,
                     const Cancellation& cancel) override {
    if (options.type != kube::PatchType::kApply) {
      return FakeKube::Patch(resource, key, options, patch, cancel);
    }
    if (refuses_critical && patch.dump().find("\"critical\",\"source\"") != std::string::npos) {
      return Error{Code::kInvalidArgument, "results[0].severity: Unsupported value", "Invalid"};
    }
    ++applied;
    return Put(resource, patch);
  }
  bool refuses_critical = false;
  int applied = 0;
};

class FixedClock final : public Clock {
 public:
  TimePoint Now() const override { return *ParseTime("2026-11-24T12:00:00Z"); }
};

/// A cluster in which the namespace "shop" runs `images` images, which fail as they are made to.
struct Bench {
  ApplyingKube api;
  FixedClock clock;
  kube::Informer<ScanRecord> scans{api, {.resource = kImageScans}, ProjectScanWithViolations};
  kube::Informer<PodRecord> pods{api,
                                 {.resource = kube::kPods},
                                 [projector = std::make_shared<PodProjector>()](const json& pod) {
                                   return (*projector)(pod);
                                 }};
  kube::Informer<NamespaceRecord> namespaces{
      api, {.resource = kube::kNamespaces}, ProjectNamespace};
  UsageIndex usage;
  kube::EventRecorder events{api, clock, {}};
  Policies policies{Recorded(APolicy("baseline", 1, NoCritical()))};

  Bench() { api.Put(kube::kNamespaces, {{"metadata", {{"name", "shop"}}}}); }
  ~Bench() { events.Stop(); }

  Digest Runs(const std::string& name, const std::string& verdict) {
    const Digest digest = DigestOf(name);
    resources::ImageScan scan = AScan(digest);
    scan.status.digest = digest.ToString();
    scan.status.scanned_at = "2026-11-24T10:00:00Z";
    scan.status.references = {"r.io/shop/" + name + ":1"};
    resources::PolicyStatus row;
    row.name = "baseline";
    row.uid = "uid-baseline";
    row.generation = 1;
    row.verdict = verdict;
    if (verdict == "Fail") row.violations = {{"no-critical", 1, true, "CVE-1 in openssl"}};
    scan.status.policies.push_back(std::move(row));
    scan.status.vulnerabilities.emplace();
    scan.status.vulnerabilities->by_severity[static_cast<std::size_t>(Severity::kCritical)] =
        verdict == "Fail" ? 1 : 0;
    json object = resources::ImageScanToJson(scan);
    object["status"] = resources::StatusToJson(scan.status);
    api.Put(kImageScans, object);
    api.Put(kube::kPods, WithImage(APod(name), "r.io/shop/" + name + ":1"));
    usage.Set("shop/" + name, {}, {{scan.name, "r.io/shop/" + name + ":1"}});
    return digest;
  }
  void Start() {
    events.Start();
    scans.Start();
    pods.Start();
    namespaces.Start();
    const auto soon = Cancellation{}.Within(std::chrono::seconds(20));
    ASSERT_TRUE(scans.WaitForSync(soon) && pods.WaitForSync(soon) && namespaces.WaitForSync(soon));
    usage.SetComplete();
  }
  FalcoKeeper Falco(report::FalcoLimits limits = report::kConfigMapLimits) {
    return FalcoKeeper({api, clock, scans, namespaces, [this] { return policies; }, events, "falco",
                        "rules", nullptr, limits});
  }
  ReportKeeper Reports() {
    return ReportKeeper({api,
                         clock,
                         scans,
                         [this] { return policies; },
                         {usage, pods, namespaces},
                         ReportKindsOf("both"),
                         nullptr});
  }
  json ConfigMap(const std::string& name) { return api.Read(kConfigMaps, {"falco", name}); }
  json Report(std::size_t kind) {
    return api.Read(kReportKinds[kind].resource, {"shop", "landwaiter"});
  }
  bool Told(const std::string& reason) {
    return api.WaitUntil([&] {
      for (const auto& event : api.All(kube::kEvents)) {
        if (event["reason"] == reason) return true;
      }
      return false;
    });
  }
};

TEST(FalcoKeeper, WritesWhatChangedAndNothingElse) {
  Bench bench;
  const Digest bad = bench.Runs("bad", "Fail");
  bench.Start();
  FalcoKeeper keeper = bench.Falco();
  ASSERT_TRUE(keeper.Reconcile({}).status);
  const json first = bench.ConfigMap("rules");
  ASSERT_FALSE(first.is_null());
  EXPECT_NE(first.dump().find(bad.ToString()), std::string::npos);
  EXPECT_EQ(bench.api.applied, 1);

  ASSERT_TRUE(keeper.Reconcile({}).status);
  EXPECT_EQ(bench.api.applied, 1) << "nothing has changed";

  json other = first;
  other["data"]["landwaiter-1.yaml"] = "[]";
  bench.api.Put(kConfigMaps, other);
  ASSERT_TRUE(keeper.Reconcile({}).status);
  EXPECT_EQ(bench.ConfigMap("rules")["data"], first["data"]) << "made whole again";
  EXPECT_EQ(bench.api.applied, 2);

  keeper.Forget();
  ASSERT_TRUE(keeper.Reconcile({}).status);
  EXPECT_EQ(bench.api.applied, 3) << "who begins to lead does not know what stands";
}

// Issue 9, bad input: a ConfigMap over 1 MiB.
TEST(FalcoKeeper, TellsOfWhatFindsNoRoomAndTakesBackWhatItDoesNotNeed) {
  Bench bench;
  for (int i = 0; i < 1000; ++i) bench.Runs("bad-" + std::to_string(i), "Fail");
  bench.Start();
  bench.api.Put(kConfigMaps, {{"metadata", {{"namespace", "falco"}, {"name", "rules-2"}}}});
  bench.api.Put(kConfigMaps, {{"metadata", {{"namespace", "falco"}, {"name", "others"}}}});
  FalcoKeeper keeper = bench.Falco({.part_bytes = 420'000, .parts = 1});
  ASSERT_TRUE(keeper.Reconcile({}).status);
  std::size_t bytes = 0;
  const json made = bench.ConfigMap("rules");
  for (const auto& [name, text] : made["data"].items()) bytes += text.get<std::string>().size();
  EXPECT_LE(bytes, 420'000);
  EXPECT_NE(made["data"]["landwaiter-rules.yaml"].get<std::string>().find("# INCOMPLETE: "),
            std::string::npos);
  EXPECT_TRUE(bench.Told("FalcoRulesIncomplete"));
  EXPECT_TRUE(bench.ConfigMap("rules-2").is_null()) << "of an earlier time, and not needed";
  EXPECT_FALSE(bench.ConfigMap("others").is_null());
}

TEST(ReportKeeper, KeepsBothKindsInTheWordsThatTheirSchemasHave) {
  Bench bench;
  bench.Runs("bad", "Fail");
  bench.Start();
  bench.api.refuses_critical = true;
  ReportKeeper keeper = bench.Reports();
  ASSERT_TRUE(keeper.Reconcile({}).status);
  for (std::size_t kind = 0; kind < 2; ++kind) {
    const json report = bench.Report(kind);
    ASSERT_FALSE(report.is_null()) << kind;
    EXPECT_EQ(report["results"][0]["severity"], "high") << kind;
  }
  const int written = bench.api.applied;
  ASSERT_TRUE(keeper.Reconcile({}).status);
  EXPECT_EQ(bench.api.applied, written) << "nothing has changed";
}

TEST(ReportKeeper, PrunesItsOwnAndWaitsUntilThePodsAreCounted) {
  Bench bench;
  bench.Runs("good", "Pass");
  const auto& kind = kReportKinds[0].resource;
  const auto put = [&](const std::string& ns, const std::string& name, const json& labels) {
    bench.api.Put(kind, {{"metadata", {{"namespace", ns}, {"name", name}, {"labels", labels}}}});
  };
  put("gone", "landwaiter", {{kManagedByLabel, kManagedBy}});
  put("gone", "others", {{kManagedByLabel, "kyverno"}});
  ReportKeeper keeper = bench.Reports();
  ASSERT_TRUE(keeper.Reconcile({}).status);
  EXPECT_FALSE(bench.api.Read(kind, {"gone", "landwaiter"}).is_null()) << "nothing is counted yet";
  bench.Start();
  ASSERT_TRUE(keeper.Reconcile({}).status);
  EXPECT_TRUE(bench.api.Read(kind, {"gone", "landwaiter"}).is_null());
  EXPECT_FALSE(bench.api.Read(kind, {"gone", "others"}).is_null());
  EXPECT_EQ(bench.Report(0)["summary"]["pass"], 1);
  bench.policies.clear();
  ASSERT_TRUE(keeper.Reconcile({}).status);
  EXPECT_TRUE(bench.Report(0).is_null()) << "no policy is for it any more";
}

}  // namespace
}  // namespace landwaiter::controller
