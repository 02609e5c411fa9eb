#include "webhook/readiness.h"

#include <gtest/gtest.h>

namespace landwaiter::webhook {
namespace {

// Admission pitfalls 15 and 16.
TEST(Readiness, FollowsTheListenerAndTheInformers) {
  Readiness readiness;
  EXPECT_EQ(readiness.NotReady("ScanPolicies not listed yet"), "ScanPolicies not listed yet");
  EXPECT_EQ(readiness.NotReady(""), "the admission server does not listen yet");
  readiness.Serve();
  EXPECT_EQ(readiness.NotReady(""), "");
  EXPECT_EQ(readiness.NotReady("ImageScans not listed yet"), "ImageScans not listed yet");
  readiness.Drain();
  EXPECT_EQ(readiness.NotReady("").find("is stopping"), 0u);
}

}  // namespace
}  // namespace landwaiter::webhook
