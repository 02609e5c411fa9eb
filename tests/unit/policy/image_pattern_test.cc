#include "policy/image_pattern.h"

#include <gtest/gtest.h>

namespace landwaiter::policy {
namespace {

const std::string kDigest = "sha256:" + std::string(64, 'a');

struct MatchCase {
  const char* name;
  const char* pattern;
  std::string reference;
  WhenOpen open;
  bool matches;
};

class ImagePatternTest : public testing::TestWithParam<MatchCase> {};

TEST_P(ImagePatternTest, Decides) {
  const MatchCase& c = GetParam();
  const auto reference = ImageReference::Parse(c.reference);
  ASSERT_TRUE(reference) << reference.error().message;
  ASSERT_TRUE(CheckImagePattern(c.pattern)) << CheckImagePattern(c.pattern).error().message;
  EXPECT_EQ(ImagePatternMatches(c.pattern, *reference, c.open), c.matches);
}

constexpr auto kYes = WhenOpen::kMatches;
constexpr auto kNo = WhenOpen::kDiffers;

INSTANTIATE_TEST_SUITE_P(
    Table, ImagePatternTest,
    testing::Values(
        MatchCase{"TwoStarsMatchEverything", "**", "r.example.com/a/b:1", kNo, true},
        MatchCase{"TwoStarsMatchADigest", "**", "r.example.com/a@" + kDigest, kNo, true},
        MatchCase{"AHostPatternMatchesItsHost", "r.example.com/**", "r.example.com/a/b:1", kNo,
                  true},
        MatchCase{"AHostPatternMatchesNoOther", "r.example.com/**", "s.example.com/a/b:1", kNo,
                  false},
        MatchCase{"AHostPatternIsNotThePathOfAnotherHost", "r.example.com/**",
                  "evil.example.org/r.example.com/a:1", kNo, false},
        MatchCase{"AHostWithAStar", "*.example.com/**", "r.example.com/a:1", kNo, true},
        MatchCase{"AHostWithAPort", "r.example.com:5000/a", "r.example.com:5000/a:1", kNo, true},
        MatchCase{"TheDefaultPortIsNoOtherHost", "r.example.com/**", "r.example.com:443/a:1", kNo,
                  true},
        MatchCase{"TheDefaultPortInThePattern", "r.example.com:443/**", "r.example.com/a:1", kNo,
                  true},
        MatchCase{"AnotherPortIsAnotherHost", "r.example.com/**", "r.example.com:8443/a:1", kNo,
                  false},
        MatchCase{"DockerHubsOwnHostIsDockerHub", "docker.io/shop/**",
                  "registry-1.docker.io/shop/cart:1", kNo, true},
        MatchCase{"DockerHubsOwnHostInThePattern", "registry-1.docker.io/shop/**", "shop/cart:1",
                  kNo, true},
        MatchCase{"LocalhostIsAHost", "localhost/a", "localhost/a:1", kNo, true},
        MatchCase{"APathPatternIsForAnyHost", "shop/**", "r.example.com/shop/cart:1.4", kNo, true},
        MatchCase{"APathPatternIsForDockerHub", "shop/**", "shop/cart", kNo, true},
        MatchCase{"APathPatternStartsAfterTheHost", "shop/**", "r.example.com/x/shop/cart:1", kNo,
                  false},
        MatchCase{"TwoStarsInFrontCrossHostAndPath", "**/cart", "r.example.com/x/shop/cart:1", kNo,
                  true},
        MatchCase{"OneStarInFrontIsTheHost", "*/shop/cart", "r.example.com/shop/cart:1", kNo, true},
        MatchCase{"AnOfficialImageByItsShortName", "nginx", "nginx:1.25", kNo, true},
        MatchCase{"AnOfficialImageByItsLongName", "docker.io/library/nginx", "nginx", kNo, true},
        MatchCase{"AnOfficialImageByHostAndShortName", "docker.io/nginx", "nginx", kNo, true},
        MatchCase{"TheOldNameOfDockerHub", "index.docker.io/nginx", "nginx", kNo, true},
        MatchCase{"AShortNameIsNotAnothersImage", "nginx", "bitnami/nginx:1", kNo, false},
        MatchCase{"NoTagTakesAnyTag", "shop/cart", "r.io/shop/cart:9", kNo, true},
        MatchCase{"NoTagTakesADigest", "shop/cart", "r.io/shop/cart@" + kDigest, kNo, true},
        MatchCase{"ATagMatches", "shop/cart:1.*", "r.io/shop/cart:1.4", kNo, true},
        MatchCase{"ATagDiffers", "shop/cart:1.*", "r.io/shop/cart:2.0", kYes, false},
        MatchCase{"NoWrittenTagIsLatest", "shop/cart:latest", "r.io/shop/cart", kNo, true},
        MatchCase{"StarAsTagTakesADigest", "registry.k8s.io/pause:*",
                  "registry.k8s.io/pause@" + kDigest, kNo, true},
        MatchCase{"ATagAgainstADigestIsOpen", "shop/cart:1.*", "r.io/shop/cart@" + kDigest, kYes,
                  true},
        MatchCase{"ATagAgainstADigestExcusesNothing", "shop/cart:1.*", "r.io/shop/cart@" + kDigest,
                  kNo, false},
        MatchCase{"ATagBesideADigestIsTheAuthorsWord", "shop/cart:debug",
                  "r.io/shop/cart:debug@" + kDigest, kNo, false},
        MatchCase{"TheSameDigest",
                  "shop/cart@sha256:"
                  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
                  "r.io/shop/cart@" + kDigest, kNo, true},
        MatchCase{"AnotherDigest",
                  "shop/cart@sha256:"
                  "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb",
                  "r.io/shop/cart@" + kDigest, kYes, false},
        MatchCase{"ADigestAgainstATagIsOpen",
                  "shop/cart@sha256:"
                  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
                  "r.io/shop/cart:1", kNo, false}),
    [](const auto& info) { return info.param.name; });

struct BadCase {
  const char* name;
  const char* pattern;
  const char* says;
};

class BadPatternTest : public testing::TestWithParam<BadCase> {};

TEST_P(BadPatternTest, IsRefusedWithAdvice) {
  const Status status = CheckImagePattern(GetParam().pattern);
  ASSERT_FALSE(status);
  EXPECT_NE(status.error().message.find(GetParam().says), std::string::npos)
      << status.error().message;
}

INSTANTIATE_TEST_SUITE_P(
    Table, BadPatternTest,
    testing::Values(BadCase{"Empty", "", "is empty"},
                    BadCase{"AHostAlone", "registry.example.com", "registry.example.com/**"},
                    BadCase{"AUrl", "https://r.io/a", "is a URL"},
                    BadCase{"ARegularExpression", "^shop/.*$", "no regular expressions"},
                    BadCase{"ABracket", "shop/[ab]", "no regular expressions"},
                    BadCase{"ThreeStars", "shop/***", "'***'"},
                    BadCase{"UpperCase", "Shop/cart", "upper case"},
                    BadCase{"AnEmptyPart", "shop//cart", "empty part"},
                    BadCase{"ASlashAtTheEnd", "shop/", "empty part"},
                    BadCase{"NoTagAfterTheColon", "shop/cart:", "no tag"},
                    BadCase{"HalfADigest", "shop/cart@sha256:12", "no whole digest"},
                    BadCase{"NoDigestAfterTheAt", "shop/cart@", "no whole digest"},
                    BadCase{"ABlank", "shop/ cart", "blank"},
                    BadCase{"AControlCharacter", "shop/\x1b[31m", "control character"}),
    [](const auto& info) { return info.param.name; });

TEST(RepositoryPattern, HasNoTag) {
  EXPECT_TRUE(CheckRepositoryPattern("shop/*"));
  const Status status = CheckRepositoryPattern("shop/cart:1");
  ASSERT_FALSE(status);
  EXPECT_NE(status.error().message.find("deniedTags"), std::string::npos);
}

}  // namespace
}  // namespace landwaiter::policy
