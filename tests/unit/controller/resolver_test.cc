#include "controller/resolver.h"

#include <gtest/gtest.h>

#include "tests/unit/controller/builders.h"

namespace landwaiter::controller {
namespace {

const ImageReference kImage = *ImageReference::Parse("r.io/a:1");

TEST(Resolver, RemembersARegistryThatDidNotAnswerInTime) {
  int asked = 0;
  Resolver resolver(
      [&](const auto&, const auto&, const Cancellation&) -> Result<Digest> {
        ++asked;
        return Error{Code::kDeadlineExceeded, "no answer"};
      },
      {});
  for (int i = 0; i < 3; ++i) {
    const auto digest = resolver.Resolve(kImage, {}, {});
    ASSERT_FALSE(digest);
    EXPECT_EQ(digest.error().code, Code::kDeadlineExceeded);
  }
  EXPECT_EQ(asked, 1);
}

TEST(Resolver, DoesNotRememberThatItWasStopped) {
  int asked = 0;
  Resolver resolver(
      [&](const auto&, const auto&, const Cancellation&) -> Result<Digest> {
        if (++asked == 1) return Error{Code::kCancelled, "stopped"};
        return DigestOf("a");
      },
      {});
  EXPECT_FALSE(resolver.Resolve(kImage, {}, {}));
  EXPECT_EQ(resolver.Resolve(kImage, {}, {}).value(), DigestOf("a"));
}

TEST(Resolver, AsksAnewForWhatItIsToForget) {
  std::string means = "a";
  Resolver resolver([&](const auto&, const auto&, const Cancellation&) { return DigestOf(means); },
                    {});
  EXPECT_EQ(resolver.Resolve(kImage, {}, {}).value(), DigestOf("a"));
  means = "b";
  EXPECT_EQ(resolver.Resolve(kImage, {}, {}).value(), DigestOf("a")) << "believed for a minute";
  resolver.Forget(kImage, {});
  EXPECT_EQ(resolver.Resolve(kImage, {}, {}).value(), DigestOf("b"));
}

}  // namespace
}  // namespace landwaiter::controller
