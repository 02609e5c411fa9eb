#include "scanner/advisories/feeds/osv_record.h"

#include <gtest/gtest.h>

#include "tests/unit/scanner/advisories/feed_folder.h"

namespace landwaiter::advisories {
namespace {

StagedRecord Read(const OsvRecord& record) {
  OsvReader reader;
  auto read = reader.Read(record.Json());
  EXPECT_TRUE(read.has_value()) << record.Json() << ": " << (read ? "" : read.error().message);
  return read ? *std::move(read) : StagedRecord{};
}

OsvRecord Minimist() {
  return OsvRecord("GHSA-1", "npm", "minimist").Introduced("0").Fixed("1.2.6");
}

TEST(OsvRecordTest, TheFieldsThatMatchingNeedsAreKept) {
  const StagedRecord record =
      Read(Minimist()
               .Names("aliases", {"CVE-2021-44906", "ABC-1"})
               .Names("upstream", {"CVE-2000-1"})
               .Cvss("CVSS_V3", "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H")
               .Field(R"("summary":"a title","published":"2022-03-18T00:01:09Z")")
               .Field(R"("references":[{"type":"WEB","url":"https://web.example/"},)"
                      R"({"type":"ADVISORY","url":"https://advisory.example/"}])"));
  EXPECT_EQ(record.advisory.id, "GHSA-1");
  EXPECT_EQ(record.advisory.aliases, (std::vector<std::string>{"ABC-1", "CVE-2021-44906"}));
  EXPECT_EQ(record.advisory.upstream, std::vector<std::string>{"CVE-2000-1"});
  EXPECT_EQ(record.advisory.title, "a title");
  EXPECT_EQ(record.advisory.url, "https://advisory.example/");
  EXPECT_EQ(record.advisory.published, "2022-03-18T00:01:09Z");
  EXPECT_EQ(record.advisory.severity.severity, Severity::kCritical);
  EXPECT_EQ(record.advisory.severity.source, "CVSS_V3");
  ASSERT_EQ(record.packages.size(), 1u);
  EXPECT_EQ(record.packages[0].ecosystem, "npm");
  ASSERT_EQ(record.packages[0].affected.ranges.size(), 1u);
  EXPECT_EQ(record.packages[0].affected.ranges[0].events.size(), 2u);
}

struct SeverityCase {
  std::string name;
  OsvRecord record;
  Severity of_record;
  std::string source;
  Severity of_package;
};

// Pitfall 140: severity may stand in several places.
TEST(OsvRecordTest, SeverityIsTheVendorsWordThenTheNewestCvss) {
  const std::string v2 = R"({"type":"CVSS_V2","score":"AV:N/AC:L/Au:N/C:P/I:N/A:N"})";
  const std::string v3 =
      R"({"type":"CVSS_V3","score":"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"})";
  const std::string v4 =
      R"({"type":"CVSS_V4","score":"CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:P/VC:N/VI:L/VA:N/SC:N/SI:N/SA:N"})";
  const SeverityCase cases[] = {
      {"nothing said is Unknown", Minimist(), Severity::kUnknown, "", Severity::kUnknown},
      {"CVSS 3 goes before 2", Minimist().Field("\"severity\":[" + v2 + "," + v3 + "]"),
       Severity::kCritical, "CVSS_V3", Severity::kUnknown},
      {"CVSS 4 goes before 3", Minimist().Field("\"severity\":[" + v3 + "," + v4 + "]"),
       Severity::kMedium, "CVSS_V4", Severity::kUnknown},
      {"the word goes before CVSS", Minimist().Word("LOW").Field("\"severity\":[" + v3 + "]"),
       Severity::kLow, "OSV database_specific.severity", Severity::kUnknown},
      {"a word that says nothing leaves CVSS",
       Minimist().Word("UNKNOWN").Field("\"severity\":[" + v3 + "]"), Severity::kCritical,
       "CVSS_V3", Severity::kUnknown},
      {"moderate is Medium", Minimist().Word("MODERATE"), Severity::kMedium,
       "OSV database_specific.severity", Severity::kUnknown},
      {"Debian's unimportant is Negligible", Minimist().Urgency("unimportant"), Severity::kUnknown,
       "", Severity::kNegligible},
      {"Debian's guess counts", Minimist().Urgency("medium**"), Severity::kUnknown, "",
       Severity::kMedium},
      {"not yet assigned is Unknown", Minimist().Urgency("not yet assigned"), Severity::kUnknown,
       "", Severity::kUnknown},
  };
  for (const SeverityCase& c : cases) {
    const StagedRecord record = Read(c.record);
    EXPECT_EQ(record.advisory.severity.severity, c.of_record) << c.name;
    EXPECT_EQ(record.advisory.severity.source, c.source) << c.name;
    ASSERT_EQ(record.packages.size(), 1u) << c.name;
    EXPECT_EQ(record.packages[0].affected.severity.severity, c.of_package) << c.name;
  }
}

TEST(OsvRecordTest, TheScoreStaysBesideTheVendorsWord) {
  const StagedRecord record =
      Read(Minimist().Word("LOW").Cvss("CVSS_V3", "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"));
  ASSERT_TRUE(record.advisory.severity.score.has_value());
  EXPECT_DOUBLE_EQ(*record.advisory.severity.score, 9.8);
}

// Pitfall 62.
TEST(OsvRecordTest, DebianEndOfLifeIsAState) {
  const StagedRecord record = Read(Minimist().Urgency("end-of-life"));
  EXPECT_EQ(record.packages[0].affected.unfixed_state, FindingState::kEndOfLife);
}

TEST(OsvRecordTest, PyPiNamesAreNormalised) {
  const StagedRecord record =
      Read(OsvRecord("PYSEC-1", "PyPI", "Flask_SQL.-Alchemy").Introduced("0"));
  EXPECT_EQ(record.packages[0].package, "flask-sql-alchemy");
}

struct ListCase {
  const char* name;
  OsvRecord record;
  std::vector<std::string> kept;
};

// Pitfall 138.
TEST(OsvRecordTest, PitfallAListOfVersionsCountsOnlyWhereNoRangeOfADistributionStandsBesideIt) {
  const auto listing = [](const char* ecosystem, bool range) {
    OsvRecord record("X-1", ecosystem, "curl");
    if (range) record.Introduced("0").Fixed("7.88.1-10");
    return record.Versions({"7.88.1-9", "7.88.1-11"});
  };
  const std::vector<std::string> both = {"7.88.1-9", "7.88.1-11"};
  for (const auto& test : std::vector<ListCase>{
           {"Debian's range decides", listing("Debian:12", true), {}},
           {"Alpine's range decides", listing("Alpine:v3.20", true), {}},
           {"AlmaLinux' range decides", listing("AlmaLinux:9", true), {}},
           {"a list alone is all that there is", listing("Debian:12", false), both},
           {"of a language both count", listing("PyPI", true), both}}) {
    SCOPED_TRACE(test.name);
    const StagedRecord record = Read(test.record);
    ASSERT_EQ(record.packages.size(), 1u);
    EXPECT_EQ(record.packages[0].affected.versions, test.kept);
  }
}

// Pitfall 133: withdrawn records are dropped.
TEST(OsvRecordTest, WithdrawnRecordsAreMarkedAndHaveNoPackages) {
  const StagedRecord record = Read(Minimist().Field(R"("withdrawn":"2022-01-01T00:00:00Z")"));
  EXPECT_TRUE(record.withdrawn);
  EXPECT_TRUE(record.packages.empty());
}

// Pitfall 132: entries without a package, a range or a known ecosystem.
TEST(OsvRecordTest, WhatCannotBeMatchedIsLeftOut) {
  OsvReader reader;
  const std::pair<std::string, std::string> cases[] = {
      {"another ecosystem", OsvRecord("X-1", "Nonesuch", "p").Introduced("0").Json()},
      {"only a GIT range",
       R"({"id":"X","modified":"2022-01-01T00:00:00Z","affected":[{"package":{"ecosystem":"npm",)"
       R"("name":"p"},"ranges":[{"type":"GIT","repo":"r","events":[{"introduced":"0"}]}]}]})"},
      {"no package", R"({"id":"X","modified":"2022-01-01T00:00:00Z","affected":[{"ranges":[]}]})"},
      {"no affected", R"({"id":"X","modified":"2022-01-01T00:00:00Z"})"},
  };
  for (const auto& [name, json] : cases) {
    const auto record = reader.Read(json);
    ASSERT_TRUE(record.has_value()) << name << ": " << record.error().message;
    EXPECT_TRUE(record->packages.empty()) << name;
  }
}

TEST(OsvRecordTest, AlmaLinuxErrataNameSeverityModuleAndCves) {
  const StagedRecord record =
      Read(OsvRecord("ALSA-2021:1", "AlmaLinux:8", "nodejs")
               .Introduced("0")
               .Fixed("1:14.16.0-2.module_el8.3.0+2029+de4fb7ea")
               .Names("related", {"CVE-2021-1", "CVE-2021-2", "RHSA-1"})
               .Field(R"("summary":"Important: nodejs:14 security update")"));
  EXPECT_EQ(record.advisory.severity.severity, Severity::kHigh);
  EXPECT_EQ(record.advisory.severity.source, "AlmaLinux errata");
  EXPECT_EQ(record.advisory.upstream, (std::vector<std::string>{"CVE-2021-1", "CVE-2021-2"}));
  EXPECT_EQ(record.packages[0].affected.module, "nodejs:14");
}

TEST(OsvRecordTest, BugFixErrataAreNoVulnerabilities) {
  const StagedRecord record = Read(OsvRecord("ALBA-2021:1", "AlmaLinux:8", "NetworkManager")
                                       .Introduced("0")
                                       .Fixed("1:1.26.0-14.el8_3"));
  EXPECT_TRUE(record.packages.empty());
}

TEST(OsvRecordTest, OlderDebianAdvisoriesCoverTheirAliases) {
  const StagedRecord record = Read(OsvRecord("DSA-3029-1", "Debian:7", "nginx")
                                       .Introduced("0")
                                       .Fixed("1.2.1-2.2+wheezy3")
                                       .Names("aliases", {"CVE-2014-3616", "CVE-2014-1"}));
  EXPECT_TRUE(record.advisory.aliases.empty());
  EXPECT_EQ(record.advisory.upstream, (std::vector<std::string>{"CVE-2014-1", "CVE-2014-3616"}));
}

std::string WithEvents(const std::string& events) {
  return R"({"id":"X","modified":"2022-01-01T00:00:00Z","affected":[{"package":{"ecosystem":)"
         R"("npm","name":"p"},"ranges":[{"type":"SEMVER","events":)" +
         events + "}]}]}";
}

TEST(OsvRecordTest, BrokenRecordsAreErrorsThatNameTheField) {
  const std::string head = R"({"id":"X","modified":"2022-01-01T00:00:00Z",)";
  const std::pair<std::string, std::string> cases[] = {
      {"", "is not JSON"},
      {"[]", "no object"},
      {"{\"id\":", "is not JSON"},
      {"{}", "field id: is missing"},
      {R"({"id":7})", "field id: is a number, expected a string"},
      {R"({"id":""})", "field id: is empty"},
      {R"({"id":"a\u0000b"})", "field id: holds a NUL"},
      {R"({"id":"a\u001b[2Jb"})", "no id of printable bytes"},
      {R"({"id":"X","modified":"yesterday"})", "field modified"},
      {head + R"("aliases":"CVE-1"})", "field aliases: is a string, expected an array"},
      {head + R"("aliases":["CVE-1",3]})", "field aliases[1]: is a number"},
      {head + R"("affected":{}})", "field affected: is an object, expected an array"},
      {head + R"("affected":[3]})", "field affected[0]: is a number"},
      {head + R"("affected":[{"package":"p"}]})", "field affected[0].package: is a string"},
      {head + R"("affected":[{"package":{"ecosystem":"npm"}}]})",
       "field affected[0].package.name: is missing"},
      {head + R"("affected":[{"package":{"ecosystem":"npm","name":")" + std::string(400, 'a') +
           "\"}}]}",
       "field affected[0].package.name: has 400 bytes, expected at most 300"},
      {WithEvents("{}"), "field affected[0].ranges[0].events: is an object"},
      {WithEvents("[]"), "field affected[0].ranges[0].events: has no introduced"},
      {WithEvents(R"([{"fixed":"1.0.0"}])"), "has no introduced"},
      {WithEvents(R"([{"introduced":"0"},{"repaired":"1"}])"),
       "field affected[0].ranges[0].events[1]: has none of"},
      {WithEvents(R"([{"introduced":0}])"),
       "field affected[0].ranges[0].events[0].introduced: is a number"},
      {head + R"("severity":[{"type":"CVSS_V3","score":"CVSS:3.1/AV:N"}]})",
       "field severity[0].score: CVSS vector: metric AC is missing"},
  };
  OsvReader reader;
  for (const auto& [json, message] : cases) {
    const auto record = reader.Read(json);
    ASSERT_FALSE(record.has_value()) << json;
    EXPECT_NE(record.error().message.find(message), std::string::npos)
        << json.substr(0, 200) << ": " << record.error().message;
  }
}

TEST(OsvRecordTest, UbuntusBinariesLeadToTheirSourceWhereTheyHaveItsVersion) {
  struct Row {
    const char* name;
    OsvRecord record;
    std::vector<BinaryOfSource> binaries;
  };
  const std::string noble = "Ubuntu:24.04:LTS";
  const auto openssl = [](const std::string& ecosystem, const std::string& source = "openssl") {
    return OsvRecord("USN-1", ecosystem, source).Introduced("0").Fixed("3.0.13-0ubuntu3.4");
  };
  const std::vector<std::pair<std::string, std::string>> libssl{{"libssl3t64", "3.0.13-0ubuntu3.4"},
                                                                {"openssl", "3.0.13-0ubuntu3.4"}};
  const BinaryOfSource known{noble, "libssl3t64", "openssl"};
  const Row rows[] = {
      {"a binary of another name", openssl(noble).Binaries(libssl), {known}},
      {"of a release between",
       openssl("Ubuntu:25.10").Binaries(libssl),
       {{"Ubuntu:25.10", "libssl3t64", "openssl"}}},
      {"of a release that chisel does not cut", openssl("Ubuntu:18.04:LTS").Binaries(libssl), {}},
      {"Pro has the same binaries", openssl("Ubuntu:Pro:24.04:LTS").Binaries(libssl), {}},
      {"another distribution", openssl("Debian:12").Binaries(libssl), {}},
      {"kernels", openssl(noble, "linux-aws").Binaries(libssl), {}},
      {"of another version than the source's",
       openssl(noble).Binaries({{"gcc", "4:13.2.0-7ubuntu1"}}),
       {}},
      {"a name with a control character",
       openssl(noble).Binaries({{"lib\\u0000ssl", "3.0.13-0ubuntu3.4"}}),
       {}},
      {"a name without end",
       openssl(noble).Binaries({{std::string(301, 'x'), "3.0.13-0ubuntu3.4"}}),
       {}}};
  OsvReader reader;
  for (const Row& row : rows) {
    const auto record = reader.Read(row.record.Json());
    ASSERT_TRUE(record.has_value()) << row.name << ": " << record.error().message;
    EXPECT_EQ(record->binaries, row.binaries) << row.name;
    EXPECT_EQ(record->packages.size(), 1u) << row.name;
  }
  std::vector<std::pair<std::string, std::string>> many(5000, libssl[0]);
  EXPECT_EQ(reader.Read(openssl(noble).Binaries(many).Json())->binaries.size(), 4096u);
}

// The field is the vendor's own: what is not as Ubuntu writes it says nothing.
TEST(OsvRecordTest, BinariesOfAnotherShapeSayNothing) {
  OsvReader reader;
  for (const char* odd : {"1", "null", "{}", "[1,[],null,{}]", R"([{"binary_name":1}])",
                          R"([{"binary_name":"libssl3t64"}])", R"([{"binary_version":"1"}])"}) {
    const auto record = reader.Read(
        R"({"id":"USN-1","affected":[{"package":{"ecosystem":"Ubuntu:24.04:LTS","name":"openssl"},)"
        R"("versions":["1"],"ecosystem_specific":{"binaries":)" +
        std::string(odd) + "}}]}");
    ASSERT_TRUE(record.has_value()) << odd << ": " << record.error().message;
    EXPECT_TRUE(record->binaries.empty()) << odd;
    EXPECT_EQ(record->packages.size(), 1u) << odd;
  }
}

TEST(OsvRecordTest, HostileSizesMeetALimit) {
  OsvReader reader;
  const std::string deep = R"({"id":"X","database_specific":)" + std::string(100'000, '[') +
                           std::string(100'000, ']') + "}";
  const auto nested = reader.Read(deep);
  ASSERT_FALSE(nested.has_value());
  EXPECT_EQ(nested.error().code, Code::kResourceExhausted) << nested.error().message;
  const auto large = reader.Read(std::string(kMaxRecordBytes + 1, ' '));
  ASSERT_FALSE(large.has_value());
  EXPECT_EQ(large.error().code, Code::kResourceExhausted);
  std::string many = R"({"id":"X","aliases":["a")";
  for (std::size_t i = 0; i < kMaxNames; ++i) many += ",\"a\"";
  const auto names = reader.Read(many + "]}");
  ASSERT_FALSE(names.has_value());
  EXPECT_EQ(names.error().code, Code::kResourceExhausted);
  EXPECT_TRUE(reader.Read(Minimist().Json()).has_value()) << "the reader works on after that";
}

TEST(OsvRecordTest, NoTruncationOfARecordIsReadAsOne) {
  const std::string json = Minimist().Names("aliases", {"CVE-2021-44906"}).Word("HIGH").Json();
  OsvReader reader;
  for (std::size_t size = 0; size < json.size(); ++size) {
    EXPECT_FALSE(reader.Read(json.substr(0, size)).has_value()) << size;
  }
}

}  // namespace
}  // namespace landwaiter::advisories
