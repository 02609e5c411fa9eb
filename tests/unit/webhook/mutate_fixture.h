// The whole of /mutate but the network.
#pragma once

#include "lib/base/text.h"
#include "tests/unit/webhook/validate_fixture.h"
#include "webhook/mutate.h"

namespace landwaiter::webhook::testing {

class Mutate : public Validate {
 protected:
  std::future<http::ServerResponse> PostMutation(const std::string& body,
                                                 const char* query = "timeout=10s") {
    http::ServerRequest request;
    request.method = "POST";
    request.query = query;
    request.body = body;
    auto promise = std::make_shared<std::promise<http::ServerResponse>>();
    mutation_.Handle(std::move(request),
                     http::Responder([promise](http::ServerResponse&& response) {
                       promise->set_value(std::move(response));
                     }));
    return promise->get_future();
  }
  /// The pod as the patch leaves it.
  json Mutated(const AReview& review, const char* query = "timeout=10s") {
    const json answer = Answer(PostMutation(review.Text(), query));
    EXPECT_EQ(answer.value("allowed", false), true) << answer;
    json pod = json::parse(review.Text())["request"]["object"];
    EXPECT_EQ(answer.contains("patch"), answer.contains("patchType"));
    if (!answer.contains("patch")) return pod;
    EXPECT_EQ(answer["patchType"], "JSONPatch");
    const auto patch = text::Base64Decode(answer["patch"].get<std::string>());
    if (!patch) {
      ADD_FAILURE() << answer;
      return pod;
    }
    return pod.patch(json::parse(*patch));
  }

  MutationHandler mutation_{deliberation_, memory_, {.hold = true, .pin_digests = true}, registry_};
};

}  // namespace landwaiter::webhook::testing
