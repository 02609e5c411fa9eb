#include "webhook/review.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "lib/base/file.h"
#include "lib/base/text.h"
#include "tests/unit/webhook/builders.h"

namespace landwaiter::webhook {
namespace {

using namespace testing;

struct BadCase {
  const char* name;
  std::string body;
  const char* message;
  const char* uid;
};

std::string Without(const char* field) {
  AReview review;
  review.Json()["request"].erase(field);
  return review.Text();
}

std::string WithTop(const char* field, const json& value) {
  AReview review;
  review.Json()[field] = value;
  return review.Text();
}

const BadCase kBadCases[] = {
    {"empty", "", "body: ", ""},
    {"no JSON", "<html>", "body: ", ""},
    {"truncated", AReview().Text().substr(0, 200), "body: ", ""},
    {"two documents", AReview().Text() + "{}", "body: ", ""},
    {"null", "null", "expected an AdmissionReview object", ""},
    {"an array", "[]", "expected an AdmissionReview object", ""},
    {"100,000 brackets", std::string(100'000, '['), "body: ", ""},
    {"100,000 objects deep",
     [] {
       std::string deep;
       for (int i = 0; i < 100'000; ++i) deep += "{\"a\":";
       return deep;
     }(),
     "body: ", ""},
    {"65 levels in the object",
     [] {
       json deep = 1;
       for (int i = 0; i < 65; ++i) deep = json::array({deep});
       json pod = APod({kImage});
       pod["spec"]["deep"] = deep;
       return AReview(pod).Text();
     }(),
     "body: ", ""},
    {"500,001 values",
     [] {
       json pod = APod({kImage});
       pod["spec"]["zeros"] = json(std::vector<int>(500'001));
       return AReview(pod).Text();
     }(),
     "more than 500000 values", ""},
    {"bytes that are no UTF-8", "{\"kind\":\"\xff\xfe\"}", "body: ", ""},
    {"another kind", WithTop("kind", "Review"), "kind: expected AdmissionReview", "uid-1"},
    {"another version", WithTop("apiVersion", "admission.k8s.io/v1beta1"),
     "apiVersion: expected admission.k8s.io/v1", "uid-1"},
    {"no version", WithTop("apiVersion", nullptr), "apiVersion: expected", "uid-1"},
    {"a version of another type", WithTop("apiVersion", 1), "apiVersion", "uid-1"},
    {"no request", WithTop("request", nullptr), "request is missing", ""},
    {"a request of another type", WithTop("request", "x"), "request is missing", ""},
    {"no uid", Without("uid"), "request.uid is missing", ""},
    {"a uid of another type", AReview().With("uid", 7).Text(), "uid", ""},
    {"an operation of another type", AReview().With("operation", json::array()).Text(), "operation",
     "uid-1"},
};

// Admission pitfall 104.
TEST(ReadReview, RefusesWhatIsNoReviewAndEchoesTheUidAsSoonAsItCouldBeRead) {
  for (const BadCase& c : kBadCases) {
    SCOPED_TRACE(c.name);
    const ReviewReading reading = ReadReview(c.body);
    ASSERT_FALSE(reading.request.has_value());
    EXPECT_NE(reading.problem.error.message.find(c.message), std::string::npos)
        << reading.problem.error.message;
    EXPECT_EQ(reading.problem.uid, c.uid);
  }
}

struct UnreadableCase {
  const char* name;
  std::string body;
  const char* message;
};

const json kNoImage = {{"spec", {{"containers", {{{"name", "a"}, {"image", 7}}}}}}};

const UnreadableCase kUnreadableCases[] = {
    {"no object", Without("object"), "request.object is missing"},
    {"a pod without a spec", AReview(json{{"msg", "Expecting a Pod?"}}).Text(),
     "Pod.spec is missing"},
    {"containers that are no list", AReview(json{{"spec", {{"containers", "none"}}}}).Text(),
     "containers"},
    {"an image that is no text", AReview(kNoImage).Text(), "containers[0].image"},
    {"a workload without a template",
     AReview(json{{"spec", json::object()}}).Kind("apps", "Deployment").Text(), "no pod template"},
};

TEST(ReadReview, SaysWhyTheObjectOfASoundReviewCannotBeRead) {
  for (const UnreadableCase& c : kUnreadableCases) {
    SCOPED_TRACE(c.name);
    const ReviewReading reading = ReadReview(c.body);
    ASSERT_TRUE(reading.request.has_value()) << reading.problem.error.message;
    EXPECT_NE(reading.request->unreadable.find(c.message), std::string::npos)
        << reading.request->unreadable;
    EXPECT_NE(reading.request->subject, Subject::kNothing);
  }
}

// Admission pitfall 31.
TEST(ReadReview, AnObjectThatIsBeingDeletedNeedsNotBeReadable) {
  json pod = kNoImage;
  pod["metadata"]["deletionTimestamp"] = "2026-11-24T12:00:00Z";
  const auto reading = ReadReview(AReview(pod).Update(kNoImage).Text());
  ASSERT_TRUE(reading.request.has_value());
  EXPECT_TRUE(reading.request->deleting);
  EXPECT_EQ(reading.request->unreadable, "");
}

TEST(ReadReview, AnOldObjectThatCannotBeReadExcusesNoImage) {
  const auto reading = ReadReview(AReview(APod({kImage})).Update(kNoImage).Text());
  ASSERT_TRUE(reading.request.has_value()) << reading.problem.error.message;
  EXPECT_EQ(reading.request->unreadable, "");
  EXPECT_EQ(reading.request->object.images.size(), 1u);
  EXPECT_TRUE(reading.request->old_references.empty());
}

// Admission pitfall 104.
TEST(ReadReview, EveryTruncationIsAnErrorAndNeverACrash) {
  const std::string whole = AReview().Text();
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_FALSE(ReadReview(std::string_view(whole).substr(0, size)).request.has_value()) << size;
  }
}

TEST(ReadReview, PitfallD36andD37_FindsEveryImageOfAPod) {
  json pod = APod({"a:1"});
  pod["spec"]["initContainers"] = {{{"name", "i"}, {"image", "b:1"}, {"restartPolicy", "Always"}}};
  pod["spec"]["ephemeralContainers"] = {{{"name", "e"}, {"image", "c:1"}}};
  pod["spec"]["volumes"] = {{{"name", "v"}, {"image", {{"reference", "d:1"}}}},
                            {{"name", "w"}, {"emptyDir", json::object()}}};
  const auto reading = ReadReview(AReview(pod).Text());
  ASSERT_TRUE(reading.request.has_value());
  std::vector<std::string> references;
  for (const auto& image : reading.request->object.images) references.push_back(image.reference);
  EXPECT_EQ(references, (std::vector<std::string>{"a:1", "b:1", "c:1", "d:1"}));
}

struct SubjectCase {
  const char* name;
  AReview review;
  Subject subject;
};

json Templated(const char* kind, bool cron) {
  json spec = {{"template", {{"spec", APod({kImage})["spec"]}}}};
  if (cron) spec = {{"jobTemplate", {{"spec", spec}}}};
  return {{"kind", kind}, {"spec", spec}};
}

const SubjectCase kSubjectCases[] = {
    {"CREATE of a pod", AReview(), Subject::kPod},
    {"pitfall D34: pods/ephemeralcontainers",
     AReview().Update(APod({"a:1"})).With("subResource", "ephemeralcontainers"), Subject::kPod},
    // Admission pitfall 32.
    {"pods/status", AReview().Update(APod({"a:1"})).With("subResource", "status"),
     Subject::kNothing},
    {"pods/resize", AReview().Update(APod({"a:1"})).With("subResource", "resize"),
     Subject::kNothing},
    {"pods/binding", AReview(json::object()).Kind("", "Binding").With("subResource", "binding"),
     Subject::kNothing},
    {"pitfall D43: DELETE has no object",
     AReview(nullptr).With("operation", "DELETE").With("oldObject", APod({"a:1"})),
     Subject::kNothing},
    {"CONNECT", AReview(nullptr).With("operation", "CONNECT"), Subject::kNothing},
    // Admission pitfall 32.
    {"deployments/scale",
     AReview(json{{"spec", {{"replicas", 0}}}})
         .Kind("autoscaling", "Scale")
         .With("subResource", "scale"),
     Subject::kNothing},
    {"a Deployment", AReview(Templated("Deployment", false)).Kind("apps", "Deployment"),
     Subject::kWorkload},
    {"a ReplicaSet", AReview(Templated("ReplicaSet", false)).Kind("apps", "ReplicaSet"),
     Subject::kWorkload},
    {"a StatefulSet", AReview(Templated("StatefulSet", false)).Kind("apps", "StatefulSet"),
     Subject::kWorkload},
    {"a DaemonSet", AReview(Templated("DaemonSet", false)).Kind("apps", "DaemonSet"),
     Subject::kWorkload},
    {"a Job", AReview(Templated("Job", false)).Kind("batch", "Job"), Subject::kWorkload},
    // Admission pitfall 39.
    {"a CronJob", AReview(Templated("CronJob", true)).Kind("batch", "CronJob"), Subject::kWorkload},
    {"a ReplicationController",
     AReview(Templated("ReplicationController", false)).Kind("", "ReplicationController"),
     Subject::kWorkload},
    {"a Deployment of another group", AReview().Kind("example.com", "Deployment"),
     Subject::kNothing},
    {"a Pod of another group", AReview().Kind("example.com", "Pod"), Subject::kNothing},
};

TEST(ReadReview, KnowsWhatIsToBeJudged) {
  for (const SubjectCase& c : kSubjectCases) {
    SCOPED_TRACE(c.name);
    const auto reading = ReadReview(c.review.Text());
    ASSERT_TRUE(reading.request.has_value()) << reading.problem.error.message;
    EXPECT_EQ(reading.request->subject, c.subject);
    EXPECT_EQ(reading.request->object.images.empty(), c.subject == Subject::kNothing);
  }
}

TEST(ReadReview, PitfallD38_OnlyANodesOwnMirrorPodIsOne) {
  json pod = APod({kImage});
  pod["metadata"]["annotations"]["kubernetes.io/config.mirror"] = "hash";
  struct {
    const char* user;
    std::vector<std::string> groups;
    bool annotated;
    bool mirror;
  } const cases[] = {
      {"system:node:n0", {"system:nodes", "system:authenticated"}, true, true},
      {"system:node:n0", {"system:nodes"}, false, false},
      {"alice", {"system:authenticated"}, true, false},
      {"alice", {"system:nodes"}, true, false},
      {"system:node:n0", {"system:authenticated"}, true, false},
  };
  for (const auto& c : cases) {
    const auto reading =
        ReadReview(AReview(c.annotated ? pod : APod({kImage})).By(c.user, c.groups).Text());
    ASSERT_TRUE(reading.request.has_value());
    EXPECT_EQ(reading.request->IsMirrorPodOfANode(), c.mirror) << c.user;
  }
}

TEST(ReadReview, ALegalUpdateOf18MegabytesIsRead) {
  // As the API server writes it: 1.5 MB of '<' in a variable of both objects, six bytes each.
  std::string escaped;
  for (int i = 0; i < 1'500'000; ++i) escaped += "\\u003c";
  json pod = APod({kImage});
  pod["spec"]["containers"][0]["env"] = {{{"name", "big"}, {"value", "BIG"}}};
  std::string body = AReview(pod).Update(pod).Text();
  for (std::size_t at = 0; (at = body.find("BIG", at)) != std::string::npos; at += escaped.size()) {
    body.replace(at, 3, escaped);
  }
  ASSERT_GT(body.size(), 18'000'000u);
  ASSERT_LT(body.size(), kMaxReviewBytes);
  const auto reading = ReadReview(body);
  ASSERT_TRUE(reading.request.has_value()) << reading.problem.error.message;
  EXPECT_EQ(reading.request->old_references, std::vector<std::string>{kImage});
}

TEST(ReadReview, ALegalUpdateOfMoreThan200000ValuesIsRead) {
  json pod = APod({kImage});
  json& variables = pod["spec"]["containers"][0]["env"];
  // 1.5 MB of variables of 40 bytes each.
  for (int i = 0; i < 37'000; ++i) {
    variables.push_back({{"name", "V" + std::to_string(i)}, {"value", "0"}});
  }
  const auto reading = ReadReview(AReview(pod).Update(pod).Text());
  EXPECT_TRUE(reading.request.has_value()) << reading.problem.error.message;
}

TEST(WriteReview, IsExactlyThis) {
  ReviewAnswer allowed{.uid = "u"};
  allowed.audit_annotations = {{"verdict", "Allow"}};
  EXPECT_EQ(WriteReview(allowed),
            R"({"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","response":)"
            R"({"allowed":true,"auditAnnotations":{"verdict":"Allow"},"uid":"u"}})");
  ReviewAnswer denied{.uid = "u", .allowed = false, .code = 403, .reason = "Forbidden"};
  denied.message = "image a: b";
  denied.warnings = {"w"};
  EXPECT_EQ(WriteReview(denied),
            R"({"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","response":)"
            R"({"allowed":false,"status":{"code":403,"message":"image a: b","reason":"Forbidden"},)"
            R"("uid":"u","warnings":["w"]}})");
}

/// Images of expected.tsv's last column: "containers=a initContainers=b".
std::vector<std::string> ExpectedImages(std::string_view column) {
  std::vector<std::string> out;
  for (const auto part : text::Split(column, ' ')) {
    const std::size_t equals = part.find('=');
    if (equals != std::string_view::npos) out.emplace_back(part.substr(equals + 1));
  }
  std::sort(out.begin(), out.end());
  return out;
}

TEST(ReadReview, ReadsTheReviewsOfOtherProjectsAsTheirTableSays) {
  const char* env = std::getenv("LANDWAITER_TESTDATA");
  const std::string folder = std::string(env ? env : "../shared/testdata") + "/admission/";
  std::ifstream table(folder + "expected.tsv");
  if (!table) GTEST_SKIP() << "no test data at " << folder;
  std::string line;
  int judged = 0;
  while (std::getline(table, line)) {
    if (line.empty() || line[0] == '#') continue;
    const auto columns = text::Split(line, '\t');
    ASSERT_GE(columns.size(), 5u);
    SCOPED_TRACE(line);
    auto body = ReadFile(folder + std::string(columns[0]), kMaxReviewBytes);
    ASSERT_TRUE(body.has_value());
    const auto reading = ReadReview(*body);
    const bool review = columns[1] == "admission.k8s.io/v1" && columns[2] == "AdmissionReview";
    if (!review || columns[3].empty()) {
      EXPECT_FALSE(reading.request.has_value());
      continue;
    }
    const auto expected = ExpectedImages(columns.size() > 5 ? columns[5] : "");
    if (!reading.request) {  // the damaged ones have no uid or no pod
      EXPECT_TRUE(expected.empty());
      continue;
    }
    std::vector<std::string> images;
    for (const auto& image : reading.request->object.images) images.push_back(image.reference);
    std::sort(images.begin(), images.end());
    EXPECT_EQ(images, expected);
    ++judged;
  }
  EXPECT_GE(judged, 15);
}

}  // namespace
}  // namespace landwaiter::webhook
