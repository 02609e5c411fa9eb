// What the controller keeps of each pod: operations.md, "Scale", less than 600 bytes.
#include <gtest/gtest.h>

#include "controller/records.h"
#include "controller/usage_index.h"
#include "lib/kube/informer.h"
#include "model/image_reference.h"
#include "tests/support/fake_kube.h"
#include "tests/unit/allocations.h"
#include "tests/unit/controller/builders.h"

namespace landwaiter::controller {
namespace {

using testing::AllocationCount;

constexpr int kPods = 20'000;
constexpr int kOfOne = 10;      // pods of one ReplicaSet
constexpr int kWarmUp = 2'000;  // makes what is shared by all
constexpr int kMaxBytes = 540;  // and malloc's own eight for each of some seven blocks

/// As a ReplicaSet makes it: an application of its own, by digest, and everybody's sidecar.
nlohmann::json ThePod(int number) {
  const std::string app = "checkout-service-" + std::to_string(number / kOfOne);
  const std::string suffix = std::to_string(100'000 + number);
  nlohmann::json pod =
      APod(app + "-7d9c8b6f5d-" + suffix, "team-" + std::to_string(number / kOfOne % 100));
  pod["metadata"]["uid"] = "7f0b2891-916f-4ed6-b7cd-27bff1" + suffix;
  pod["metadata"]["creationTimestamp"] = "2026-11-24T09:00:00Z";
  const std::string image = "registry.example.com/team/" + app + "@" + DigestOf(app).ToString();
  const std::string proxy = "registry.example.com/mesh/proxy@" + DigestOf("proxy").ToString();
  return OwnedBy(WithImage(WithImage(std::move(pod), image, image), proxy, proxy), "ReplicaSet",
                 app + "-7d9c8b6f5d");
}

std::vector<PodUse> UsesOf(const PodRecord& pod) {
  std::vector<PodUse> uses;
  for (const auto& use : pod.shape->images) {
    const auto reference = ImageReference::Parse(*use.reference);
    uses.push_back(PodUse{resources::ScanName(*reference->digest), reference->ToString()});
  }
  return uses;
}

/// Bytes held for pods from `kWarmUp` to `last`.
std::int64_t HeldFor(int last) {
  testing::FakeKube api;
  for (int i = 0; i < last; ++i) api.Put(kube::kPods, ThePod(i));
  UsageIndex usage;
  kube::Informer<PodRecord> pods(api, {.resource = kube::kPods},
                                 [projector = std::make_shared<PodProjector>()](
                                     const nlohmann::json& pod) { return (*projector)(pod); });
  const AllocationCount count;
  pods.Start();
  EXPECT_TRUE(pods.WaitForSync(Cancellation{}.Within(std::chrono::minutes(2))));
  pods.Stop();
  for (const auto& [key, pod] : pods.List()) {
    usage.Set(key.ToString(), pod->created, UsesOf(*pod));
  }
  EXPECT_EQ(pods.size(), static_cast<std::size_t>(last));
  return count.held_bytes();
}

// Admission pitfall 83.
TEST(PodMemory, IsLessThan600BytesForEachOfTwentyThousandPods) {
  if (!testing::AllocationsAreCounted()) GTEST_SKIP() << "sanitizers count otherwise";
  const std::int64_t more = HeldFor(kWarmUp + kPods) - HeldFor(kWarmUp);
  RecordProperty("bytes_a_pod", static_cast<int>(more / kPods));
  EXPECT_LT(more / kPods, kMaxBytes);
  EXPECT_GT(more / kPods, 100) << "that is too little to be true";
}

}  // namespace
}  // namespace landwaiter::controller
