// The `image` rule's demands on environment, volumes, history, age, size and platforms.
#include <gtest/gtest.h>

#include "policy/formats.h"
#include "policy/history.h"
#include "tests/unit/policy/rule_case.h"

namespace landwaiter::policy {
namespace {

struct StepCase {
  const char* created_by;
  const char* name;
  const char* value;
};

TEST(History, IsReadAsItsBuildersWriteIt) {
  const StepCase cases[] = {
      {"/bin/sh -c #(nop)  CMD [\"bash\"]", "CMD", "[\"bash\"]"},
      {"/bin/sh -c #(nop) ADD file:0eae0dca in / ", "ADD", "file:0eae0dca in /"},
      {"/bin/sh -c apt-get update", "RUN", "apt-get update"},
      {"RUN /bin/sh -c apt-get update # buildkit", "RUN", "apt-get update"},
      {"RUN |1 VERSION=2 /bin/sh -c make # buildkit", "RUN", "make"},
      {"|2 A=1 B=2 /bin/sh -c make install", "RUN", "make install"},
      {"COPY app /app # buildkit", "COPY", "app /app"},
      {"USER 1000", "USER", "1000"},
      {"HEALTHCHECK", "HEALTHCHECK", ""},
      // Trap 6.
      {"/bin/sh -c apt-get update && \\\n    apt-get install -y curl", "RUN",
       "apt-get update && apt-get install -y curl"},
      // What runs may not pass itself off as another instruction.
      {"/bin/sh -c echo #(nop) USER app", "RUN", "echo #(nop) USER app"},
      {"bazel build ...", "", "bazel build ..."},
      {"jib-maven-plugin:3.1.4", "", "jib-maven-plugin:3.1.4"},
      {"", "", ""},
      {"/bin/sh -c #(nop) ", "RUN", "#(nop)"},
  };
  for (const StepCase& c : cases) {
    const Instruction step = ParseInstruction(c.created_by);
    EXPECT_EQ(step.name, c.name) << c.created_by;
    EXPECT_EQ(step.value, c.value) << c.created_by;
  }
}

AnImage Built() {
  return AnImage()
      .Step("/bin/sh -c #(nop) ADD file:1 in / ")
      .Step("RUN /bin/sh -c apt-get update && curl -s https://a.example/x | sh # buildkit")
      .Step("USER 1000", true);
}

INSTANTIATE_TEST_SUITE_P(
    ImageHistory, ContentRuleTest,
    testing::Values(
        RuleCase{"AnInstructionIsThere", "image: {instructions: [{name: ADD}]}", Built(), kFail,
                 "ADD file:1 in /, which is denied"},
        RuleCase{"AnInstructionIsNot", "image: {instructions: [{name: ONBUILD}]}", Built(), kPass,
                 ""},
        RuleCase{"AnInstructionIsMissing", "image: {instructions: [{name: LABEL, op: Missing}]}",
                 Built(), kFail, "no LABEL is in the image's history"},
        RuleCase{"ARequiredInstructionIsThere",
                 "image: {instructions: [{name: USER, op: Missing}]}", Built(), kPass, ""},
        RuleCase{"AnArgumentMatches",
                 "image: {instructions: [{name: RUN, op: Matches, value: \"**curl **| sh\"}]}",
                 Built(), kFail, "curl -s"},
        RuleCase{"AnArgumentDoesNotMatch",
                 "image: {instructions: [{name: RUN, op: Matches, value: \"**wget **\"}]}", Built(),
                 kPass, ""},
        RuleCase{"AnArgumentDiffers",
                 "image: {instructions: [{name: USER, op: Differs, value: \"65532\"}]}", Built(),
                 kFail, "expected '65532'"},
        RuleCase{"AVariablesValueIsNotTold",
                 "image: {instructions: [{name: ENV, op: Matches, value: \"TOKEN=**\"}]}",
                 AnImage().Step("ENV TOKEN=hunter2", true), kFail, "ENV TOKEN, which is denied"},
        RuleCase{"ABuildArgumentsDefaultIsNotTold", "image: {instructions: [{name: ARG}]}",
                 AnImage().Step("ARG TOKEN=hunter2", true), kFail, "ARG TOKEN, which is denied"},
        // Trap 4: without a history nothing is known.
        RuleCase{"WithoutAHistoryItIsOpen", "image: {instructions: [{name: ADD}]}",
                 AnImage().Layers(2), kOpen, "tells of 0 of 2 layers"},
        RuleCase{"WhatAHalfHistoryLacksIsOpen",
                 "image: {instructions: [{name: LABEL, op: Missing}]}",
                 AnImage().Step("COPY a /").Layers(2), kOpen, "tells of 1 of 2 layers"},
        RuleCase{"WhatAHalfHistoryHasCounts", "image: {instructions: [{name: COPY}]}",
                 AnImage().Step("COPY a /").Layers(2), kFail, "COPY a /"},
        RuleCase{"AnotherBuildersHistoryIsOpen", "image: {instructions: [{name: ADD}]}",
                 AnImage().Step("bazel build ..."), kOpen, "not that of a Dockerfile"}),
    CaseName);

INSTANTIATE_TEST_SUITE_P(
    ImageWhole, ContentRuleTest,
    testing::Values(
        RuleCase{"ADeniedVariable", "image: {deniedEnv: [{name: \"AWS_*\"}]}",
                 AnImage().Env("PATH=/bin").Env("AWS_SECRET=abc"), kFail,
                 "environment variable AWS_SECRET is set"},
        RuleCase{"AnotherVariable", "image: {deniedEnv: [{name: \"AWS_*\"}]}",
                 AnImage().Env("PATH=/bin"), kPass, ""},
        RuleCase{"ADeniedValue", "image: {deniedEnv: [{name: DEBUG, value: \"1\"}]}",
                 AnImage().Env("DEBUG=1"), kFail, "DEBUG"},
        RuleCase{"AnotherValue", "image: {deniedEnv: [{name: DEBUG, value: \"1\"}]}",
                 AnImage().Env("DEBUG=0"), kPass, ""},
        RuleCase{"AVariableWithoutAValue", "image: {deniedEnv: [{name: DEBUG}]}",
                 AnImage().Env("DEBUG"), kFail, "DEBUG"},
        RuleCase{"ADeniedVolume", "image: {deniedVolumes: [\"/data/**\"]}",
                 AnImage().Volume("/data/db"), kFail, "volume /data/db is declared"},
        RuleCase{"AnotherVolume", "image: {deniedVolumes: [\"/data/**\"]}",
                 AnImage().Volume("/var/x"), kPass, ""},
        RuleCase{"AnOldImage", "image: {maxAge: 90d}", AnImage().Created("2026-08-26T12:00:00Z"),
                 kFail, "created at 2026-08-26T12:00:00Z"},
        RuleCase{"AYoungImage", "image: {maxAge: 90d}", AnImage().Created("2026-08-26T12:00:01Z"),
                 kPass, ""},
        RuleCase{"NoTimeOfCreationCounts", "image: {maxAge: 90d}", AnImage(), kFail,
                 "time of creation is missing"},
        RuleCase{"TheYear1970SaysNothing", "image: {maxAge: 90d}",
                 AnImage().Created("1970-01-01T00:00:00Z"), kFail, "nobody knows"},
        RuleCase{"ATimeToComeSaysNothing", "image: {maxAge: 90d}",
                 AnImage().Created("2030-01-01T00:00:00Z"), kFail, "nobody knows"},
        RuleCase{"NoTimeOfCreationIsIgnoredWhenAsked", "image: {maxAge: 90d, missingAge: Ignore}",
                 AnImage().Created("1980-01-01T00:00:00Z"), kPass, ""},
        RuleCase{"ALargeImage", "image: {maxSize: 1Ki}", AnImage().Size(1025), kFail,
                 "has 1025 bytes"},
        RuleCase{"ASmallImage", "image: {maxSize: 1Ki}", AnImage().Size(1024), kPass, ""},
        RuleCase{"ManyLayers", "image: {maxLayers: 2}", AnImage().Layers(3), kFail, "3 layers"},
        RuleCase{"FewLayers", "image: {maxLayers: 2}", AnImage().Layers(2), kPass, ""},
        RuleCase{"AnotherPlatform", "image: {platforms: [linux/arm64]}", AnImage(), kFail,
                 "platform linux/amd64 is not among those allowed"},
        RuleCase{"AnAllowedPlatform", "image: {platforms: [\"linux/*\"]}", AnImage(), kPass, ""}),
    CaseName);

TEST(ImageWhole, ReportsNeverShowTheValueOfAVariable) {
  const auto verdict = Judge(ARule("image: {deniedEnv: [{name: \"**\"}]}"),
                             AnImage().Env("TOKEN=hunter2").Env("hunter2"));
  EXPECT_EQ(Messages(verdict).find("TOKEN=hunter2"), std::string::npos);
  EXPECT_NE(Messages(verdict).find("TOKEN"), std::string::npos);
}

TEST(ImageWhole, AnAgeThatComesIsTold) {
  const auto verdict =
      Judge(ARule("image: {maxAge: 90d}"), AnImage().Created("2026-09-01T00:00:00Z"));
  ASSERT_EQ(verdict.coming.size(), 1u);
  EXPECT_EQ(verdict.coming[0].from, "2026-11-30T00:00:00Z");
}

TEST(ImageWhole, SizesAreQuantities) {
  EXPECT_EQ(*ParseSize("1"), 1u);
  EXPECT_EQ(*ParseSize("500Mi"), 500ull << 20);
  EXPECT_EQ(*ParseSize("2G"), 2'000'000'000u);
  for (const char* wrong :
       {"", "0", "-1", "1.5Gi", "Mi", "1 Gi", "1gi", "999999999Ti", "99999999999999999999"}) {
    EXPECT_FALSE(ParseSize(wrong)) << wrong;
  }
}

TEST(ImageWhole, AnInstructionsValueStandsWhereItIsCompared) {
  for (const char* wrong : {"{name: RUN, op: Matches}", "{name: RUN, value: x}",
                            "{name: FROM, op: Exists}", "{name: run}"}) {
    const auto policy = ParsePolicyYaml(
        std::string("apiVersion: landwaiter.io/v1alpha1\nkind: ScanPolicy\nmetadata: {name: a}\n"
                    "spec: {rules: [{name: r, image: {instructions: [") +
        wrong + "]}}]}\n");
    EXPECT_FALSE(policy) << wrong;
  }
}

}  // namespace
}  // namespace landwaiter::policy
