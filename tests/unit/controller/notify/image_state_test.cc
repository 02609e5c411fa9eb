#include "controller/notify/image_state.h"

#include <gtest/gtest.h>

#include "tests/unit/controller/builders.h"

namespace landwaiter::controller {
namespace {

using Types = std::vector<ChangeType>;

ImageState Seen(std::string verdict, std::string failure = "", std::string report = "r1",
                std::vector<std::uint64_t> findings = {1, 2}) {
  return {false, std::move(verdict), std::move(failure), std::move(report), std::move(findings)};
}

TEST(ImageState, TheDifferenceIsWhatIsTold) {
  ImageState awaited;
  awaited.awaited = true;
  const struct {
    const char* name;
    std::optional<ImageState> before;
    ImageState after;
    Types told;
  } kCases[] = {
      {"nothing has changed", Seen("Pass"), Seen("Pass"), {}},
      {"a verdict flips", Seen("Pass"), Seen("Fail"), {ChangeType::kVerdictChanged}},
      {"it flips back", Seen("Fail"), Seen("Pass"), {ChangeType::kVerdictChanged}},
      {"a warning is another verdict", Seen("Pass"), Seen("Warn"), {ChangeType::kVerdictChanged}},
      {"a verdict is away for a while", Seen("Fail"), Seen(""), {}},
      {"a new image that fails", std::nullopt, Seen("Fail"), {ChangeType::kVerdictChanged}},
      {"a new image that passes", std::nullopt, Seen("Pass"), {}},
      {"findings of a new image are no new ones",
       std::nullopt,
       Seen("Fail"),
       {ChangeType::kVerdictChanged}},
      {"an image that was there before the subscription", awaited, Seen("Fail"), {}},
      {"a new finding",
       Seen("Fail"),
       Seen("Fail", "", "r2", {1, 2, 3}),
       {ChangeType::kFindingsNew}},
      {"a finding that is gone", Seen("Fail"), Seen("Fail", "", "r2", {1}), {}},
      {"another report of the same findings", Seen("Fail"), Seen("Fail", "", "r2"), {}},
      {"a new finding flips the verdict",
       Seen("Pass"),
       Seen("Fail", "", "r2", {1, 2, 3}),
       {ChangeType::kVerdictChanged, ChangeType::kFindingsNew}},
      {"findings are not known for a while", Seen("Pass"), Seen("Pass", "", "", {}), {}},
      {"a scan that fails", Seen("Pass"), Seen("Pass", "NotFound"), {ChangeType::kScanFailed}},
      {"it fails as before", Seen("", "NotFound"), Seen("", "NotFound"), {}},
      {"it fails otherwise", Seen("", "NotFound"), Seen("", "TooLarge"), {ChangeType::kScanFailed}},
      {"it fails no more", Seen("Pass", "NotFound"), Seen("Pass"), {}},
      {"a new image that cannot be scanned",
       std::nullopt,
       Seen("", "NotFound", "", {}),
       {ChangeType::kScanFailed}},
  };
  for (const auto& c : kCases) {
    Types told;
    for (const Change& change : ChangesBetween(c.before, c.after)) told.push_back(change.type);
    EXPECT_EQ(told, c.told) << c.name;
  }
}

TEST(ImageState, OfFindingsTheNewOnesAreNamed) {
  const auto changes = ChangesBetween(Seen("Fail"), Seen("Fail", "", "r2", {2, 3, 4}));
  ASSERT_EQ(changes.size(), 1u);
  EXPECT_EQ(changes[0].keys, (std::vector<std::uint64_t>{3, 4}));
}

TEST(ImageState, WhatIsAwayForAWhileStaysNoted) {
  const ImageState merged = Merged(Seen("Fail"), Seen("", "RateLimited", "", {}));
  EXPECT_EQ(merged, Seen("Fail", "RateLimited"));
  EXPECT_TRUE(ChangesBetween(merged, Seen("Fail")).empty()) << "when it is back nothing is told";
}

TEST(ImageState, ANoteIsReadAsItWasWritten) {
  const ImageState state = Seen("Fail", "NotFound", "sha256:00", {0, ~std::uint64_t{0}});
  EXPECT_EQ(StateFromNote(NoteOf(state)), state);
  for (const char* broken : {"", "[]", "{\"findings\":[-1]}", "{\"verdict\":1}", "{"}) {
    EXPECT_FALSE(StateFromNote(broken)) << broken;
  }
}

TEST(ImageState, IsWhatTheStatusSays) {
  resources::ImageScanStatus status;
  status.verdict = "Fail";
  status.report_digest = "sha256:00";
  EXPECT_EQ(StateOf(status), Seen("Fail", "", "sha256:00", {}));
  for (const char* passing : {"Queued", "Scanning", "NoDatabase", "Resolving"}) {
    status.conditions = {{"Ready", "False", passing, "", 1, ""}};
    EXPECT_EQ(StateOf(status).failure, "") << passing;
  }
  status.conditions = {{"Ready", "False", "PullUnauthorized", "", 1, ""}};
  EXPECT_EQ(StateOf(status).failure, "PullUnauthorized");
}

TEST(ImageState, AFindingIsTheSameWhateverItsWordsBecome) {
  Finding finding = AFinding("CVE-1", Severity::kHigh, "1.0");
  const auto key = FindingKey(finding);
  finding.severity = Severity::kCritical;
  finding.title = "another";
  EXPECT_EQ(FindingKey(finding), key);
  finding.package = "other";
  EXPECT_NE(FindingKey(finding), key);
}

}  // namespace
}  // namespace landwaiter::controller
