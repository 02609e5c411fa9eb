// The decision to arm, what the armer does by it, and the commands that do it by hand.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "controller/trust/armer.h"
#include "controller/trust/disarm.h"
#include "lib/base/text.h"
#include "lib/http/certificates.h"
#include "tests/support/fake_kube.h"
#include "tests/unit/controller/trust/arming_file.h"

namespace landwaiter::controller {
namespace {

using nlohmann::json;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::FakeKube;

json Configuration(const json& webhooks = nullptr, const json& annotations = nullptr) {
  json object{{"apiVersion", "admissionregistration.k8s.io/v1"},
              {"kind", "ValidatingWebhookConfiguration"},
              {"metadata", {{"name", "landwaiter"}}}};
  if (!webhooks.is_null()) object["webhooks"] = webhooks;
  if (!annotations.is_null()) object["metadata"]["annotations"] = annotations;
  return object;
}

struct Decided {
  const char* name;
  ArmingFacts facts;
  std::optional<milliseconds> when_down;
  ArmingAction action;
};

TEST(Arming, DecidesByWhatStandsAndWhoAnswers) {
  const std::optional<milliseconds> keep;
  const std::optional<milliseconds> minute = seconds(60);
  const Decided cases[] = {
      {"not armed before the webhook answers", {}, keep, ArmingAction::kNone},
      {"armed once it does", {.answers = true}, keep, ArmingAction::kApply},
      {"left alone when it is as wanted",
       {.armed = true, .as_wanted = true, .answers = true},
       keep,
       ArmingAction::kNone},
      {"mended when somebody changed it",
       {.armed = true, .answers = true},
       keep,
       ArmingAction::kApply},
      {"not mended while nobody answers by the new authority",
       {.armed = true},
       keep,
       ArmingAction::kNone},
      {"kept while the webhook is down",
       {.armed = true, .silent_for = seconds(3600)},
       keep,
       ArmingAction::kNone},
      {"kept for a minute where it is to go",
       {.armed = true, .silent_for = seconds(59)},
       minute,
       ArmingAction::kNone},
      {"gone after it", {.armed = true, .silent_for = seconds(60)}, minute, ArmingAction::kEmpty},
      {"nothing to take away", {.silent_for = seconds(60)}, minute, ArmingAction::kNone},
      {"emptied when marked, whoever answers",
       {.marked_disarmed = true, .armed = true, .as_wanted = true, .answers = true},
       keep,
       ArmingAction::kEmpty},
      {"not armed when marked",
       {.marked_disarmed = true, .answers = true},
       keep,
       ArmingAction::kNone},
  };
  for (const auto& c : cases) EXPECT_EQ(DecideArming(c.facts, c.when_down), c.action) << c.name;
}

TEST(Arming, ComparesOnlyWhatIsWanted) {
  const json wanted = json::parse(R"([{"name": "a", "rules": [{"x": [1, 2]}], "n": null}])");
  const std::pair<const char*, bool> cases[] = {
      {R"([{"name": "a", "rules": [{"x": [1, 2]}]}])", true},
      {R"([{"name": "a", "rules": [{"x": [1, 2], "scope": "*"}], "timeoutSeconds": 10}])", true},
      {R"([{"name": "b"}, {"name": "a", "rules": [{"x": [1, 2]}]}])", true},
      {R"([{"name": "a", "rules": [{"x": [1, 2]}, {"x": [3]}]}])", false},
      {R"([{"name": "a", "rules": [{"x": [2, 1]}]}])", false},
      {R"([{"name": "a"}])", false},
      {R"([{"name": "b", "rules": [{"x": [1, 2]}]}])", false},
      {R"([7])", false},
      {R"([])", false},
  };
  for (const auto& [live, same] : cases) {
    EXPECT_EQ(IsArmedWith(Configuration(json::parse(live)), wanted), same) << live;
  }
  EXPECT_FALSE(IsArmedWith(Configuration(), wanted));
}

class ArmerTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (std::filesystem::temp_directory_path() / "armer-XXXXXX").string();
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
    WriteBundle();
    api_.Put(kube::kNamespaces,
             {{"metadata", {{"name", "landwaiter"}, {"uid", "uid-of-namespace"}}}});
    api_.Put(kValidatingWebhooks, Configuration());
    Begin({});
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  void WriteBundle() {
    bundle_ = http::MakeAuthority("authority", SystemClock().Now())->certificate_pem;
    std::ofstream(folder_ + "/ca.crt") << bundle_;
  }
  void Begin(std::optional<milliseconds> when_down) {
    ArmerOptions options{.ns = "landwaiter",
                         .ca_file = folder_ + "/ca.crt",
                         .configurations = *ReadWebhookFile(kFile),
                         .webhook_url = {},
                         .when_down = when_down};
    armer_ = std::make_unique<Armer>(
        options,
        [this](const std::string& url, const std::string& ca, const Cancellation&) {
          EXPECT_EQ(url, "https://landwaiter-webhook.landwaiter.svc:8443/validate");
          EXPECT_EQ(ca, bundle_);
          return answers_ ? Ok() : Status(Unavailable("connection refused"));
        },
        events_, metrics_);
  }
  /// A look at `second`; true where it is settled.
  bool Step(int second = 0) {
    auto settled = armer_->Step(api_, start_ + seconds(second), {});
    EXPECT_TRUE(settled) << settled.error().message;
    return settled && *settled;
  }
  json Live() { return api_.Read(kValidatingWebhooks, {"", "landwaiter"}); }
  bool Armed() { return HasWebhooks(Live()); }
  std::size_t Patches() { return api_.CountWrites("patch", kValidatingWebhooks); }

  std::string folder_;
  std::string bundle_;
  FakeKube api_;
  SystemClock clock_;
  metrics::Registry metrics_;
  kube::EventRecorder events_{api_, clock_, {}};
  bool answers_ = false;
  const Armer::SteadyTime start_ = std::chrono::steady_clock::now();
  std::unique_ptr<Armer> armer_;
};

TEST_F(ArmerTest, PitfallC29_ArmsWhenTheWebhookAnswersAndNotBefore) {
  EXPECT_FALSE(Step());
  EXPECT_FALSE(Armed());
  answers_ = true;
  EXPECT_TRUE(Step(1));
  ASSERT_TRUE(Armed());
  EXPECT_EQ(Live()["webhooks"].size(), 2u);
  EXPECT_EQ(Live()["webhooks"][0]["clientConfig"]["caBundle"], text::Base64Encode(bundle_));
  EXPECT_NE(metrics_.RenderPrometheus().find("landwaiter_webhook_armed 1"), std::string::npos);
}

TEST_F(ArmerTest, PitfallB17_TheNamespaceOwnsTheConfiguration) {
  answers_ = true;
  Step();
  EXPECT_EQ(Live()["metadata"]["ownerReferences"][0]["uid"], "uid-of-namespace");
  EXPECT_EQ(Live()["metadata"]["ownerReferences"][0]["kind"], "Namespace");
}

TEST_F(ArmerTest, WritesNothingMoreWhileItIsAsWanted) {
  answers_ = true;
  for (int second = 0; second < 5; ++second) EXPECT_TRUE(Step(second));
  EXPECT_EQ(Patches(), 1u);
}

TEST_F(ArmerTest, FollowsTheAuthority) {
  answers_ = true;
  Step();
  WriteBundle();
  Step(1);
  EXPECT_EQ(Live()["webhooks"][0]["clientConfig"]["caBundle"], text::Base64Encode(bundle_));
}

// Admission pitfall 26.
TEST_F(ArmerTest, KeepsTheOldAuthorityWhileTheWebhookDoesNotAnswerByTheNewOne) {
  answers_ = true;
  Step();
  const json before = Live();
  WriteBundle();
  answers_ = false;
  EXPECT_FALSE(Step(3600));
  EXPECT_EQ(Live(), before);
}

TEST_F(ArmerTest, MendsWhatSomebodyChanged) {
  answers_ = true;
  Step();
  json spoilt = Live();
  spoilt["webhooks"][0]["clientConfig"].erase("caBundle");
  api_.Put(kValidatingWebhooks, spoilt);
  Step(1);
  EXPECT_EQ(Live()["webhooks"][0]["clientConfig"]["caBundle"], text::Base64Encode(bundle_));
}

TEST_F(ArmerTest, WhenDownDisarmTakesThemAwayAfterAMinuteAndPutsThemBack) {
  Begin(seconds(60));
  answers_ = true;
  Step();
  answers_ = false;
  EXPECT_FALSE(Step(59));
  EXPECT_TRUE(Armed());
  EXPECT_FALSE(Step(60));
  EXPECT_FALSE(Armed());
  EXPECT_NE(metrics_.RenderPrometheus().find("landwaiter_webhook_armed 0"), std::string::npos);
  answers_ = true;
  EXPECT_TRUE(Step(61));
  EXPECT_TRUE(Armed());
  events_.Start();
  ASSERT_TRUE(api_.WaitUntil([&] { return api_.All(kube::kEvents).size() == 2; }))
      << "armed, disarmed; the second arming counts in the first's Event";
  events_.Stop();
  bool told = false;
  for (const json& event : api_.All(kube::kEvents)) {
    told = told || (event["reason"] == "Disarmed" && event["type"] == "Warning" &&
                    event["message"].get<std::string>().find("60 s") != std::string::npos);
  }
  EXPECT_TRUE(told);
}

TEST_F(ArmerTest, ANewLeaderCountsTheSilenceAnew) {
  Begin(seconds(60));
  answers_ = true;
  Step();
  answers_ = false;
  Step(59);
  armer_->Forget();
  Step(61);
  EXPECT_TRUE(Armed());
  Step(121);
  EXPECT_FALSE(Armed());
}

TEST_F(ArmerTest, PitfallB18_WhatIsDisarmedByHandStaysSoWhileTheControllerRuns) {
  answers_ = true;
  Step();
  ASSERT_TRUE(Disarm(api_, {kValidatingWebhooks, "landwaiter"}, "2026-11-26T12:00:00Z", {}));
  EXPECT_FALSE(Armed());
  EXPECT_TRUE(Step(1));
  EXPECT_FALSE(Armed());
  ASSERT_TRUE(AllowArming(api_, {kValidatingWebhooks, "landwaiter"}, {}));
  EXPECT_TRUE(Step(2));
  EXPECT_TRUE(Armed());
}

// Admission pitfall 18.
TEST_F(ArmerTest, AnApplyThatMeetsADisarmingLoses) {
  answers_ = true;
  bool disarmed = false;
  api_.SetFault([&](const std::string& verb, const kube::Resource& resource,
                    const kube::ObjectKey&) -> std::optional<Error> {
    // Between the look at the configuration and the write of it.
    if (verb != "list" || resource.plural != "namespaces" || disarmed) return std::nullopt;
    disarmed = true;
    return Unavailable("hold on");
  });
  EXPECT_FALSE(armer_->Step(api_, start_, {}));
  ASSERT_TRUE(disarmed);
  ASSERT_TRUE(Disarm(api_, {kValidatingWebhooks, "landwaiter"}, "now", {}));
  EXPECT_TRUE(Step(1));
  EXPECT_FALSE(Armed());
  // And the write itself is bound to the state that was looked at.
  const auto read = *ReadWebhookFile(kFile);
  json stale = Live();
  stale["metadata"]["resourceVersion"] = "1";
  const json body = ArmingBody(read.front(), stale, json::array(), {"landwaiter", "uid"});
  EXPECT_FALSE(api_.Patch(kValidatingWebhooks, {"", "landwaiter"},
                          {.type = kube::PatchType::kApply}, body, {}));
}

TEST_F(ArmerTest, AConfigurationThatIsNotThereIsNotMade) {
  answers_ = true;
  api_.Remove(kValidatingWebhooks, {"", "landwaiter"});
  EXPECT_TRUE(Step());
  EXPECT_TRUE(Live().is_null());
}

// Admission pitfall 29.
TEST_F(ArmerTest, WithoutAnAuthorityNothingIsArmed) {
  answers_ = true;
  std::ofstream(folder_ + "/ca.crt") << "";
  EXPECT_FALSE(armer_->Step(api_, start_, {}));
  std::filesystem::remove(folder_ + "/ca.crt");
  EXPECT_FALSE(armer_->Step(api_, start_, {}));
  EXPECT_FALSE(Armed());
}

TEST_F(ArmerTest, DisarmCountsAsDoneWhereThereIsNothing) {
  EXPECT_TRUE(Disarm(api_, {kMutatingWebhooks, "other"}, "now", {}));
  EXPECT_TRUE(AllowArming(api_, {kMutatingWebhooks, "other"}, {}));
  ASSERT_TRUE(Disarm(api_, {kValidatingWebhooks, "landwaiter"}, "now", {}));
  const std::size_t patches = Patches();
  EXPECT_TRUE(Disarm(api_, {kValidatingWebhooks, "landwaiter"}, "later", {}));
  EXPECT_EQ(Patches(), patches) << "a second time is not written";
}

TEST_F(ArmerTest, DisarmTriesAgainAndSaysWhenItMayNot) {
  int calls = 0;
  api_.SetFault([&](const std::string& verb, const kube::Resource&,
                    const kube::ObjectKey&) -> std::optional<Error> {
    if (verb != "patch" || ++calls > 1) return std::nullopt;
    return Error{Code::kConflict, "modified", "Conflict"};
  });
  EXPECT_TRUE(
      Disarm(api_, {kValidatingWebhooks, "landwaiter"}, "now", Cancellation{}.Within(seconds(20))));
  EXPECT_EQ(calls, 2);
  api_.SetFault([](const std::string&, const kube::Resource&,
                   const kube::ObjectKey&) -> std::optional<Error> {
    return Error{Code::kPermissionDenied, "may not", "Forbidden"};
  });
  EXPECT_FALSE(
      Disarm(api_, {kValidatingWebhooks, "landwaiter"}, "now", Cancellation{}.Within(seconds(20))));
}

}  // namespace
}  // namespace landwaiter::controller
