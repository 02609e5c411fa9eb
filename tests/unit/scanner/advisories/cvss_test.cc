#include "scanner/advisories/cvss.h"

#include <gtest/gtest.h>

#include <string>

namespace landwaiter::advisories {
namespace {

struct Scored {
  std::string vector;
  int version;
  double score;
};

class CvssScoreTest : public testing::TestWithParam<Scored> {};

TEST_P(CvssScoreTest, EqualsThePublishedScore) {
  const auto score = ScoreCvss(GetParam().vector);
  ASSERT_TRUE(score.has_value()) << GetParam().vector << ": " << score.error().message;
  EXPECT_EQ(score->version, GetParam().version) << GetParam().vector;
  EXPECT_DOUBLE_EQ(score->score, GetParam().score) << GetParam().vector;
}

// The guides' own worked examples (v2: section 3.3; v3.1: the examples document), and the corners.
INSTANTIATE_TEST_SUITE_P(
    Version2, CvssScoreTest,
    testing::Values(Scored{"AV:N/AC:L/Au:N/C:N/I:N/A:C", 2, 7.8},   // CVE-2002-0392
                    Scored{"AV:N/AC:L/Au:N/C:C/I:C/A:C", 2, 10.0},  // CVE-2003-0818
                    Scored{"AV:L/AC:H/Au:N/C:C/I:C/A:C", 2, 6.2},   // CVE-2003-0062
                    Scored{"AV:N/AC:L/Au:N/C:P/I:N/A:N", 2, 5.0},   // CVE-2014-0160
                    Scored{"AV:N/AC:L/Au:N/C:N/I:N/A:N", 2, 0.0},
                    Scored{"AV:N/AC:L/Au:N/C:C/I:C/A:C/E:F/RL:OF/RC:C", 2, 10.0}));
INSTANTIATE_TEST_SUITE_P(
    Version3, CvssScoreTest,
    testing::Values(
        Scored{"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", 3, 9.8},
        Scored{"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H", 3, 10.0},  // CVE-2021-44228
        Scored{"CVSS:3.1/AV:N/AC:L/PR:N/UI:R/S:C/C:L/I:L/A:N", 3, 6.1},   // CVE-2013-1937
        Scored{"CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:C/C:L/I:L/A:N", 3, 6.4},   // CVE-2013-0375
        Scored{"CVSS:3.1/AV:N/AC:H/PR:N/UI:R/S:U/C:L/I:N/A:N", 3, 3.1},   // CVE-2014-3566
        Scored{"CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:C/C:H/I:H/A:H", 3, 9.9},   // CVE-2012-1516
        Scored{"CVSS:3.1/AV:L/AC:L/PR:H/UI:N/S:U/C:L/I:L/A:L", 3, 4.2},   // CVE-2012-0384's class
        Scored{"CVSS:3.1/AV:P/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", 3, 6.8},   // CVE-2014-2005
        Scored{"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H", 3, 7.5},
        Scored{"CVSS:3.0/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N", 3, 7.5},  // CVE-2014-0160
        Scored{"CVSS:3.1/AV:A/AC:H/PR:H/UI:N/S:U/C:H/I:N/A:N", 3, 4.2},  // CVE-2023-45803
        Scored{"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:N", 3, 0.0},
        Scored{"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H/E:P/RL:O/RC:C", 3, 9.8}));
INSTANTIATE_TEST_SUITE_P(
    Version4, CvssScoreTest,
    testing::Values(
        Scored{"CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:H/SI:H/SA:H", 4, 10.0},
        Scored{"CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N", 4, 9.3},
        Scored{"CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:N/VI:N/VA:H/SC:N/SI:N/SA:N", 4, 8.7},
        Scored{"CVSS:4.0/AV:N/AC:L/AT:P/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N", 4, 9.2},
        Scored{"CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:P/VC:N/VI:L/VA:N/SC:N/SI:N/SA:N", 4, 5.3},
        Scored{"CVSS:4.0/AV:L/AC:L/AT:N/PR:L/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N", 4, 8.5},
        Scored{"CVSS:4.0/AV:P/AC:H/AT:P/PR:H/UI:A/VC:L/VI:N/VA:N/SC:N/SI:N/SA:N", 4, 1.0},
        Scored{"CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:N/VI:N/VA:N/SC:N/SI:N/SA:N", 4, 0.0},
        Scored{"CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N/E:U", 4, 9.3}));

struct Refused {
  std::string vector;
  std::string message;
};

TEST(CvssTest, BadVectorsAreErrorsThatNameTheMetric) {
  const Refused cases[] = {
      {"", "\"\" is no metric"},
      {"CVSS:3.1", "has no metrics"},
      {"CVSS:3.2/AV:N", "version \"3.2\" is not known"},
      {"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H", "metric A is missing"},
      {"CVSS:3.1/AV:N/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", "metric AV is there twice"},
      {"CVSS:3.1/AV:X/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", "metric AV is \"X\""},
      {"CVSS:3.1/AV:/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", "metric AV is \"\""},
      {"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H/", "\"\" is no metric"},
      {"CVSS:3.1/AV:N/AC:L/Au:N/C:P/I:P/A:P", "\"Au:N\" is no metric"},
      {"CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N", "metric SA is missing"},
      {"CVSS:3.1/" + std::string(1000, 'A'), "expected at most 512"},
  };
  for (const Refused& c : cases) {
    const auto score = ScoreCvss(c.vector);
    ASSERT_FALSE(score.has_value()) << c.vector;
    EXPECT_NE(score.error().message.find(c.message), std::string::npos)
        << c.vector << ": " << score.error().message;
  }
}

}  // namespace
}  // namespace landwaiter::advisories
