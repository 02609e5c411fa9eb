// Feeds of facts: EPSS, NVD, endoflife.date, Red Hat's repositories.
#include <gtest/gtest.h>

#include "tests/unit/scanner/advisories/collected.h"
#include "tests/unit/scanner/advisories/feed_folder.h"

namespace landwaiter::advisories {
namespace {

Collected Read(std::string_view kind, std::string_view member, std::string_view bytes,
               std::size_t piece = kPieceBytes) {
  Collected collected;
  collected.keep_going = true;
  const Status status = ReadFeed(kind, member, bytes, collected, piece);
  EXPECT_TRUE(status.has_value()) << (status ? "" : status.error().message);
  return collected;
}

constexpr const char* kEpss =
    "#model_version:v2023.03.01,score_date:2025-02-20T00:00:00+0000\n"
    "cve,epss,percentile\n"
    "CVE-1999-0001,0.00383,0.73075\n"
    "CVE-1999-0005,0.91963,0.99214\n"
    "CVE-1999-0006,1.5,0.5\n"
    "GHSA-1,0.5,0.5\n"
    "CVE-1999-0007,0.5\n"
    "CVE-1999-0008,1,0";

TEST(EpssTest, RowsAreScoresAndPercentilesAndBrokenOnesAreNamedByLine) {
  for (const std::size_t piece : {kPieceBytes, std::size_t{5}}) {
    const Collected collected = Read("epss", "epss.csv", kEpss, piece);
    EXPECT_EQ(collected.released, "2025-02-20");
    ASSERT_EQ(collected.facts.size(), 3u);
    EXPECT_EQ(collected.facts.at("CVE-1999-0001").epss, (Epss{0.00383, 0.73075}));
    EXPECT_EQ(collected.facts.at("CVE-1999-0008").epss, (Epss{1, 0})) << "without a last newline";
    ASSERT_EQ(collected.broken.size(), 3u);
    EXPECT_NE(collected.broken[0].find("line 5: \"1.5\""), std::string::npos)
        << collected.broken[0];
    EXPECT_NE(collected.broken[1].find("line 6"), std::string::npos);
    EXPECT_NE(collected.broken[2].find("2 columns, expected 3"), std::string::npos);
  }
}

TEST(EpssTest, WhatIsNoEpssIsRefused) {
  CheckRefused("epss", "epss.csv",
               {{"", "has no line cve,epss,percentile"},
                {"a,b,c\n1,2,3\n", "expected cve,epss,percentile"},
                {std::string(10'000, 'x'), "more than 4096 bytes"}});
}

std::string NvdPage(const std::string& items, int stated) {
  return R"({"resultsPerPage":)" + std::to_string(stated) +
         R"(,"format":"NVD_CVE","version":"2.0","timestamp":"2023-01-03T21:56:15.797",)"
         R"("vulnerabilities":[)" +
         items + "]}";
}
std::string NvdItem(const std::string& id, const std::string& fields) {
  return R"({"cve":{"id":")" + id + "\"" + fields + "}}";
}
std::string Metric(const std::string& name, const std::string& type, const std::string& vector) {
  return "\"" + name + R"(":[{"source":"who@example.com","type":")" + type +
         R"(","cvssData":{"vectorString":")" + vector + "\"}}]";
}

// Pitfall 140: several CVSS versions, and others' scores beside NVD's own.
TEST(NvdTest, SeveritiesAreComputedFromVectorsAndTheNewestComesFirst) {
  const std::string metrics =
      R"(,"vulnStatus":"Analyzed","metrics":{)" +
      Metric("cvssMetricV2", "Primary", "AV:N/AC:M/Au:N/C:N/I:P/A:N") + "," +
      Metric("cvssMetricV31", "Secondary", "CVSS:3.1/AV:N/AC:L/PR:N/UI:R/S:U/C:N/I:H/A:N") + "," +
      Metric("cvssMetricV40", "Primary",
             "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N") +
      R"(},"weaknesses":[{"description":[{"value":"CWE-352"},{"value":"NVD-CWE-noinfo"}]},)"
      R"({"description":[{"value":"CWE-79"}]}])";
  for (const std::size_t piece : {kPieceBytes, std::size_t{11}}) {
    const Collected collected =
        Read("nvd", "nvd.json", NvdPage(NvdItem("CVE-2022-1576", metrics), 1), piece);
    EXPECT_EQ(collected.released, "2023-01-03T21:56:15.797Z");
    const CveFacts& facts = collected.facts.at("CVE-2022-1576");
    ASSERT_EQ(facts.severities.size(), 3u);
    EXPECT_EQ(facts.severities[0].source, "CVSS_V4 of NVD");
    EXPECT_EQ(facts.severities[0].severity, Severity::kCritical);
    EXPECT_EQ(facts.severities[1].source, "CVSS_V3 of NVD (who@example.com)");
    EXPECT_EQ(facts.severities[1].score, 6.5);
    EXPECT_EQ(facts.severities[2].source, "CVSS_V2 of NVD");
    EXPECT_EQ(facts.severities[2].score, 4.3);
    EXPECT_EQ(facts.weaknesses, (std::vector<std::string>{"CWE-352", "CWE-79"}));
  }
}

// Pitfall 133: rejected records are dropped.
TEST(NvdTest, PitfallRejectedRecordsSayNothingAndBrokenOnesAreNamed) {
  const Collected collected = Read(
      "nvd", "nvd.json",
      NvdPage(
          NvdItem("CVE-2022-0001", R"(,"vulnStatus":"Rejected")") + "," +
              NvdItem("CVE-2022-0002", R"(,"vulnStatus":"Received")") + "," + NvdItem("no id", "") +
              "," +
              NvdItem("CVE-2022-0003",
                      ",\"metrics\":{" + Metric("cvssMetricV31", "Primary", "CVSS:3.1/x") + "}"),
          4));
  EXPECT_EQ(collected.facts.size(), 1u);
  EXPECT_TRUE(collected.facts.contains("CVE-2022-0002"));
  ASSERT_EQ(collected.broken.size(), 2u);
  EXPECT_NE(collected.broken[0].find("record 3"), std::string::npos) << collected.broken[0];
  EXPECT_NE(collected.broken[1].find("cvssMetricV31"), std::string::npos) << collected.broken[1];
}

TEST(NvdTest, APageThatIsNotWholeIsRefused) {
  const std::string one = NvdItem("CVE-2022-0002", "");
  CheckRefused("nvd", "nvd.json",
               {{NvdPage(one, 2), "the page is not whole"},
                {"{}", "holds no vulnerabilities"},
                {"[]", "an object"}});
  CheckCuts("nvd", "nvd.json", NvdPage(one, 1));
}

TEST(EndOfLifeTest, AllThreeShapesOfEndOfLifeDateAreRead) {
  const std::pair<std::string, std::string> shapes[] = {
      {"releases/debian.json",
       R"({"releases":{"9":{"name":"9","eol":"2020-07-18","eoes":"2022-07-01"},)"
       R"("12":{"name":"12","eol":false},"8":{"eol":true}}})"},
      {"full.json", R"({"result":[{"name":"debian","releases":[)"
                    R"({"name":"9","eolFrom":"2020-07-18","eoesFrom":"2022-07-01"},)"
                    R"({"name":"12","eolFrom":null},{"name":"8","eolFrom":true}]}]})"},
      {"one.json", R"({"result":{"name":"debian","releases":[)"
                   R"({"name":"9","eolFrom":"2020-07-18","eoesFrom":"2022-07-01"},)"
                   R"({"name":"12"},{"name":"8","eolFrom":true}]}})"},
      {"debian.json", R"([{"cycle":"9","eol":"2020-07-18","extendedSupport":"2022-07-01"},)"
                      R"({"cycle":"12","eol":false},{"cycle":"8","eol":true}])"},
  };
  for (const auto& [name, json] : shapes) {
    const Collected collected = Read("endoflife", name, json);
    EXPECT_EQ(collected.lifecycles,
              (std::vector<Lifecycle>{{"debian", "9", "2020-07-18", "2022-07-01"},
                                      {"debian", "12", "", ""},
                                      {"debian", "8", std::string(kEndedUnknownWhen), ""}}))
        << name;
  }
}

TEST(EndOfLifeTest, ABrokenReleaseIsNamedAndADocumentOfSomethingElseRefused) {
  const Collected collected =
      Read("endoflife", "debian.json",
           R"({"releases":{"9":{"eol":"yesterday"},"10":{"eol":7},"11":{"eol":"2026-08-31"}}})");
  EXPECT_EQ(collected.lifecycles.size(), 1u);
  ASSERT_EQ(collected.broken.size(), 2u);
  EXPECT_NE(collected.broken[0].find("releases.9.eol"), std::string::npos) << collected.broken[0];
  CheckRefused("endoflife", "debian.json",
               {{"{}", "neither releases nor result"},
                {R"({"result":[{"releases":[]}]})", "result[0].name: is missing"},
                {R"({"result":[3]})", "result[0]: is a number"},
                {"", "is not JSON"}});
}

TEST(RedHatCpeTest, RepositoriesLeadToProducts) {
  const Collected collected = Read("redhat-cpe", "repository-to-cpe.json",
                                   R"({"data":{"rhel-8-for-x86_64-baseos-rpms":)"
                                   R"({"cpes":["cpe:/o:redhat:enterprise_linux:8::baseos"]},)"
                                   R"("broken":{"cpes":[3]}}})");
  EXPECT_EQ(collected.repositories.at("rhel-8-for-x86_64-baseos-rpms"),
            std::vector<std::string>{"cpe:/o:redhat:enterprise_linux:8::baseos"});
  ASSERT_EQ(collected.broken.size(), 1u);
  EXPECT_NE(collected.broken[0].find("data.broken.cpes[0]"), std::string::npos);
  CheckRefused("redhat-cpe", "x.json", {{"{}", "data: is missing"}, {"[]", "no object"}});
}

TEST(SideDataTest, TheSharedFilesBecomeFactsInTheDatabase) {
  const std::string data = SharedTestData();
  if (data.empty()) GTEST_SKIP() << "no shared test data; set LANDWAITER_TESTDATA";
  const TemporaryFolder folder;
  BuildOptions options =
      BuildFrom(folder, {OsvRecord("GHSA-1", "npm", "minimist").Introduced("0").Fixed("1.2.6")});
  const std::string samples = data + "/feeds/samples/";
  for (const FeedSource& feed :
       {FeedSource{"kev", data + "/feeds/kev/known_exploited_vulnerabilities.json"},
        FeedSource{"epss", samples + "epss/epss_scores-sample.csv.gz"},
        FeedSource{"nvd", samples + "nvd-2.0/full-page.json"},
        FeedSource{"nvd", samples + "nvd-2.0/single-entry.json"},
        FeedSource{"endoflife", data + "/feeds/endoflife/release-data.tar.zst"},
        FeedSource{"endoflife", samples + "endoflife/eoldata.json"}}) {
    options.feeds.push_back(feed);
  }
  const auto info = BuildDatabase(options, {});
  ASSERT_TRUE(info.has_value()) << info.error().message;
  const auto database = AdvisoryDatabase::Open(folder.Path("db"));
  ASSERT_TRUE(database.has_value());
  EXPECT_EQ((*database)->About("CVE-1999-0005")->value().epss, (Epss{0.91963, 0.99214}));
  EXPECT_EQ((*database)->About("CVE-2022-1576")->value().severities.at(0).score, 6.5);
  EXPECT_TRUE((*database)->About("CVE-2023-4911")->value().exploited_since.has_value());
  EXPECT_EQ((*database)->LifecycleOf("debian", "9")->value().end_of_life, "2020-07-18");
  EXPECT_EQ((*database)->LifecycleOf("oracle-linux", "9")->value().end_of_life, "2032-06-30");
  EXPECT_FALSE((*database)->LifecycleOf("debian", "99")->has_value());
}

}  // namespace
}  // namespace landwaiter::advisories
