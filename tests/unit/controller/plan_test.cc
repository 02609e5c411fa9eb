#include "controller/plan.h"

#include <gtest/gtest.h>

#include "controller/records.h"
#include "model/scan_request.h"
#include "tests/unit/controller/builders.h"

namespace landwaiter::controller {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

struct IdCase {
  const char* name;
  std::string id;
  std::string digest;
  std::string local;
};

// Admission pitfall 54.
// Pitfall 30: a configuration's digest is no manifest's.
TEST(ParseImageId, ReadsWhatTheRuntimesWrite) {
  const std::string d = DigestOf("x").ToString();
  const IdCase cases[] = {
      {"containerd", "docker.io/library/nginx@" + d, d, ""},
      {"CRI-O with a port", "registry:5000/a/b@" + d, d, ""},
      // Admission pitfall 55.
      {"dockershim, pullable", "docker-pullable://nginx@" + d, d, ""},
      // Admission pitfall 55.
      {"dockershim, local", "docker://" + d, "", d},
      {"a configuration digest", d, "", d},
      {"not pulled yet", "", "", ""},
      {"a name without a digest", "nginx:1", "", ""},
      {"a broken digest", "nginx@sha256:12", "", ""},
      {"upper-case digits", "nginx@sha256:" + std::string(64, 'A'), "", ""},
  };
  for (const auto& c : cases) {
    const RunningImage image = ParseImageId(c.id);
    EXPECT_EQ(image.digest ? image.digest->ToString() : "", c.digest) << c.name;
    EXPECT_EQ(image.local_id ? image.local_id->ToString() : "", c.local) << c.name;
  }
}

PodRecord Project(const nlohmann::json& pod) {
  PodProjector projector;
  auto record = projector(pod);
  EXPECT_TRUE(record) << record.error().message;
  return *record;
}

// Admission pitfall 36.
TEST(PlanPod, TakesEveryKindOfContainerAndImageVolumesOnce) {
  nlohmann::json pod = APod("web");
  const auto container = [](const char* name, const char* image) {
    return nlohmann::json{{"name", name}, {"image", image}};
  };
  pod["spec"]["containers"] = {container("a", "nginx:1"), container("b", "nginx:1")};
  pod["spec"]["initContainers"] = {container("i", "busybox")};
  pod["spec"]["ephemeralContainers"] = {container("e", "debug:2")};
  pod["spec"]["volumes"] = {{{"name", "v"}, {"image", {{"reference", "data:3"}}}}};
  const PodPlan plan = PlanPod(Project(pod));
  std::vector<std::string> references;
  for (const auto& image : plan.images) references.push_back(image.reference.ToString());
  EXPECT_EQ(references, (std::vector<std::string>{
                            "docker.io/library/nginx:1", "docker.io/library/busybox:latest",
                            "docker.io/library/debug:2", "docker.io/library/data:3"}));
}

// Admission pitfalls 48 and 60.
// Pitfall 29: a tag may mean another image by the time a node pulls it.
TEST(PlanPod, KnowsWhatIsAskedForAndWhatRuns) {
  const Digest asked = DigestOf("asked");
  const Digest running = DigestOf("running");
  auto pod = WithImage(APod("web"), "nginx:1@" + asked.ToString(), "nginx@" + running.ToString());
  const PodPlan plan = PlanPod(Project(pod));
  ASSERT_EQ(plan.images.size(), 1u);
  EXPECT_EQ(plan.images[0].asked, asked);
  EXPECT_EQ(plan.images[0].running, running);
}

// Admission pitfall 59.
TEST(PlanPod, ReportsWhatItCannotReadAndGoesOn) {
  auto pod = WithImage(WithImage(APod("web"), "UPPER//x", ""), "good:1", "");
  const PodPlan plan = PlanPod(Project(pod));
  EXPECT_EQ(plan.images.size(), 1u);
  EXPECT_EQ(plan.invalid.size(), 1u);
}

TEST(PlanPod, AsksNothingForAPodThatHasFinished) {
  auto pod = WithImage(APod("job"), "nginx:1", "");
  pod["status"]["phase"] = "Succeeded";
  EXPECT_TRUE(PlanPod(Project(pod)).images.empty());
}

TEST(PodRecord, HasTheOwnerThatControlsIt) {
  const auto pod = APod("web");
  EXPECT_EQ(Project(pod).shape->owner, nullptr);
  EXPECT_EQ(Project(OwnedBy(pod, "Backup", "b", false)).shape->owner, nullptr) << "only owned";
  const auto both = OwnedBy(OwnedBy(pod, "Backup", "b", false), "ReplicaSet", "web-1");
  ASSERT_NE(Project(both).shape->owner, nullptr);
  EXPECT_EQ(Project(both).shape->owner->kind, "ReplicaSet");
}

struct IdentityCase {
  const char* name;
  std::string object;
  std::string image;
  ScanRole role;
};

TEST(Identify, TellsCanonicalObjectsFromRequestsAndForgeries) {
  const Digest digest = DigestOf("x");
  const std::string name = resources::ScanName(digest);
  const std::string other = resources::ScanName(DigestOf("y"));
  const IdentityCase cases[] = {
      {"the digest's own name", name, "r.io/a@" + digest.ToString(), ScanRole::kCanonical},
      // Admission pitfall 50.
      {"with a tag beside the digest", name, "r.io/a:1@" + digest.ToString(), ScanRole::kCanonical},
      {"a person's name", "my-scan", "nginx:1", ScanRole::kRequest},
      {"a person's name with a digest", "my-scan", "a@" + digest.ToString(), ScanRole::kRequest},
      {"the name of another digest", other, "a@" + digest.ToString(), ScanRole::kCollision},
      {"the name of a digest over a tag", name, "a:1", ScanRole::kCollision},
      {"a name that only looks similar", name + "0", "a:1", ScanRole::kRequest},
      {"a name of half a digest", name.substr(0, 39), "a:1", ScanRole::kRequest},
      {"a digest that shares half of its digits", name,
       "a@sha256:" + std::string(digest.Hex().substr(0, 32)) + std::string(32, '0'),
       ScanRole::kCollision},
      {"no reference", "my-scan", "UPPER//", ScanRole::kInvalid},
      {"nothing", "my-scan", "", ScanRole::kInvalid},
  };
  for (const auto& c : cases) {
    resources::ImageScan scan;
    scan.name = c.object;
    scan.spec.image = c.image;
    const ScanIdentity identity = Identify(scan);
    EXPECT_EQ(identity.role, c.role) << c.name;
    const bool bad = c.role == ScanRole::kCollision || c.role == ScanRole::kInvalid;
    EXPECT_EQ(identity.problem.empty(), !bad) << c.name;
    EXPECT_EQ(CanonicalDigest(scan).has_value(), c.role == ScanRole::kCanonical) << c.name;
  }
}

// Admission pitfall 56.
// Pitfall 32.
TEST(WantedPlatforms, AreTheNodesOrTheHosts) {
  EXPECT_EQ(WantedPlatforms({}), std::vector<Platform>{HostPlatform()});
  const Platform amd{"linux", "amd64"};
  const Platform arm{"linux", "arm64"};
  EXPECT_EQ(WantedPlatforms({arm, amd, arm}), (std::vector<Platform>{amd, arm}));
}

TEST(WantedPlatforms, NamesThoseThatAreTooMany) {
  std::vector<Platform> nodes;
  for (int i = 0; i < 10; ++i) nodes.push_back({"linux", "arch" + std::to_string(i)});
  std::vector<Platform> left_out;
  EXPECT_EQ(WantedPlatforms(nodes, &left_out).size(), resources::kMaxPlatforms);
  ASSERT_EQ(left_out.size(), 2u);
  EXPECT_EQ(left_out[0].architecture, "arch8");
}

struct RetryCase {
  const char* name;
  Error error;
  std::uint32_t failures;
  std::optional<milliseconds> after;
};

TEST(AdviseRetry, GoesByTheReason) {
  const auto error = [](Code code, std::string_view reason) {
    return Error{code, "", std::string(reason)};
  };
  const RetryCase cases[] = {
      {"a registry that is down", error(Code::kUnavailable, scan_reason::kRegistryUnavailable), 1,
       seconds(2)},
      {"doubles", error(Code::kUnavailable, scan_reason::kRegistryUnavailable), 3, seconds(8)},
      {"has a longest pause", error(Code::kUnavailable, scan_reason::kRegistryUnavailable), 99,
       minutes(5)},
      // Admission pitfall 66.
      {"rate limited", error(Code::kUnavailable, scan_reason::kRateLimited), 1, minutes(1)},
      {"unauthorised, for a secret may come",
       error(Code::kUnauthenticated, scan_reason::kPullUnauthorized), 1, seconds(30)},
      // Admission pitfall 68.
      {"not found gives up in the end", error(Code::kNotFound, scan_reason::kNotFound), 12, {}},
      {"what the bytes say is final",
       error(Code::kInvalidArgument, scan_reason::kMalformedImage),
       1,
       {}},
      // Admission pitfall 82.
      {"so is a bomb", error(Code::kResourceExhausted, scan_reason::kTooLarge), 1, {}},
      // Admission pitfall 59.
      {"and a foreign media type",
       error(Code::kUnsupported, scan_reason::kUnsupportedMediaType),
       1,
       {}},
      {"a crash is tried a few times", error(Code::kInternal, scan_reason::kScannerFailed), 1,
       seconds(2)},
      // Admission pitfall 82.
      {"and then left", error(Code::kInternal, scan_reason::kScannerFailed), 6, {}},
      {"a scanner that is busy", error(Code::kUnavailable, scan_reason::kScannerBusy), 1,
       seconds(1)},
      {"however long", error(Code::kUnavailable, scan_reason::kScannerBusy), 500, seconds(30)},
      {"a scanner that is away, however long",
       error(Code::kUnavailable, scan_reason::kScannerUnreachable), 500, minutes(1)},
      {"a full store, for each try pulls the image", error(Code::kResourceExhausted, "StoreFull"),
       1, minutes(5)},
      {"a store whose server is away", error(Code::kUnavailable, "StoreUnreachable"), 1,
       seconds(5)},
      {"a store that fails", error(Code::kInternal, "StoreFailed"), 1, minutes(1)},
      {"no reason and no hope", error(Code::kInvalidArgument, ""), 1, {}},
  };
  for (const auto& c : cases) {
    EXPECT_EQ(AdviseRetry(c.error, c.failures).after, c.after) << c.name;
  }
}

}  // namespace
}  // namespace landwaiter::controller
