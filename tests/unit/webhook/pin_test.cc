// /mutate writes the digest that is judged behind the tag.
#include <gtest/gtest.h>

#include "tests/unit/webhook/mutate_fixture.h"

namespace landwaiter::webhook {
namespace {

using namespace testing;

const APolicy kPins = APolicy().With("pinDigests", true);

struct PinCase {
  const char* name;
  std::vector<APolicy> policies;
  std::string image;
  std::string pinned;  // "": it stays as it is
};

const std::string kCart = "registry.example.com/shop/cart";
const PinCase kPinCases[] = {
    {"a tag gets its digest", {kPins}, kImage, kImage + "@" + kDigest},
    {"a name without a tag keeps what it stood for", {kPins}, "nginx", "nginx:latest@" + kDigest},
    {"a registry's port is no tag",
     {kPins},
     "localhost:5000/a",
     "localhost:5000/a:latest@" + kDigest},
    {"a digest stays", {kPins}, kPinned, ""},
    {"a policy that does not pin pins nothing", {APolicy()}, kImage, ""},
    {"one for other images pins nothing here",
     {APolicy(kPins).With("match", {{"images", {"other.example.com/**"}}})},
     kImage,
     ""},
    {"one of another namespace pins nothing here",
     {APolicy(kPins).ForNamespacesWith("team", "bank")},
     kImage,
     ""},
    {"one that judges no content has no digest to pin",
     {APolicy(kPins).OnlyReferenceRule({{"deniedTags", {"x"}}})},
     kImage,
     ""},
    {"a tag that a rule is against is left for the rule",
     {kPins, APolicy("tags").OnlyReferenceRule({{"deniedTags", {"1.*"}}})},
     kImage,
     ""},
    {"where a digest is asked for, a person has to write it",
     {kPins, APolicy("digests").OnlyReferenceRule({{"digestRequired", true}})},
     kImage,
     ""},
    {"an exclusion of the tag would not hold for the digest",
     {kPins, APolicy("other").With("match", {{"excludeImages", {kCart + ":1.4"}}})},
     kImage,
     ""},
    {"an exclusion of all tags holds for the digest, too",
     {kPins, APolicy("other").With("match", {{"excludeImages", {kCart + ":*"}}})},
     kImage,
     kImage + "@" + kDigest},
    {"an exception for the tag would not hold for the digest",
     {kPins, APolicy("other").Excepting("2027-01-31", {kCart + ":1.4"})},
     kImage,
     ""},
    {"a rule of another namespace is no reason",
     {kPins,
      APolicy("tags")
          .ForNamespacesWith("team", "bank")
          .With("rules", json::array({{{"name", "r"}, {"reference", {{"deniedTags", {"1.*"}}}}}}))},
     kImage,
     kImage + "@" + kDigest},
};

using Pin = Mutate;

// Admission pitfalls 48 and 50: the tag stays beside the digest.
TEST_F(Pin, ATagGetsTheDigestThatIsJudged) {
  for (const PinCase& c : kPinCases) {
    SCOPED_TRACE(c.name);
    for (const char* name : {"baseline", "tags", "digests", "other"}) memory_.RemovePolicy(name);
    for (const APolicy& policy : c.policies) Know(policy);
    const json pod = Mutated(AReview(APod({c.image})));
    EXPECT_EQ(pod["spec"]["containers"][0]["image"], c.pinned.empty() ? c.image : c.pinned);
  }
}

TEST_F(Pin, WithoutTheSwitchNoNameIsChangedAlsoBesideHold) {
  Know(kPins);
  metrics::Registry other_registry;
  MutationHandler off(deliberation_, memory_, {.hold = true, .pin_digests = false}, other_registry);
  std::promise<std::string> body;
  http::ServerRequest request;
  request.body = AReview(APod({kImage})).Text();
  off.Handle(std::move(request), http::Responder([&](http::ServerResponse&& response) {
               body.set_value(response.body);
             }));
  EXPECT_FALSE(json::parse(body.get_future().get())["response"].contains("patch"));
}

TEST_F(Pin, EveryPlaceOfTheImageIsPinned) {
  Know(kPins);
  json pod = APod({"r.io/b:1", kImage, kImage});
  pod["spec"]["initContainers"] = json::array({{{"name", "i"}, {"image", kImage}}});
  pod["spec"]["volumes"] = json::array({{{"name", "w"}, {"emptyDir", json::object()}},
                                        {{"name", "v"}, {"image", {{"reference", kImage}}}}});
  const json mutated = Mutated(AReview(pod));
  const std::string pinned = kImage + "@" + kDigest;
  EXPECT_EQ(mutated["spec"]["containers"][0]["image"], "r.io/b:1@" + kDigest);
  EXPECT_EQ(mutated["spec"]["containers"][2]["image"], pinned);
  EXPECT_EQ(mutated["spec"]["initContainers"][0]["image"], pinned);
  EXPECT_EQ(mutated["spec"]["volumes"][1]["image"]["reference"], pinned);
}

TEST_F(Pin, AnUpdatePinsWhatIsNew) {
  Know(kPins);
  const json pod = Mutated(AReview(APod({"r.io/old:1", kImage})).Update(APod({"r.io/old:1"})));
  EXPECT_EQ(pod["spec"]["containers"][0]["image"], "r.io/old:1");
  EXPECT_EQ(pod["spec"]["containers"][1]["image"], kImage + "@" + kDigest);
}

// Admission pitfalls 47 and 49.
TEST_F(Pin, WhatIsPinnedIsNotPinnedAgain) {
  Know(kPins);
  const json once = Mutated(AReview());
  EXPECT_EQ(Mutated(AReview(once)), once);
}

TEST_F(Pin, ADryRunPinsWhatIsKnown) {
  Know(kPins);
  EXPECT_EQ(Mutated(AReview().With("dryRun", true)), APod({kImage})) << "nothing is known yet";
  EXPECT_TRUE(controller_.Asked().empty());
  Mutated(AReview());
  EXPECT_EQ(Mutated(AReview().With("dryRun", true))["spec"]["containers"][0]["image"],
            kImage + "@" + kDigest);
}

// Admission pitfall 5.
TEST_F(Pin, WhatCannotBeResolvedStaysAndIsNotWaitedFor) {
  Know(kPins);
  controller_.Fail("NotFound");
  EXPECT_EQ(Mutated(AReview()), APod({kImage}));
}

TEST_F(Pin, APodIsHeldAndPinnedAtOnce) {
  Know(APolicy(kPins).With("onUnscanned", "Hold").With("waitSeconds", 1));
  const json pod = Mutated(AReview());
  EXPECT_EQ(pod["spec"]["containers"][0]["image"], kImage + "@" + kDigest);
  EXPECT_TRUE(pod["spec"].contains("schedulingGates"));
}

}  // namespace
}  // namespace landwaiter::webhook
