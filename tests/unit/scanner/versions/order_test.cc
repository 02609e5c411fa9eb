#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "scanner/versions/scheme.h"
#include "tests/unit/scanner/versions/shared_tables.h"

namespace landwaiter::versions {
namespace {

// A pool in which every kind of part meets every other.
std::vector<std::string> Pool(Scheme scheme) {
  switch (scheme) {
    case Scheme::kDpkg:
      return {"1",      "1:1", "0:1", "1-0", "1-1",  "1~",        "1~a",
              "1a",     "1+",  "1.",  "1.0", "1.00", "1.a",       "1-1~bpo1",
              "1-1+b1", "01",  "1-~", "2",   "10",   "1.0~rc1-1", "1-a-1"};
    case Scheme::kApk:
      return {"1",     "1.0",       "1.00",         "1.01",     "1.1",       "1.10", "1a",
              "1b2",   "1_alpha",   "1_rc",         "1_alpha1", "1_alpha_p", "1_p",  "1_p1",
              "1_git", "1~ab",      "1~ab-r1",      "1-r0",     "1-r",       "1-r1", "1-r-1",
              "1--r1", "1_blah",    "1_blah1",      "1..1",     ".1",        "a",    "1-r1-r2",
              "1a.1",  "1_p_alpha", "1.0_beta2-r3", "01",       "1.0a1-r2",  "1A",   "1_rc~ab"};
    case Scheme::kRpm:
      return {"1",   "1-1", "1-", "0:1", "1:1", "1~", "1~rc1", "1^",    "1^a",   "1^~", "1.1",
              "1.a", "1a",  "a",  "a1",  "+",   "1.", "01",    "1-1~a", "1-1^a", "1~~", "1^^"};
    case Scheme::kSemver:
    case Scheme::kNpm:
      return {"1",
              "1.0",
              "1.0.0",
              "1.0.0-a",
              "1.0.0-1",
              "1.0.0-1a",
              "1.0.0-a.1",
              "1.0.0-a.b",
              "1.0.0-a-b",
              "1.0.0-10",
              "1.0.0-9",
              "1.0.0+a",
              "v1.0.1",
              "1.10.0",
              "1.9.0",
              "01.0.0",
              "99999999999999999999.0.0",
              "1.0.0-0",
              "1.0.0--",
              "1.0.0-A"};
    case Scheme::kPep440:
      return {"1",
              "1.0",
              "1.0.dev1",
              "1.0a1",
              "1.0a1.dev1",
              "1.0a1.post1",
              "1.0rc1",
              "1.0.post1",
              "1.0.post1.dev1",
              "1.0+a",
              "1.0+1",
              "1.0+a.1",
              "1!1",
              "0!1",
              "v1.0",
              "1.0-1",
              "1.0c1",
              "garbage",
              "1.0-final",
              "2.0.0-final",
              "1.0m1",
              "0.7.4.svn.r2010",
              "a",
              "pre",
              "dev",
              "1.0.1",
              "1.0+local.version",
              "1.0+A"};
    case Scheme::kGo:
      return {"v1",
              "v1.0",
              "v1.0.0",
              "1.0.0",
              "v1.0.0-a",
              "v1.0.0-0.20210101000000-abcdef123456",
              "v1.0.0+incompatible",
              "go1.0",
              "go1.21rc2",
              "go1.21beta1",
              "go1.21",
              "go1.21.0",
              "go1.21.3",
              "1.21rc2",
              "v0.0.0-20180101000000-abcdef123456",
              "go1.21.3 X:x"};
    case Scheme::kMaven:  // without words behind a '.', which is where its circles are
      return {"1",     "1.0",   "1-0",      "1-1",  "1.1",   "1-alpha",    "1-alpha-1", "1a1",
              "1-b",   "1-rc",  "1-rc-1",   "1cr2", "1-ga",  "1-ga-1",     "1-sp",      "1-foo",
              "1-xyz", "1-0.1", "1.0.1",    "01",   "1-1-1", "1-1-rc",     "1x",        "1-",
              "1_1",   "1-SP1", "1.0-rc-1", "2",    "10",    "1-SNAPSHOT", "1-alpha1-2"};
    case Scheme::kRubygems:
      return {"",        "0",   "1",     "1.0",     "1.0.0",   "1.a",   "1.0.a",   "1.0.a1",
              "1.0.a.1", "1.b", "1.0-1", "1.0-rc1", "1.0.pre", "2",     "10",      "1.0.0.1",
              "01.0",    "1.A", "1beta", "1.a.0",   "1.0.a.0", "1.a.b", "1.0.0.a", "0.a"};
    case Scheme::kNuget:
      return {
          "1",         "1.0",      "1.0.0.0",     "1.0.0.1",  "1.0.0-a",    "1.0-A",
          "1.0.0-a.1", "1.0.0-1",  "1.0.0-1a",    "1.0.0-10", "1.0.0-9",    "1.0.0+b",
          "01.0",      "1.0.1",    "1.10",        "1.9",      "1.0.0-a-b",  "1.0.0-99999999999",
          "2",         "1.0.0-01", "1.0.0-a.b.c", "1.0.0-0",  "1.0.0.0-rc", "1.0.0-100000000000"};
    case Scheme::kPackagist:
      return {"1",         "1.0",     "1.0.0",  "v1.0",  "V1",        "1.0-dev", "1.0a1",
              "1.0-alpha", "1.0b",    "1.0RC1", "1.0rc", "1.0-pl",    "1.0-p1",  "1.0-x",
              "1.0-BETA",  "dev-a",   "dev-b",  "1.",    "1.#",       "1.0+b",   "10",
              "2",         "1.0.dev", "1_0",    "a",     "1.0.x-dev", "01"};
    case Scheme::kCrates:
    case Scheme::kHex:
      return {"1.0.0",     "1.0.0-a",   "1.0.0-1",   "1.0.0-1a", "1.0.0-a.1", "1.0.0-a.b",
              "1.0.0-a-b", "1.0.0-10",  "1.0.0-9",   "1.0.0+a",  "1.0.1",     "1.10.0",
              "1.9.0",     "1.0.0-0",   "1.0.0--",   "1.0.0-A",  "2.0.0",     "0.0.0",
              "0.0.0-0",   "1.0.0-a+b", "1.0.0-a.0", "1.1.0-0"};
    case Scheme::kPub:
    case Scheme::kBitnami:
      return {"1.0.0",   "1.0.0-a", "1.0.0-1",   "1.0.0-1a",  "1.0.0-a.1", "1.0.0+1", "1.0.0+2",
              "1.0.0+a", "1.0.0+0", "1.0.0-a+b", "v1.0.0",    "1.0",       "1",       "1.0.1",
              "1.10.0",  "1.9.0",   "1.0.0+a.1", "1.0.0+a.b", "1.0.0-0",   "1.0.0-A", "1.2.3.4"};
    case Scheme::kCran:
    case Scheme::kHackage:
      return {"1",  "1.0",  "1.0.0", "1.1", "01",  "1.00", "2",
              "10", "1.10", "1.9",   "0",   "0.0", "1.0.1"};
    case Scheme::kPacman:  // each with a release; versions without one equal several
      return {"1-1",     "1.0-1",   "1.0-2",  "1.0-1.1",      "1:1-1",   "0:1-1",
              "1.0.0-1", "1.0rc-1", "1.0a-1", "1.a-1",        "1.0.a-1", "1_0-1",
              "1__0-1",  "1.01-1",  "a-1",    "1.0.r5.gab-1", "2-1",     "10-1",
              "1.0+1-1", "1.-1",    "-1",     "1.0-a",        "1.0-1a"};
    case Scheme::kPortage:
      return {"1",       "1.0",      "1.00",   "1.01",   "1.1",        "1.10",   "1a",       "1b",
              "1_alpha", "1_alpha1", "1_beta", "1_pre",  "1_rc",       "1_p",    "1_p1",     "1_p0",
              "1_rc_p",  "1_rc_pre", "1-r0",   "1-r1",   "1-r01",      "1a_rc",  "1.0a-r1",  "01",
              "2",       "10",       "1.001",  "1.0010", "1_alpha_p1", "1.10.1", "1_p_alpha"};
    case Scheme::kConan:  // no place holds both numbers and words that start with digits
      return {"1",    "1.0",   "1.0.0",   "1.a",     "1.b",     "1.0-a",   "1.0-a.1", "1.0-a.0",
              "1.0-", "1.0+b", "1.0+b.1", "1.0-a+b", "1.0-a+",  "2",       "10",      "01",
              "a",    "cci.1", "1.1",     "1.10",    "1.0.0-a", "1.0-rc1", "1.0-rc10"};
    case Scheme::kOpenssl:
      return {"1.0.2",       "1.0.2a",      "1.0.2z",         "1.0.2za",
              "1.0.2-beta1", "1.0.2-beta2", "1.0.2-dev",      "1.0.2-fips",
              "1.0.2a-fips", "1.1.0-pre1",  "1.1.0-pre1-dev", "1.1.0",
              "3.0.0",       "3.0.0-alpha", "3.0.0-beta1",    "3.0",
              "3",           "10.0.0",      "3.0.0-alpha10"};
    case Scheme::kNginx:
      return {"1.0.0", "1.0", "1.0.1", "1.10.0", "1.9.0", "0.7.52", "1.0.0-rc1", "2.0.0", "v1.0.0"};
    case Scheme::kDatetime:
      return {"2024-01-01T00:00:00Z",      "2024-01-01T00:00:00.0Z",    "2023-12-31T19:00:00-05:00",
              "2024-01-01T00:00:00.1Z",    "2024-01-01T00:00:00.09Z",   "2024-01-01T00:00:00.10Z",
              "2024-01-01T00:00:00+23:59", "2024-01-01T00:00:00-23:59", "2023-12-31T23:59:60Z",
              "0000-01-01T00:00:00+01:00", "0000-03-01T00:00:00Z",      "2024-02-29T12:00:00Z",
              "9999-12-31T23:59:59-01:00", "2024-03-01T00:00:00Z",      "2000-02-29T00:00:00Z"};
  }
  return {};
}

// The answers for each two of `pool`, by place: answers[i * size + j].
std::vector<int> AllPairs(Scheme scheme, const std::vector<std::string>& pool) {
  std::vector<int> answers;
  answers.reserve(pool.size() * pool.size());
  for (const auto& a : pool) {
    for (const auto& b : pool) {
      const auto order = Compare(scheme, a, b);
      EXPECT_TRUE(order) << a << " " << b << ": " << (order ? "" : order.error().message);
      answers.push_back(order ? *order : 0);
    }
  }
  return answers;
}

void ExpectOneLine(Scheme scheme, const std::vector<std::string>& pool) {
  const std::vector<int> answers = AllPairs(scheme, pool);
  const std::size_t n = pool.size();
  const auto at = [&](std::size_t i, std::size_t j) { return answers[i * n + j]; };
  for (std::size_t a = 0; a < n; ++a) {
    EXPECT_EQ(at(a, a), 0) << pool[a];
    for (std::size_t b = 0; b < n; ++b) {
      EXPECT_EQ(at(a, b), -at(b, a)) << pool[a] << " " << pool[b];
      if (at(a, b) > 0) continue;
      for (std::size_t c = 0; c < n; ++c) {
        if (at(b, c) > 0) continue;
        const bool equal = at(a, b) == 0 && at(b, c) == 0;
        const bool right = equal ? at(a, c) == 0 : at(a, c) < 0;
        EXPECT_TRUE(right) << pool[a] << (at(a, b) == 0 ? " = " : " < ") << pool[b]
                           << (at(b, c) == 0 ? " = " : " < ") << pool[c] << ", but " << at(a, c);
      }
    }
  }
}

class OrderTest : public testing::TestWithParam<Scheme> {};

TEST_P(OrderTest, IsReflexiveAntisymmetricAndTransitive) {
  const auto pool = Pool(GetParam());
  ASSERT_GE(pool.size(), 9u);
  ExpectOneLine(GetParam(), pool);
}

INSTANTIATE_TEST_SUITE_P(Table, OrderTest, testing::ValuesIn(AllSchemes()),
                         [](const auto& info) { return std::string(SchemeName(info.param)); });

class SampleTest : public testing::TestWithParam<SharedTable> {};

// Real versions, evenly out of each shared table.
TEST_P(SampleTest, OfTheSharedTableIsOneLine) {
  constexpr std::size_t kSample = 220;
  const auto [file, content] = ReadShared(GetParam());
  if (!content) GTEST_SKIP() << file << " is missing (LANDWAITER_TESTDATA names the shared data)";
  std::vector<std::string> versions = VersionsOf(*content);
  if (GetParam().scheme == Scheme::kPacman) {
    // Equal to each of its releases, which are not equal to each other: pacman's own answer.
    std::erase_if(versions, [](const std::string& v) { return v.find('-') == v.npos; });
  }
  ASSERT_FALSE(versions.empty());
  std::vector<std::string> sample;
  const std::size_t step = versions.size() / kSample + 1;
  for (std::size_t i = 0; i < versions.size(); i += step) sample.push_back(versions[i]);
  ExpectOneLine(*GetParam().scheme, sample);
}

INSTANTIATE_TEST_SUITE_P(Table, SampleTest, testing::ValuesIn(SharedTablesOfPairs()),
                         [](const auto& info) { return NameOf(info.param); });

// The circles that the tools themselves have. A change here is a change of whose answers we give.
TEST(CircleTest, AreThoseOfTheTools) {
  EXPECT_EQ(*Compare(Scheme::kMaven, "2.9.0.RC1", "2.9.0"), -1);
  EXPECT_EQ(*Compare(Scheme::kMaven, "2.9.0", "2.9.0-1"), -1);
  EXPECT_EQ(*Compare(Scheme::kMaven, "2.9.0-1", "2.9.0.RC1"), -1);
  EXPECT_EQ(*Compare(Scheme::kConan, "2", "10"), -1);
  EXPECT_EQ(*Compare(Scheme::kConan, "10", "1a"), -1);
  EXPECT_EQ(*Compare(Scheme::kConan, "1a", "2"), -1);
  EXPECT_EQ(*Compare(Scheme::kPacman, "1.5", "1.5-1"), 0);
  EXPECT_EQ(*Compare(Scheme::kPacman, "1.5", "1.5-2"), 0);
  EXPECT_EQ(*Compare(Scheme::kPacman, "1.5-1", "1.5-2"), -1);
}

}  // namespace
}  // namespace landwaiter::versions
