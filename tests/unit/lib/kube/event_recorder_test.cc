#include "lib/kube/event_recorder.h"

#include <gtest/gtest.h>

#include "tests/support/fake_kube.h"

namespace landwaiter::kube {
namespace {

using testing::FakeKube;

const EventTarget kTarget{"apps/v1", "ReplicaSet", "shop", "cart-1", "uid-1"};

TEST(EventRecorder, WritesAnEventThatKubectlFinds) {
  FakeKube api;
  const SystemClock clock;
  EventRecorder recorder(api, clock, {.instance = "here"});
  recorder.Start();
  recorder.Record(kTarget, EventType::kWarning, "NotFound", "no\x1b[31m such image\n");
  ASSERT_TRUE(api.WaitUntil([&] { return api.All(kEvents).size() == 1; }));
  const auto event = api.All(kEvents)[0];
  EXPECT_EQ(event["metadata"]["namespace"], "shop");
  EXPECT_EQ(event["involvedObject"]["uid"], "uid-1");
  EXPECT_EQ(event["type"], "Warning");
  EXPECT_EQ(event["count"], 1);
  EXPECT_EQ(event["message"].get<std::string>().find('\x1b'), std::string::npos);
}

TEST(EventRecorder, CountsEqualEventsInOneObject) {
  FakeKube api;
  const SystemClock clock;
  EventRecorder recorder(api, clock, {});
  recorder.Start();
  for (int i = 0; i < 5; ++i) recorder.Record(kTarget, EventType::kNormal, "Scanned", "ok");
  recorder.Record(kTarget, EventType::kNormal, "Scanned", "other");
  ASSERT_TRUE(api.WaitUntil([&] { return api.All(kEvents).size() == 2; }));
  EXPECT_EQ(api.CountWrites("create", kEvents), 2u);
  EXPECT_EQ(api.CountWrites("patch", kEvents), 4u);
}

TEST(EventRecorder, MakesAnewAnEventThatHasRunOut) {
  FakeKube api;
  const SystemClock clock;
  EventRecorder recorder(api, clock, {});
  recorder.Start();
  recorder.Record(kTarget, EventType::kNormal, "Scanned", "ok");
  ASSERT_TRUE(api.WaitUntil([&] { return api.All(kEvents).size() == 1; }));
  api.Remove(kEvents, KeyOf(api.All(kEvents)[0]));
  recorder.Record(kTarget, EventType::kNormal, "Scanned", "ok");
  EXPECT_TRUE(api.WaitUntil([&] { return api.All(kEvents).size() == 1; }));
}

TEST(EventRecorder, PutsEventsOfClusterScopedObjectsIntoDefault) {
  FakeKube api;
  const SystemClock clock;
  EventRecorder recorder(api, clock, {});
  recorder.Start();
  recorder.Record({"landwaiter.io/v1alpha1", "ImageScan", "", std::string(250, 'n'), "u"},
                  EventType::kNormal, "Scanned", std::string(5000, 'm'));
  ASSERT_TRUE(api.WaitUntil([&] { return api.All(kEvents).size() == 1; }));
  const auto event = api.All(kEvents)[0];
  EXPECT_EQ(event["metadata"]["namespace"], "default");
  EXPECT_LE(event["metadata"]["name"].get<std::string>().size(), 253u);
  EXPECT_LE(event["message"].get<std::string>().size(), 1024u);
}

// Admission pitfall 13.
TEST(EventRecorder, DropsWhatItsQueueCannotHoldAndCountsIt) {
  FakeKube api;
  const SystemClock clock;
  EventRecorder recorder(api, clock, {.queue = 3});  // not started: nothing is taken away
  for (int i = 0; i < 10; ++i) recorder.Record(kTarget, EventType::kNormal, "A", "b");
  EXPECT_EQ(recorder.Dropped(), 7u);
}

}  // namespace
}  // namespace landwaiter::kube
