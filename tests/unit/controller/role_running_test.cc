// What ran before it turned bad, by the whole role against an API server in memory.
#include <gtest/gtest.h>

#include "model/scan_request.h"
#include "tests/unit/controller/world.h"

namespace landwaiter::controller {
namespace {

const Digest kRunning = DigestOf("cart");
const std::vector<Finding> kFound = {AFinding("CVE-1", Severity::kCritical)};

json PolicyMadeAt(const std::string& time) {
  json policy = APolicy("baseline", 1, NoCritical());
  policy["metadata"]["creationTimestamp"] = time;
  policy["spec"]["onUnscanned"] = "Hold";
  return policy;
}

json PodIn(const std::string& ns, const std::string& name, const std::string& made) {
  json pod = WithImage(APod(name, ns), kTag, "r.io/shop/cart@" + kRunning.ToString());
  pod["metadata"]["creationTimestamp"] = made;
  return pod;
}

json BehindTheGate(json pod) {
  pod["spec"]["schedulingGates"] = json::array({{{"name", "landwaiter.io/scan"}}});
  pod["status"]["phase"] = "Pending";
  return pod;
}

class RoleRunning : public ::testing::Test {
 protected:
  void SetUp() override {
    world.api.Put(kube::kNamespaces, {{"metadata", {{"name", "bank"}}}});
    world.UseDatabase("db-1", {});
  }
  json Record() {
    const json object = world.ScanObject(kRunning);
    return object.is_null() ? json()
                            : object.value("/status/policies/0/turnedBad"_json_pointer, json());
  }
  bool Ran(const json& namespaces) {
    return world.Until([&] {
      const json record = Record();
      return !record.is_null() && !record.contains("counting") &&
             record.value("namespaces", json::array()) == namespaces;
    });
  }
  bool Released(const std::string& ns, const std::string& name) {
    const json pod = world.api.Read(kube::kPods, {ns, name});
    return !pod.is_null() && pod["spec"]["schedulingGates"].empty();
  }
  bool IsGone(const std::string& ns, const std::string& name) {
    return world.api.Read(kube::kPods, {ns, name}).is_null();
  }

  World world;
};

TEST_F(RoleRunning, ADatabaseThatIsNewAfterARestartFindsTheNamespacesThatRunTheImage) {
  world.api.Put(kScanPolicies, PolicyMadeAt("2026-11-20T00:00:00Z"));
  Replica replica(world, "one");
  world.api.Put(kube::kPods, PodIn("shop", "cart", "2026-11-24T00:00:00Z"));
  ASSERT_TRUE(
      world.Until([&] { return world.Verdict(kRunning) == "Pass" && world.Pods(kRunning) == 1; }));
  replica.End();
  world.UseDatabase("db-2", kFound);
  replica.Begin();
  EXPECT_TRUE(Ran({"shop"})) << Record();
  const json record = Record();

  world.api.Remove(kube::kPods, {"shop", "cart"});
  world.api.Put(kube::kPods, PodIn("bank", "cart", "2026-11-24T00:00:00Z"));
  replica.End();
  replica.LoseStore();
  replica.Begin();
  ASSERT_TRUE(world.Until([&] {
    return world.ScanObject(kRunning).value("/status/usedBy/namespaces"_json_pointer, json()) ==
           json({"bank"});
  }));
  EXPECT_EQ(Record(), record);
  EXPECT_EQ(world.Verdict(kRunning), "Fail");
}

// Admission pitfall 33.
TEST_F(RoleRunning, APodBehindTheGateRunsNothingAndOneOfANamespaceThatRanTheImageIsLetGo) {
  world.UseDatabase("db-1", kFound);
  world.scanner_fault.With([](auto& fault) {
    fault = Error{Code::kUnavailable, "busy", std::string(scan_reason::kScannerBusy)};
  });
  // All of them older than the policy: of these only the one without a gate has run.
  const std::string now = FormatTime(SystemClock().Now());
  world.api.Put(kScanPolicies, PolicyMadeAt("2099-01-01T00:00:00Z"));
  world.api.Put(kube::kPods, PodIn("shop", "runs", now));
  world.api.Put(kube::kPods, BehindTheGate(PodIn("bank", "held", now)));
  json leaving = BehindTheGate(PodIn("dev", "leaving", now));
  leaving["metadata"]["deletionTimestamp"] = now;
  world.api.Put(kube::kPods, leaving);
  Replica replica(world, "one", std::chrono::hours(24), true);
  ASSERT_TRUE(world.Until([&] { return world.Pods(kRunning) == 3; }));
  world.scanner_fault.With([](auto& fault) { fault.reset(); });
  EXPECT_TRUE(Ran({"shop"})) << Record();
  EXPECT_TRUE(world.Until([&] { return IsGone("bank", "held"); }));

  world.api.Put(kube::kPods, BehindTheGate(PodIn("shop", "again", now)));
  world.api.Put(kube::kPods, BehindTheGate(PodIn("bank", "again", now)));
  EXPECT_TRUE(world.Until([&] { return Released("shop", "again"); }));
  EXPECT_TRUE(world.Until([&] { return IsGone("bank", "again"); }));
}

}  // namespace
}  // namespace landwaiter::controller
