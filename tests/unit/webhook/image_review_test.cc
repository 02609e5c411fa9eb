// POST /image-review: reviews in, exact answers out.
#include "webhook/image_review.h"

#include <gtest/gtest.h>

#include "tests/unit/webhook/validate_fixture.h"

namespace landwaiter::webhook {
namespace {

using namespace testing;

json Review(const std::vector<std::string>& images, const std::string& ns = "shop") {
  json containers = json::array();
  for (const auto& image : images) containers.push_back({{"image", image}});
  return {{"apiVersion", "imagepolicy.k8s.io/v1alpha1"},
          {"kind", "ImageReview"},
          {"spec", {{"containers", containers}, {"namespace", ns}}}};
}

class ImageReview : public Validate {
 protected:
  http::ServerResponse Post(const std::string& body) {
    http::ServerRequest request;
    request.method = "POST";
    request.body = body;
    auto promise = std::make_shared<std::promise<http::ServerResponse>>();
    reviews_.Handle(std::move(request), http::Responder([promise](http::ServerResponse&& response) {
                      promise->set_value(std::move(response));
                    }));
    auto future = promise->get_future();
    EXPECT_EQ(future.wait_for(std::chrono::seconds(30)), std::future_status::ready);
    return future.get();
  }
  json StatusOf(const json& review) { return json::parse(Post(review.dump()).body)["status"]; }

  ImageReviewHandler reviews_{deliberation_, {.excluded_namespaces = {"kube-system"}}, registry_};
};

TEST_F(ImageReview, AllowsWhatPassesWithExactlyThisAnswer) {
  Know(APolicy());
  Know(AScan().Judged("Pass"));
  const auto response = Post(Review({kPinned}).dump());
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.body,
            R"({"apiVersion":"imagepolicy.k8s.io/v1alpha1","kind":"ImageReview","spec":{},)"
            R"("status":{"allowed":true,"auditAnnotations":{"database":"2026-11-24T06:00:00Z",)"
            R"("digests":")" +
                kPinned + "=" + kDigest + R"(","policies":"baseline@3=Pass","verdict":"Allow"}}})");
}

TEST_F(ImageReview, DeniesWhatFailsAndSaysWhy) {
  Know(APolicy());
  Know(AScan().Judged("Fail").Violating("no-critical", 1, "CVE-1 (Critical) in a 1"));
  const json status = StatusOf(Review({kPinned}));
  EXPECT_EQ(status["allowed"], false);
  EXPECT_NE(status["reason"].get<std::string>().find("rule no-critical: CVE-1"), std::string::npos);
}

TEST_F(ImageReview, AWarningIsForTheAuditLogAlone) {
  Know(APolicy().With("enforcement", "Warn"));
  Know(AScan().Judged("Fail"));
  const json status = StatusOf(Review({kPinned}));
  EXPECT_EQ(status["allowed"], true);
  EXPECT_EQ(status["auditAnnotations"]["verdict"], "Warn");
}

TEST_F(ImageReview, NothingCanBeHeldHere) {
  Know(APolicy().With("onUnscanned", "Hold").With("waitSeconds", 0));
  EXPECT_EQ(StatusOf(Review({kImage}))["allowed"], false);
}

// Admission pitfall 33.
TEST_F(ImageReview, WhatTheNamespaceRunsAlreadyIsAllowed) {
  Know(APolicy());
  Know(AScan().Judged("Fail").ScannedAndUsedBy({"shop"}));
  const json runs = StatusOf(Review({kPinned}));
  EXPECT_EQ(runs["allowed"], true);
  EXPECT_NE(runs["auditAnnotations"]["running"], json());
  memory_.PutNamespace("bank", std::make_shared<Labels>(Labels{}));
  EXPECT_EQ(StatusOf(Review({kPinned}, "bank"))["allowed"], false);
  const std::string other = "registry.example.com/other@sha256:" + std::string(64, 'b');
  EXPECT_EQ(StatusOf(Review({kPinned, other}))["allowed"], false) << "beside one that is new";
}

// Admission pitfall 33: also when no pod of it runs at the moment.
TEST_F(ImageReview, WhatRanInTheNamespaceBeforeItTurnedBadIsAllowed) {
  Know(APolicy());
  Know(AScan().Judged("Fail").RanIn("2026-11-20T12:00:00Z", {"shop"}));
  const json status = StatusOf(Review({kPinned}));
  EXPECT_EQ(status["allowed"], true);
  EXPECT_EQ(status["auditAnnotations"]["verdict"], "Warn");
  EXPECT_NE(status["auditAnnotations"]["failures"].get<std::string>().find("ran here before"),
            std::string::npos);
  memory_.PutNamespace("bank", std::make_shared<Labels>(Labels{}));
  EXPECT_EQ(StatusOf(Review({kPinned}, "bank"))["allowed"], false);
}

TEST_F(ImageReview, ANamespaceThatIsExcludedIsNotAskedAbout) {
  Know(APolicy());
  Know(AScan().Judged("Fail"));
  EXPECT_EQ(StatusOf(Review({kPinned}, "kube-system"))["allowed"], true);
}

TEST_F(ImageReview, MoreImagesThanAreJudgedAreDenied) {
  std::vector<std::string> images;
  for (int i = 0; i < 201; ++i) images.push_back("r.io/a:" + std::to_string(i));
  EXPECT_EQ(StatusOf(Review(images))["allowed"], true) << "no policy";
  Know(APolicy());
  const json status = StatusOf(Review(images));
  EXPECT_EQ(status["allowed"], false);
  EXPECT_NE(status["reason"].get<std::string>().find("201 distinct images"), std::string::npos);
}

// Admission pitfalls 44 and 102.
TEST_F(ImageReview, AnnotationsOfThePodAreNotBelieved) {
  Know(APolicy());
  Know(AScan().Judged("Fail"));
  json review = Review({kPinned});
  review["spec"]["annotations"] = {{"break-glass.image-policy.k8s.io/allow", "true"}};
  EXPECT_EQ(StatusOf(review)["allowed"], false);
}

TEST_F(ImageReview, WhatIsNoReviewIsRefused) {
  json wrong_kind = Review({kImage});
  wrong_kind["kind"] = "AdmissionReview";
  json wrong_version = Review({kImage});
  wrong_version["apiVersion"] = "imagepolicy.k8s.io/v1";
  json no_spec = Review({kImage});
  no_spec.erase("spec");
  json number = Review({kImage});
  number["spec"]["containers"][0]["image"] = 7;
  json list = Review({kImage});
  list["spec"]["containers"] = {{"image", kImage}};
  for (const json& review :
       {wrong_kind, wrong_version, no_spec, number, list, json::array(), json(7)}) {
    EXPECT_EQ(Post(review.dump()).status, 400) << review;
  }
  EXPECT_EQ(Post("").status, 400);
  EXPECT_EQ(Post(std::string(100'000, '[')).status, 400);
  EXPECT_EQ(Post(std::string(kMaxImageReviewBytes + 1, ' ')).status, 400);
  EXPECT_EQ(StatusOf(Review({}))["allowed"], true) << "no image, nothing to judge";
}

}  // namespace
}  // namespace landwaiter::webhook
