#include "scanner/versions/scheme.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "scanner/versions/table.h"

namespace landwaiter::versions {
namespace {

using testing::HasSubstr;

struct GarbageCase {
  const char* name;
  Scheme scheme;
  std::string version;
};

class GarbageTest : public testing::TestWithParam<GarbageCase> {};

// A version that the scheme takes.
std::string Plain(Scheme scheme) {
  return scheme == Scheme::kDatetime ? "2024-01-01T00:00:00Z" : "1.0.0";
}

TEST_P(GarbageTest, IsRefusedByName) {
  const std::string plain = Plain(GetParam().scheme);
  const auto order = Compare(GetParam().scheme, GetParam().version, plain);
  ASSERT_FALSE(order);
  EXPECT_EQ(order.error().code, Code::kInvalidArgument);
  EXPECT_THAT(order.error().message, HasSubstr("version \""));
  EXPECT_FALSE(Compare(GetParam().scheme, plain, GetParam().version));
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
        GarbageCase{"MavenBlank", Scheme::kMaven, "1.0 beta"},
        GarbageCase{"MavenEmpty", Scheme::kMaven, ""},
        GarbageCase{"RubygemsWord", Scheme::kRubygems, "latest"},
        GarbageCase{"RubygemsBuild", Scheme::kRubygems, "1.0+1"},
        GarbageCase{"NugetFiveNumbers", Scheme::kNuget, "1.2.3.4.5"},
        GarbageCase{"NugetFloating", Scheme::kNuget, "1.*"},
        GarbageCase{"PackagistEmpty", Scheme::kPackagist, ""},
        GarbageCase{"PackagistNoPart", Scheme::kPackagist, "-.-"},
        GarbageCase{"CratesFourNumbers", Scheme::kCrates, "1.2.3.4"},
        GarbageCase{"CratesLeadingZero", Scheme::kCrates, "1.02.3"},
        GarbageCase{"CratesPrefix", Scheme::kCrates, "v1.2.3"},
        GarbageCase{"CratesLeadingZeroOfAPrerelease", Scheme::kCrates, "1.2.3-01"},
        GarbageCase{"PubWord", Scheme::kPub, "any"},
        GarbageCase{"CranWord", Scheme::kCran, "1.0-rc1"},
        GarbageCase{"CranTwoSeparators", Scheme::kCran, "1..0"},
        GarbageCase{"HexFourNumbers", Scheme::kHex, "1.2.3.4"},
        GarbageCase{"HexLeadingZero", Scheme::kHex, "1.2.03"},
        GarbageCase{"PacmanEmpty", Scheme::kPacman, ""},
        GarbageCase{"PortageHyphen", Scheme::kPortage, "1.0-beta"},
        GarbageCase{"PortageSuffix", Scheme::kPortage, "1.0_final"},
        GarbageCase{"PortageTwoLetters", Scheme::kPortage, "1.0ab"},
        GarbageCase{"PortageEmptyRevision", Scheme::kPortage, "1.0-r"},
        GarbageCase{"BitnamiWord", Scheme::kBitnami, "nightly.2026-03-10.0"},
        GarbageCase{"ConanEmpty", Scheme::kConan, ""},
        GarbageCase{"HackageHyphen", Scheme::kHackage, "1.0-1"},
        GarbageCase{"OpensslStage", Scheme::kOpenssl, "1.1.1-gamma1"},
        GarbageCase{"OpensslCapital", Scheme::kOpenssl, "1.1.1A"},
        GarbageCase{"DatetimeNoZone", Scheme::kDatetime, "2024-01-01T00:00:00"},
        GarbageCase{"DatetimeNoSuchDay", Scheme::kDatetime, "2023-02-29T00:00:00Z"},
        GarbageCase{"DatetimeMonth", Scheme::kDatetime, "2023-13-01T00:00:00Z"},
        GarbageCase{"DatetimeEmptyFraction", Scheme::kDatetime, "2023-12-01T00:00:00.Z"},
        GarbageCase{"NulByte", Scheme::kDpkg, std::string("1\0", 2)}),
    [](const auto& info) { return info.param.name; });

// Every scheme, versions of any bytes: an error, or an order that turns round and knows itself.
TEST(HostileTest, AnyBytesGiveAnErrorOrADefinedOrder) {
  std::vector<std::string> hostile = {std::string(1, '\0'),
                                      "\xff\xfe",
                                      "1.0\xc3(",
                                      "\xe2\x80\xae"
                                      "1",
                                      "1\t2",
                                      " ",
                                      "%00",
                                      "../../1"};
  for (const char* const part :
       {"1", "1.",   "1-", "a1",  "-", ".", "~",        "^", "+",  "_", "_rc",
        "0", "1-1.", "a.", "-r1", "!", ":", "\xc3\xa9", "9", "x*", "|"}) {
    std::string repeated;
    while (repeated.size() + std::string_view(part).size() <= kMaxVersionBytes) repeated += part;
    hostile.push_back("1" + repeated.substr(1));
    hostile.push_back(std::move(repeated));
  }
  for (const Scheme scheme : AllSchemes()) {
    for (const std::string& a : hostile) {
      for (const std::string& b : hostile) {
        const auto there = Compare(scheme, a, b);
        const auto back = Compare(scheme, b, a);
        ASSERT_EQ(there.has_value(), back.has_value()) << SchemeName(scheme);
        if (!there) continue;
        ASSERT_EQ(*there, -*back) << SchemeName(scheme) << " " << a << " " << b;
      }
      if (Validate(scheme, a)) {
        ASSERT_EQ(*Compare(scheme, a, a), 0) << SchemeName(scheme);
      }
      std::string range = a;
      while (range.size() + a.size() < kMaxRangeBytes) range += a;
      for (const bool loose : {false, true}) {
        const auto satisfied = Satisfies(scheme, range, Plain(scheme), {.loose = loose});
        if (!satisfied) {
          ASSERT_FALSE(satisfied.error().message.empty());
        }
      }
    }
  }
}

TEST(LimitTest, LongVersionsAndRangesAreRefused) {
  for (const Scheme scheme : AllSchemes()) {
    for (const std::size_t size : {kMaxVersionBytes + 1, std::size_t{1} << 20}) {
      const std::string version(size, '1');
      const auto order = Compare(scheme, version, Plain(scheme));
      ASSERT_FALSE(order) << SchemeName(scheme);
      EXPECT_EQ(order.error().code, Code::kResourceExhausted);
    }
    const auto satisfied = Satisfies(scheme, std::string(kMaxRangeBytes + 1, ' '), Plain(scheme));
    ASSERT_FALSE(satisfied) << SchemeName(scheme);
    EXPECT_EQ(satisfied.error().code, Code::kResourceExhausted);
  }
}

// Numbers have no upper limit of their own.
TEST(LimitTest, TheLongestNumbersAreOrdered) {
  for (const Scheme scheme : AllSchemes()) {
    if (scheme == Scheme::kDatetime) continue;  // a date has four digits
    const std::string longest = std::string(kMaxVersionBytes - 4, '9') + ".0.0";
    const auto order = Compare(scheme, longest, "1.0.0");
    ASSERT_TRUE(order) << SchemeName(scheme) << ": " << order.error().message;
    EXPECT_EQ(*order, 1) << SchemeName(scheme);
  }
}

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
                                  {"Amazon Linux:2023", Scheme::kRpm},
                                  {"Oracle Linux:8:ksplice", Scheme::kRpm},
                                  {"Arch Linux", Scheme::kPacman},
                                  {"npm", Scheme::kNpm},
                                  {"PyPI", Scheme::kPep440},
                                  {"Go", Scheme::kGo},
                                  {"Maven", Scheme::kMaven},
                                  {"Maven:https://maven.google.com", Scheme::kMaven},
                                  {"RubyGems", Scheme::kRubygems},
                                  {"NuGet", Scheme::kNuget},
                                  {"Packagist", Scheme::kPackagist},
                                  {"crates.io", Scheme::kCrates},
                                  {"Pub", Scheme::kPub},
                                  {"CRAN", Scheme::kCran},
                                  {"Hex", Scheme::kHex},
                                  {"Bitnami", Scheme::kBitnami},
                                  {"Hackage", Scheme::kHackage},
                                  {"ConanCenter", Scheme::kConan},
                                  {"SwiftURL", Scheme::kSemver},
                                  {"OSS-Fuzz", std::nullopt},
                                  {"Android", std::nullopt},
                                  {"", std::nullopt},
                                  {"debian:12", std::nullopt}}) {
    EXPECT_EQ(SchemeForEcosystem(ecosystem), scheme) << ecosystem;
  }
}

TEST(SchemeNameTest, ReadsWhatItWrites) {
  for (const Scheme scheme : AllSchemes()) EXPECT_EQ(ParseScheme(SchemeName(scheme)), scheme);
  EXPECT_EQ(ParseScheme("swift"), std::nullopt);
  EXPECT_EQ(ParseScheme(""), std::nullopt);
}

// The types of purl (package-url, "PURL types") that name packages with an order here.
TEST(SchemeNameTest, KnowsTheTypesOfPurl) {
  for (const char* const type :
       {"alpm", "apk", "bitnami", "cargo", "composer", "conan", "cran", "deb", "gem", "golang",
        "hackage", "hex", "maven", "npm", "nuget", "pub", "pypi", "rpm"}) {
    EXPECT_TRUE(ParseScheme(type)) << type;
  }
}

TEST(SchemeNameTest, NamesOfTablesNameTheirScheme) {
  for (const char* const table : {"apk",
                                  "apk-ranges",
                                  "composer-ranges",
                                  "conan",
                                  "cran",
                                  "datetime",
                                  "dpkg",
                                  "gomod",
                                  "hackage",
                                  "hex",
                                  "hex-ranges",
                                  "maven",
                                  "npm-ranges",
                                  "nuget",
                                  "nuget-ranges",
                                  "openssl",
                                  "packagist",
                                  "pacman",
                                  "pep440",
                                  "pep440-ranges",
                                  "portage",
                                  "pub",
                                  "rpm",
                                  "rubygems",
                                  "rubygems-ranges",
                                  "semver",
                                  "semver-loose"}) {
    const auto scheme = ParseTableScheme(table);
    ASSERT_TRUE(scheme) << table;
    EXPECT_TRUE(scheme->scheme) << table;
  }
  for (const char* const table : {"vers", "vers-ranges", "native-to-vers"}) {
    const auto scheme = ParseTableScheme(table);
    ASSERT_TRUE(scheme) << table;
    EXPECT_FALSE(scheme->scheme) << table;
  }
  EXPECT_FALSE(ParseTableScheme("nosuch"));
  EXPECT_FALSE(ParseTableScheme("-ranges"));
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

TEST(TableTest, HoldsTwoRangesAgainstEachOther) {
  const TableReport report = CheckTable(std::nullopt,
                                        "npm\t^1.2.3\tvers:npm/>=1.2.3|<2.0.0\n"
                                        "npm\t^1.2.3\tvers:npm/>=1.2.3|<3.0.0\n"
                                        "npm\t^1.2.3\tvers:gem/>=1.2.3|<2.0.0\n"
                                        "nosuch\t1\tvers:npm/1.0.0\n"
                                        "1.0.0\t<\t2.0.0\n"
                                        "vers:npm/<2.0.0\t1.0.0\ttrue\n"
                                        "vers:npm/<2.0.0\t3.0.0\ttrue\n");
  EXPECT_EQ(report.rows, 7u);
  ASSERT_EQ(report.wrong.size(), 5u);
  EXPECT_THAT(report.wrong[0].got, HasSubstr("in one of the ranges only"));
  EXPECT_THAT(report.wrong[1].got, HasSubstr("another scheme"));
  EXPECT_THAT(report.wrong[2].got, HasSubstr("unknown"));
  EXPECT_THAT(report.wrong[3].got, HasSubstr("no scheme"));
  EXPECT_EQ(report.wrong[4].got, "false");
}

}  // namespace
}  // namespace landwaiter::versions
