#include "scanner/versions/scheme.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "scanner/versions/table.h"

namespace landwaiter::versions {
namespace {

using testing::HasSubstr;

class FactsTest : public testing::TestWithParam<Scheme> {};

// The tables that the project carries itself, one a scheme.
TEST_P(FactsTest, EveryRowIsRight) {
  const std::string file =
      "tests/unit/scanner/versions/facts/" + std::string(SchemeName(GetParam())) + ".tsv";
  std::ifstream in(file, std::ios::binary);
  ASSERT_TRUE(in) << file << " cannot be read: run the tests from the repository's root";
  std::ostringstream content;
  content << in.rdbuf();
  const TableReport report = CheckTable(GetParam(), content.str());
  EXPECT_GE(report.rows, 40u);
  for (const WrongRow& wrong : report.wrong) {
    ADD_FAILURE() << file << ":" << wrong.line << ": " << wrong.row << ": got " << wrong.got;
  }
}

INSTANTIATE_TEST_SUITE_P(Table, FactsTest, testing::ValuesIn(AllSchemes()),
                         [](const auto& info) { return std::string(SchemeName(info.param)); });

struct TableCase {
  const char* name;
  Scheme scheme;
  const char* file;
};

class SharedTableTest : public testing::TestWithParam<TableCase> {};

// Real version pairs, ordered by the ecosystems' own tools: every row must be right.
TEST_P(SharedTableTest, EveryRowIsRight) {
  const char* const root = std::getenv("LANDWAITER_TESTDATA");
  const auto file = std::filesystem::path(root != nullptr ? root : "../shared/testdata") /
                    "versions" / GetParam().file;
  std::ifstream in(file, std::ios::binary);
  if (!in) GTEST_SKIP() << file << " is missing (LANDWAITER_TESTDATA names the shared test data)";
  std::ostringstream content;
  content << in.rdbuf();
  const TableReport report = CheckTable(GetParam().scheme, content.str());
  EXPECT_GT(report.rows, 0u);
  for (const WrongRow& wrong : report.wrong) {
    ADD_FAILURE() << GetParam().file << ":" << wrong.line << ": " << wrong.row << ": got "
                  << wrong.got;
  }
}

INSTANTIATE_TEST_SUITE_P(Table, SharedTableTest,
                         testing::Values(TableCase{"Dpkg", Scheme::kDpkg, "dpkg.tsv"},
                                         TableCase{"Apk", Scheme::kApk, "apk.tsv"},
                                         TableCase{"ApkRanges", Scheme::kApk, "apk-ranges.tsv"},
                                         TableCase{"Rpm", Scheme::kRpm, "rpm.tsv"},
                                         TableCase{"Semver", Scheme::kSemver, "semver.tsv"},
                                         TableCase{"NpmAsSemver", Scheme::kNpm, "semver.tsv"},
                                         TableCase{"NpmLoose", Scheme::kNpm, "semver-loose.tsv"},
                                         TableCase{"NpmRanges", Scheme::kNpm, "npm-ranges.tsv"},
                                         TableCase{"Pep440", Scheme::kPep440, "pep440.tsv"},
                                         TableCase{"Pep440Ranges", Scheme::kPep440,
                                                   "pep440-ranges.tsv"},
                                         TableCase{"Go", Scheme::kGo, "gomod.tsv"}),
                         [](const auto& info) { return info.param.name; });

struct GarbageCase {
  const char* name;
  Scheme scheme;
  std::string version;
};

class GarbageTest : public testing::TestWithParam<GarbageCase> {};

TEST_P(GarbageTest, IsRefusedByName) {
  const auto order = Compare(GetParam().scheme, GetParam().version, "1.0");
  ASSERT_FALSE(order);
  EXPECT_EQ(order.error().code, Code::kInvalidArgument);
  EXPECT_THAT(order.error().message, HasSubstr("version \""));
  EXPECT_FALSE(Compare(GetParam().scheme, "1.0", GetParam().version));
  EXPECT_FALSE(Validate(GetParam().scheme, GetParam().version));
}

INSTANTIATE_TEST_SUITE_P(
    Table, GarbageTest,
    testing::Values(
        GarbageCase{"DpkgEmpty", Scheme::kDpkg, ""}, GarbageCase{"DpkgBlank", Scheme::kDpkg, "1 2"},
        GarbageCase{"DpkgNoDigit", Scheme::kDpkg, "unknown"},
        GarbageCase{"DpkgEmptyRevision", Scheme::kDpkg, "1.0-"},
        GarbageCase{"DpkgWordEpoch", Scheme::kDpkg, "a:1.0"},
        GarbageCase{"DpkgEmptyEpoch", Scheme::kDpkg, ":1.0"},
        GarbageCase{"ApkEmpty", Scheme::kApk, ""}, GarbageCase{"ApkSlash", Scheme::kApk, "1/2"},
        GarbageCase{"RpmEmpty", Scheme::kRpm, ""}, GarbageCase{"RpmNewline", Scheme::kRpm, "1\n2"},
        GarbageCase{"SemverWord", Scheme::kSemver, "latest"},
        GarbageCase{"SemverEmptyPrerelease", Scheme::kSemver, "1.0.0-"},
        GarbageCase{"SemverEmptyIdentifier", Scheme::kSemver, "1.0.0-a..b"},
        GarbageCase{"NpmTag", Scheme::kNpm, "next"},
        GarbageCase{"NpmUrl", Scheme::kNpm, "git+https://example.com/a.git"},
        GarbageCase{"Pep440Blank", Scheme::kPep440, "not a version"},
        GarbageCase{"Pep440Empty", Scheme::kPep440, " "},
        GarbageCase{"GoDevel", Scheme::kGo, "(devel)"},
        GarbageCase{"GoCommit", Scheme::kGo, "devel-go1.22-1a2b3c"},
        GarbageCase{"GoFourNumbers", Scheme::kGo, "v1.2.3.4"},
        GarbageCase{"NulByte", Scheme::kDpkg, std::string("1\0", 2)}),
    [](const auto& info) { return info.param.name; });

TEST(LimitTest, LongVersionsAreRefused) {
  for (const Scheme scheme : AllSchemes()) {
    const std::string version(kMaxVersionBytes + 1, '1');
    const auto order = Compare(scheme, version, "1");
    ASSERT_FALSE(order) << SchemeName(scheme);
    EXPECT_EQ(order.error().code, Code::kResourceExhausted);
    const std::string longest(kMaxVersionBytes, '1');
    EXPECT_TRUE(Compare(scheme, longest, "1")) << SchemeName(scheme);
  }
  EXPECT_FALSE(Satisfies(Scheme::kNpm, std::string(kMaxRangeBytes + 1, ' '), "1.0.0"));
}

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
  }
  return {};
}

int MustCompare(Scheme scheme, const std::string& a, const std::string& b) {
  const auto order = Compare(scheme, a, b);
  EXPECT_TRUE(order) << a << " " << b << ": " << (order ? "" : order.error().message);
  return order ? *order : 0;
}

class OrderTest : public testing::TestWithParam<Scheme> {};

TEST_P(OrderTest, IsReflexiveAntisymmetricAndTransitive) {
  const Scheme scheme = GetParam();
  const auto pool = Pool(scheme);
  for (const auto& a : pool) {
    EXPECT_EQ(MustCompare(scheme, a, a), 0) << a;
    for (const auto& b : pool) {
      const int ab = MustCompare(scheme, a, b);
      EXPECT_EQ(ab, -MustCompare(scheme, b, a)) << a << " " << b;
      if (ab > 0) continue;
      for (const auto& c : pool) {
        const int bc = MustCompare(scheme, b, c);
        if (bc > 0) continue;
        const int ac = MustCompare(scheme, a, c);
        if (ab == 0 && bc == 0) {
          EXPECT_EQ(ac, 0) << a << " = " << b << " = " << c;
        } else {
          EXPECT_LT(ac, 0) << a << ", " << b << ", " << c;
        }
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Table, OrderTest, testing::ValuesIn(AllSchemes()),
                         [](const auto& info) { return std::string(SchemeName(info.param)); });

struct EcosystemCase {
  const char* ecosystem;
  std::optional<Scheme> scheme;
};

// Pitfall 134: ecosystems carry suffixes. Pitfall 111: one order per ecosystem, never one for all.
TEST(EcosystemTest, HasItsOwnOrder) {
  for (const auto& [ecosystem, scheme] :
       std::vector<EcosystemCase>{{"Debian:12", Scheme::kDpkg},
                                  {"Debian", Scheme::kDpkg},
                                  {"Ubuntu:22.04:LTS", Scheme::kDpkg},
                                  {"Ubuntu:Pro:20.04:LTS", Scheme::kDpkg},
                                  {"Alpine:v3.18", Scheme::kApk},
                                  {"Wolfi", Scheme::kApk},
                                  {"AlmaLinux:9", Scheme::kRpm},
                                  {"Rocky Linux:9", Scheme::kRpm},
                                  {"SUSE:Linux Enterprise Server 15 SP4", Scheme::kRpm},
                                  {"Red Hat:enterprise_linux:9::baseos", Scheme::kRpm},
                                  {"npm", Scheme::kNpm},
                                  {"PyPI", Scheme::kPep440},
                                  {"Go", Scheme::kGo},
                                  {"Maven", std::nullopt},
                                  {"", std::nullopt},
                                  {"debian:12", std::nullopt}}) {
    EXPECT_EQ(SchemeForEcosystem(ecosystem), scheme) << ecosystem;
  }
}

TEST(SchemeNameTest, ReadsWhatItWrites) {
  for (const Scheme scheme : AllSchemes()) EXPECT_EQ(ParseScheme(SchemeName(scheme)), scheme);
  EXPECT_EQ(ParseScheme("pypi"), Scheme::kPep440);
  EXPECT_EQ(ParseScheme("maven"), std::nullopt);
}

TEST(TableTest, TellsWrongRowsAndMalformedOnes) {
  const TableReport report =
      CheckTable(Scheme::kDpkg, "# comment\n1\t<\t2\n1\t>\t2\r\nx y\n\n1 2\t<\t3\n>=1\t2\ttrue\n");
  EXPECT_EQ(report.rows, 5u);
  ASSERT_EQ(report.wrong.size(), 3u);
  EXPECT_EQ(report.wrong[0].line, 3u);
  EXPECT_EQ(report.wrong[0].row, "1 > 2");
  EXPECT_EQ(report.wrong[0].got, "<");
  EXPECT_THAT(report.wrong[1].got, HasSubstr("neither"));
  EXPECT_THAT(report.wrong[2].got, HasSubstr("version \"1 2\""));
}

}  // namespace
}  // namespace landwaiter::versions
