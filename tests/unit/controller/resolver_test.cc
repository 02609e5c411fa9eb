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

}  // namespace
}  // namespace landwaiter::controller
