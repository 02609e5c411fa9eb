#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "resources/ensure.h"
#include "resources/image_scan.h"
#include "resources/pod_images.h"

namespace landwaiter::resources {
namespace {

using nlohmann::json;

// Admission pitfall 51.
TEST(ScanName, HoldsTheWholeDigest) {
  EXPECT_EQ(ScanName(Sha256::Of("")),
            "sha256-e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

// Admission pitfalls 36 and 37.
TEST(PodImages, AreThoseOfEveryListAndOfImageVolumes) {
  const json pod = json::parse(R"({
    "metadata": {"name": "web", "namespace": "shop", "uid": "u",
                 "ownerReferences": [{"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "web-1", "uid": "o"}]},
    "spec": {
      "imagePullSecrets": [{"name": "reg"}, {}],
      "containers": [{"name": "a", "image": "r.io/a:1"}],
      "initContainers": [{"name": "i", "image": "r.io/i:1", "restartPolicy": "Always"}],
      "ephemeralContainers": [{"name": "e", "image": "r.io/e:1"}],
      "volumes": [{"name": "v", "image": {"reference": "r.io/v:1"}}, {"name": "w", "emptyDir": {}}]},
    "status": {"phase": "Running",
      "containerStatuses": [{"name": "a", "imageID": "r.io/a@sha256:00"}, {"name": "b", "imageID": ""}]}})");
  const auto read = PodImagesFromPod(pod);
  ASSERT_TRUE(read) << read.error().message;
  const std::vector<PodImage> expected = {{"r.io/a:1", "a", ContainerKind::kContainer},
                                          {"r.io/i:1", "i", ContainerKind::kInitContainer},
                                          {"r.io/e:1", "e", ContainerKind::kEphemeralContainer},
                                          {"r.io/v:1", "v", ContainerKind::kImageVolume}};
  EXPECT_EQ(read->images, expected);
  for (const PodImage& image : read->images) {
    EXPECT_EQ(pod.at(json::json_pointer(PointerTo(image))), image.reference) << PointerTo(image);
  }
  EXPECT_EQ(read->service_account, "default");
  EXPECT_EQ(read->pull_secrets, std::vector<std::string>{"reg"});
  EXPECT_EQ(read->image_ids.size(), 1u);
  EXPECT_EQ(read->owners.at(0).kind, "ReplicaSet");
  EXPECT_FALSE(read->finished);
}

TEST(PodImages, ArePointedToWhereverTheyStand) {
  const json pod = json::parse(R"({"spec": {
      "containers": [{"name": "a"}, {"name": "b", "image": "r.io/b:1"}],
      "volumes": [{"name": "w", "emptyDir": {}}, {"name": "v", "image": {"reference": "r.io/v:1"}}]}})");
  const auto read = PodImagesFromPod(pod);
  ASSERT_TRUE(read) << read.error().message;
  ASSERT_EQ(read->images.size(), 2u);
  EXPECT_EQ(PointerTo(read->images[0]), "/spec/containers/1/image");
  EXPECT_EQ(PointerTo(read->images[1]), "/spec/volumes/1/image/reference");
}

TEST(PodImages, KnowTheScanGateAmongOthers) {
  const auto gates = [](const char* text) {
    return *PodImagesFromPod({{"spec", {{"schedulingGates", json::parse(text)}}}});
  };
  EXPECT_FALSE(PodImagesFromPod({{"spec", json::object()}})->has_gates);
  EXPECT_FALSE(gates("null").has_gates);
  EXPECT_TRUE(gates("[]").has_gates);
  EXPECT_FALSE(gates(R"([{"name": "other.io/x"}])").scan_gate);
  EXPECT_EQ(gates(R"([{"name": "other.io/x"}, {"name": "landwaiter.io/scan"}])").scan_gate, 1u);
  EXPECT_FALSE(PodImagesFromPod({{"spec", {{"schedulingGates", "landwaiter.io/scan"}}}}));
}

// Admission pitfall 39.
TEST(PodImages, OfEveryWorkloadKindStandInItsTemplate) {
  const json spec = json::parse(R"({"spec":{"containers":[{"name":"a","image":"r.io/a:1"}]}})");
  for (const char* kind :
       {"Deployment", "ReplicaSet", "StatefulSet", "DaemonSet", "Job", "ReplicationController"}) {
    const auto read = PodImagesFromWorkload(kind, {{"spec", {{"template", spec}}}});
    ASSERT_TRUE(read) << kind;
    EXPECT_EQ(read->images.size(), 1u) << kind;
  }
  const auto cron = PodImagesFromWorkload(
      "CronJob", {{"spec", {{"jobTemplate", {{"spec", {{"template", spec}}}}}}}});
  ASSERT_TRUE(cron);
  EXPECT_EQ(cron->images.size(), 1u);
  EXPECT_EQ(PodImagesFromWorkload("Service", json::object()).error().code, Code::kUnsupported);
  EXPECT_FALSE(PodImagesFromWorkload("Deployment", json::object()));
}

TEST(PodImages, OfAWrongShapeAreRefusedByName) {
  const auto read = PodImagesFromPod(json::parse(R"({"spec":{"containers":[{"image":7}]}})"));
  ASSERT_FALSE(read);
  EXPECT_NE(read.error().message.find("Pod.spec.containers[0].image"), std::string::npos)
      << read.error().message;
  EXPECT_FALSE(PodImagesFromPod(json::parse("[]")));
}

ImageScanStatus AFullStatus() {
  ImageScanStatus status;
  const std::string wide(4'000, 'x');  // over every bound; 300 MB in all
  status.digest = Sha256::Of("x").ToString();
  status.vulnerabilities.emplace();
  for (int i = 0; i < 500; ++i) {
    status.top_findings.push_back({"CVE-1", "Critical", wide, wide, wide, wide});
    status.references.push_back(wide);
    status.used_by_namespaces.push_back(wide);
    status.platforms.push_back({"linux/amd64", wide, wide, wide, wide, false, 1, 1,
                                std::vector<Coverage>(100, {"dpkg", CoverageState::kRead, wide})});
    PolicyStatus policy{"p", 1, "Fail", {}, {}, {}};
    policy.uid = wide;
    policy.violations.assign(50, {wide, 1, true, wide});
    policy.unknown.assign(50, wide);
    policy.turned_bad = {.since = "2026-11-24T12:00:00Z",
                         .namespaces = std::vector<std::string>(300, std::string(100, 'n'))};
    policy.fails_from = {"2026-12-04T00:00:00Z", "rule", wide};
    status.policies.push_back(policy);
  }
  return status;
}

// Admission pitfall 84.
TEST(ImageScanStatus, StaysUnder64KiBWhateverTheImageHolds) {
  const json out = StatusToJson(AFullStatus());
  EXPECT_LT(out.dump().size(), 60u * 1024);
  EXPECT_GE(out["topFindings"].size(), 1u);
  EXPECT_EQ(out["policies"].size(), kMaxPolicies);
  EXPECT_EQ(out["policies"][0]["verdict"], "Fail");
  EXPECT_EQ(out["policies"].back()["turnedBad"]["since"], "2026-11-24T12:00:00Z");
}

TEST(ImageScanStatus, CutsNoNamespaceThatRanTheImageForTheSakeOfWhatElseItHolds) {
  ImageScanStatus status = AFullStatus();
  for (auto& policy : status.policies) policy.turned_bad->namespaces.clear();
  status.policies[7].turned_bad->namespaces.assign(200, "namespace-of-a-common-length");
  const json out = StatusToJson(status);
  EXPECT_LT(out.dump().size(), 60u * 1024);
  EXPECT_EQ(out["policies"][7]["turnedBad"]["namespaces"].size(), 200u);
}

TEST(ImageScanStatus, BoundsTheNamespacesThatRanTheImage) {
  ImageScanStatus status;
  status.policies.resize(2);
  for (auto& policy : status.policies) policy.turned_bad.emplace().namespaces.assign(400, "a");
  json policies = StatusToJson(status)["policies"];
  EXPECT_EQ(policies[0]["turnedBad"]["namespaces"].size(), kMaxRanIn);
  EXPECT_EQ(policies[1]["turnedBad"]["namespaces"].size(), kMaxRanIn);
  for (auto& policy : status.policies) {
    policy.turned_bad->namespaces.assign(400, std::string(100, 'n'));
  }
  policies = StatusToJson(status)["policies"];
  EXPECT_EQ(policies[0]["turnedBad"]["namespaces"].size(), kMaxRanInBytes / (63 + 3));
  EXPECT_FALSE(policies[1]["turnedBad"].contains("namespaces"));
}

TEST(ImageScanStatus, KeepsEveryListWithinItsBound) {
  ImageScanStatus status;
  status.top_findings.assign(500, {"CVE-1", "High", "p", "1", "2", ""});
  status.references.assign(500, "r.io/a:1");
  const json out = StatusToJson(status);
  EXPECT_EQ(out["topFindings"].size(), kMaxTopFindings);
  EXPECT_EQ(out["references"].size(), kMaxReferences);
}

TEST(ImageScanStatus, NeverCutsAFailureOutOfTheCoverage) {
  ImageScanStatus status;
  status.platforms.resize(1);
  status.platforms[0].coverage.assign(100, {"npm", CoverageState::kRead, "", 1});
  status.platforms[0].coverage.push_back({"dpkg", CoverageState::kFailed, "truncated", 0});
  const json out = StatusToJson(status);
  EXPECT_EQ(out["platforms"][0]["coverage"][0]["source"], "dpkg");
  EXPECT_EQ(out["platforms"][0]["coverage"].size(), kMaxCoverage);
}

TEST(ImageScan, ComesBackAsItWent) {
  ImageScan scan;
  scan.name = "sha256-1";
  scan.spec.image = "r.io/a@" + Sha256::Of("x").ToString();
  scan.spec.pull_secrets = {{"shop", "reg"}};
  scan.status.verdict = "Fail";
  scan.status.vulnerabilities.emplace().by_severity[5] = 2;
  scan.status.platforms.push_back({"linux/amd64",
                                   "",
                                   "",
                                   "debian",
                                   "12",
                                   true,
                                   3,
                                   4,
                                   {{"dpkg", CoverageState::kFailed, "why", 0}}});
  scan.status.policies.push_back({"p", 3, "Fail", {{"r", 2, false, "m"}}, {"u"}, {"e"}});
  scan.status.policies.back().uid = "9b2f6c1e-0000-4000-8000-000000000001";
  scan.status.policies.back().turned_bad = {"2026-11-24T12:00:00Z", {"bank", "shop"}};
  scan.status.policies.push_back({"s", 1, "Pass"});
  scan.status.policies.back().fails_from = {"2026-12-04T00:00:00Z", "r", "CVE-1"};
  scan.status.policies.back().excused.push_back({"", 0, "Pass"});
  scan.status.policies.back().excused.back().fails_from = {"2026-12-05T00:00:00Z", "r", "CVE-2"};
  scan.status.policies.push_back({"q", 1, "Fail"});
  scan.status.policies.back().turned_bad = {
      "2026-11-24T12:00:00Z", {}, true, "2026-11-01T00:00:00Z"};
  SetCondition(scan.status.conditions, {"Ready", "True", "Scanned", "", 1, ""}, TimePoint());
  json object = ImageScanToJson(scan);
  object["status"] = StatusToJson(scan.status);
  const auto back = ImageScanFromJson(object);
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(back->spec, scan.spec);
  EXPECT_EQ(back->status, scan.status);
}

TEST(Conditions, MoveTheirTimeOnlyWhenTheStatusFlips) {
  std::vector<Condition> conditions;
  const TimePoint first = TimePoint() + std::chrono::hours(1);
  const TimePoint second = TimePoint() + std::chrono::hours(2);
  SetCondition(conditions, {"Ready", "False", "Queued", "", 1, ""}, first);
  SetCondition(conditions, {"Ready", "False", "Scanning", "", 1, ""}, second);
  EXPECT_EQ(conditions[0].last_transition_time, FormatTime(first));
  EXPECT_EQ(conditions[0].reason, "Scanning");
  SetCondition(conditions, {"Ready", "True", "Scanned", "", 1, ""}, second);
  EXPECT_EQ(conditions[0].last_transition_time, FormatTime(second));
  EXPECT_EQ(conditions.size(), 1u);
}

TEST(Ensure, AnswersNeitherScanNorErrorIsRefused) {
  EXPECT_FALSE(EnsureResponseFromJson(R"({"images":[{"reference":"a"}]})"));
  EXPECT_FALSE(EnsureResponseFromJson("{}"));
  const EnsureResponse response{{{"a", "sha256:1", "sha256-1"}, {"b", "", "", "NotFound", "no"}}};
  const auto back = EnsureResponseFromJson(ToJson(response));
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(back->images.at(0).scan, "sha256-1");
  EXPECT_EQ(back->images.at(1).error_reason, "NotFound");
}

TEST(Ensure, RequestsAreBounded) {
  EnsureRequest request{{"a"}, "shop", "default", {"reg"}};
  EXPECT_TRUE(EnsureRequestFromJson(ToJson(request)));
  request.references.assign(kMaxEnsureImages + 1, "a");
  EXPECT_FALSE(EnsureRequestFromJson(ToJson(request)));
  EXPECT_FALSE(EnsureRequestFromJson(R"({"references":["a"]})"));
}

}  // namespace
}  // namespace landwaiter::resources
