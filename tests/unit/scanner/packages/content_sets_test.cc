#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/scanner/packages/records.h"

namespace landwaiter::packages {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr std::string_view kPath = "root/buildinfo/content_manifests/ubi8-container-8.5-218.json";

FileReading ReadManifest(std::string_view bytes) { return Read("content-sets", kPath, bytes); }

TEST(ContentSetsTest, AreThoseOfTheManifest) {
  const FileReading reading = ReadManifest(
      R"({"metadata": {"icm_version": 1, "image_layer_index": 1},
          "content_sets": ["rhel-8-for-x86_64-baseos-rpms", "rhel-8-for-x86_64-appstream-rpms"],
          "image_contents": []})");
  EXPECT_EQ(reading.state, ReadingState::kRead) << reading.reason;
  EXPECT_EQ(reading.kind, ReadingKind::kRecord);
  EXPECT_THAT(reading.content_sets,
              ElementsAre("rhel-8-for-x86_64-baseos-rpms", "rhel-8-for-x86_64-appstream-rpms"));
  EXPECT_THAT(reading.packages, IsEmpty());
}

struct ManifestCase {
  const char* name;
  std::string bytes;
  ReadingState state;
  const char* says = "";
};

class ManifestTest : public ::testing::TestWithParam<ManifestCase> {};

TEST_P(ManifestTest, IsReadOrSaysWhyNot) {
  const FileReading reading = ReadManifest(GetParam().bytes);
  EXPECT_EQ(reading.state, GetParam().state) << reading.reason;
  EXPECT_THAT(reading.reason, HasSubstr(GetParam().says));
}

std::vector<ManifestCase> ManifestCases() {
  std::string many = R"({"content_sets": ["a")";
  for (std::size_t i = 0; i < kMaxContentSets; ++i) many += ",\"a\"";
  using enum ReadingState;
  return {
      {"NoSetsIsAnAnswer", R"({"content_sets": []})", kRead},
      {"LabelsAreNoManifest", R"({"name": "ubi9", "cpe": "cpe:/o:redhat:enterprise_linux:9"})",
       kNotOurs},
      {"ContentsAloneAreNoManifest", R"({"image_contents": {"dependencies": []}})", kNotOurs},
      // What a tool leaves that slims images down.
      {"ALineOfText", "File replaced by another tool\n", kNotOurs},
      {"Empty", "", kNotOurs},
      {"CutShort", R"({"content_sets": ["a")", kFailed, "content_manifests/ubi8"},
      {"SetsAreNoList", R"({"content_sets": "a"})", kFailed, "no list"},
      {"SetsAreNull", R"({"content_sets": null})", kFailed, "no list"},
      {"ASetIsANumber", R"({"content_sets": [1]})", kFailed, "no name"},
      {"ASetHasControls", "{\"content_sets\": [\"a\\u001b[2J\"]}", kFailed, "no name"},
      {"ASetIsEmpty", R"({"content_sets": [""]})", kFailed, "no name"},
      {"ALongSet", "{\"content_sets\": [\"" + std::string(300, 'a') + "\"]}", kFailed, "no name"},
      {"TooManySets", many + "]}", kFailed, "more than 1024 content sets"},
      {"DeeplyNested", "{\"content_sets\": " + std::string(1000, '['), kFailed, ""},
  };
}

INSTANTIATE_TEST_SUITE_P(Table, ManifestTest, ::testing::ValuesIn(ManifestCases()),
                         [](const auto& info) { return info.param.name; });

TEST(ContentSetsPathTest, BothFoldersOfBuildsAreLookedAt) {
  EXPECT_EQ(WantedBy(kPath), "content-sets");
  EXPECT_EQ(WantedBy("usr/share/buildinfo/content-sets.json"), "content-sets");
  EXPECT_EQ(WantedBy("root/buildinfo/Dockerfile-ubi8-8.5-218"), "");
  EXPECT_EQ(WantedBy("root/buildinfo/content_manifests/deeper/x.json"), "");
  EXPECT_EQ(WantedBy("opt/root/buildinfo/content_manifests/x.json"), "");
}

}  // namespace
}  // namespace landwaiter::packages
