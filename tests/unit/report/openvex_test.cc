#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "policy/facts.h"
#include "scanner/matching/vex/vex.h"
#include "tests/unit/report/report_builder.h"

namespace landwaiter::report {
namespace {

using matching::SuppressedFinding;
using matching::VexStatus;
using nlohmann::json;

json Document(const ScanReport& report) { return json::parse(Rendered("openvex", report)); }

/// The only statement about this vulnerability.
json StatementOf(const json& document, const std::string& id) {
  json found;
  for (const json& one : document["statements"]) {
    if (one["vulnerability"]["name"] != id) continue;
    EXPECT_TRUE(found.is_null()) << id << " is stated twice";
    found = one;
  }
  EXPECT_FALSE(found.is_null()) << id;
  return found;
}

TEST(OpenVex, AFindingIsAffectedWithWhatIsToBeDone) {
  ScanReport report = AReport();
  report.reference = "registry.example.com/shop/cart:1.4";
  const json document = Document(report);
  EXPECT_EQ(document["@context"], "https://openvex.dev/ns/v0.2.0");
  EXPECT_EQ(document["timestamp"], "2026-11-24T00:00:00Z");
  EXPECT_EQ(document["statements"].size(), 3u) << "the host's kernel decides about its headers";
  const json fixable = StatementOf(document, "CVE-2023-0001");
  EXPECT_EQ(fixable["status"], "affected");
  EXPECT_EQ(fixable["action_statement"], "Update openssl to 3.0.2-1 or later.");
  const json& product = fixable["products"][0];
  EXPECT_EQ(product["@id"], "pkg:oci/cart@sha256%3A" + std::string(64, '4') +
                                "?repository_url=registry.example.com/shop/cart&tag=1.4");
  EXPECT_EQ(product["hashes"]["sha-256"], std::string(64, '4'));
  EXPECT_EQ(product["subcomponents"][0]["identifiers"]["purl"], "pkg:deb/debian/openssl@3.0.1-1");
  EXPECT_EQ(StatementOf(document, "CVE-2023-0002")["action_statement"],
            "No fixed version of openssl is known.");
}

TEST(OpenVex, WhatNobodyIsSureOfIsUnderInvestigation) {
  ScanReport report = AReport();
  auto& findings = report.platforms[0].findings;
  findings[0].state = FindingState::kUnderInvestigation;
  findings[1].confidence = Confidence::kCpe;
  const json document = Document(report);
  for (const char* id : {"CVE-2023-0001", "CVE-2023-0002"}) {
    EXPECT_EQ(StatementOf(document, id)["status"], "under_investigation") << id;
    EXPECT_FALSE(StatementOf(document, id).contains("action_statement")) << id;
  }
}

TEST(OpenVex, AnExceptionOfAPolicyIsNoStatementAboutTheImage) {
  ScanReport report = AReport();
  report.excused = {{policy::ViolationId(report.platforms[0].findings[1]), "p: until May: unused"}};
  const json excused = StatementOf(Document(report), "CVE-2023-0001");
  EXPECT_EQ(excused["status"], "affected");
  EXPECT_FALSE(excused.contains("justification"));
  EXPECT_NE(excused["status_notes"].get<std::string>().find("a policy excuses it"),
            std::string::npos);
}

struct TakenCase {
  const char* name;
  VexStatus status;
  const char* said;  // by the document
  const char* justification;
  const char* impact;
};

class TakenOut : public testing::TestWithParam<TakenCase> {};

TEST_P(TakenOut, IsStatedAsTheDocumentSays) {
  ScanReport report = AReport();
  auto& platform = report.platforms[0];
  platform.suppressed = {{platform.findings[1], GetParam().status, GetParam().said, "doc-1"}};
  platform.findings.erase(platform.findings.begin() + 1);
  const json said = StatementOf(Document(report), "CVE-2023-0001");
  EXPECT_EQ(said["status"], matching::VexStatusName(GetParam().status));
  EXPECT_EQ(said.value("justification", ""), GetParam().justification);
  EXPECT_EQ(said.value("impact_statement", ""), GetParam().impact);
  EXPECT_TRUE(said["status_notes"].get<std::string>().starts_with("as stated by doc-1"));
}

INSTANTIATE_TEST_SUITE_P(
    OpenVex, TakenOut,
    testing::Values(
        TakenCase{"ALabel", VexStatus::kNotAffected, "component_not_present",
                  "component_not_present", ""},
        TakenCase{"ALabelAndMore", VexStatus::kNotAffected, "component_not_present: we cut it out",
                  "component_not_present", ""},
        TakenCase{"Words", VexStatus::kNotAffected, "we never call it", "", "we never call it"},
        TakenCase{"AWordOfAnotherFormat", VexStatus::kNotAffected, "code_not_reachable", "",
                  "code_not_reachable"},
        TakenCase{"NoReason", VexStatus::kNotAffected, "", "", "The document gives no reason."},
        TakenCase{"Fixed", VexStatus::kFixed, "backported", "", ""}),
    [](const auto& info) { return std::string(info.param.name); });

TEST(OpenVex, TheDocumentIsReadBackAndTakesOutTheSame) {
  ScanReport report = AReport();
  auto& platform = report.platforms[0];
  const std::vector<Finding> all = platform.findings;
  platform.suppressed = {{all[1], VexStatus::kNotAffected, "component_not_present", "doc-1"}};
  platform.findings.erase(platform.findings.begin() + 1);
  auto read = matching::ParseVex(Rendered("openvex", report), "file");
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->without_purl, 0u);
  EXPECT_EQ(read->id, Document(report)["@id"]);
  matching::VexBook book;
  book.Add(*std::move(read));
  std::vector<Finding> again = all;
  const matching::VexImage image{{report.inventory.platforms[0].manifest_digest}, {}};
  const auto taken = matching::ApplyVex(book, image, again);
  EXPECT_EQ(again, platform.findings);
  ASSERT_EQ(taken.size(), 1u);
  EXPECT_EQ(taken[0].justification, "component_not_present");
  again = all;
  EXPECT_TRUE(
      matching::ApplyVex(book, {{*Digest::Parse("sha256:" + std::string(64, '9'))}, {}}, again)
          .empty())
      << "another image is not spoken of";
}

TEST(OpenVex, APackageWithoutAPackageUrlIsNotTheWholeImage) {
  ScanReport report = AReport();
  Finding& nameless = report.platforms[0].findings[1];
  nameless.purl = "";
  nameless.package = "odd name";
  EXPECT_EQ(
      StatementOf(Document(report), "CVE-2023-0001")["products"][0]["subcomponents"][0]["@id"],
      "pkg:generic/odd%20name@3.0.1-1");
}

TEST(OpenVex, TwoCopiesAreOneStatementAndDocumentsThatDifferHaveTwoNames) {
  ScanReport report = AReport();
  Finding copy = report.platforms[0].findings[1];
  copy.path = "opt/copy";
  report.platforms[0].findings.push_back(copy);
  EXPECT_EQ(Document(report)["statements"].size(), 3u);
  const std::string before = Document(report)["@id"];
  EXPECT_EQ(Document(report)["@id"], before);
  report.platforms[0].suppressed = {{copy, VexStatus::kFixed, "", "doc-1"}};
  EXPECT_NE(Document(report)["@id"], before);
}

}  // namespace
}  // namespace landwaiter::report
