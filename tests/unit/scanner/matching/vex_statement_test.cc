// VEX documents of three formats, and which findings they say do not count.
#include <gtest/gtest.h>

#include <string>

#include "scanner/matching/vex/vex.h"

namespace landwaiter::matching {
namespace {

constexpr const char* kDigest =
    "sha256:4bcff63911fcb4448bd4fdacec207030997caf25e9bea4045fa6c8c44de311d1";

Finding Found(const std::string& purl, const std::string& id = "CVE-2023-1") {
  Finding finding;
  finding.id = id;
  finding.aliases = {"GHSA-aaaa-bbbb-cccc"};
  finding.purl = purl;
  return finding;
}

VexImage TheImage() {
  VexImage image;
  image.digests = {*Digest::Parse(kDigest)};
  image.references = {*ImageReference::Parse("registry.example.com/shop/cart:1.4")};
  return image;
}

std::string OpenVex(const std::string& statements) {
  return R"({"@context":"https://openvex.dev/ns/v0.2.0","@id":"https://example.com/vex-1",
    "author":"a","timestamp":"2026-01-01T00:00:00Z","version":1,"statements":[)" +
         statements + "]}";
}

std::string Statement(const std::string& product, const std::string& status = "not_affected",
                      const std::string& more = "") {
  return R"({"vulnerability":{"name":"CVE-2023-1"},"products":[{"@id":")" + product +
         R"("}],"status":")" + status + "\"" + more + "}";
}

/// How the finding fares: "counts", or the status and words that suppress it.
std::string Fares(const std::string& document, const Finding& finding,
                  const VexImage& image = TheImage()) {
  auto read = ParseVex(document, "file.json");
  EXPECT_TRUE(read) << read.error().message;
  if (!read) return "unread";
  VexBook book;
  book.Add(*std::move(read));
  std::vector<Finding> findings{finding};
  const auto suppressed = ApplyVex(book, image, findings);
  EXPECT_EQ(findings.size() + suppressed.size(), 1u);
  if (suppressed.empty()) return "counts";
  const SuppressedFinding& one = suppressed.front();
  return std::string(VexStatusName(one.status)) + "|" + one.justification + "|" + one.source;
}

constexpr const char* kDeb = "pkg:deb/debian/openssl@3.0.1-1?arch=amd64&distro=debian-12";

struct ProductCase {
  const char* name;
  const char* product;
  bool suppresses;
};
void PrintTo(const ProductCase& one, std::ostream* out) { *out << one.name; }
class VexProduct : public testing::TestWithParam<ProductCase> {};
TEST_P(VexProduct, IsWhatTheStatementSaysAndNoMore) {
  const std::string fares = Fares(OpenVex(Statement(GetParam().product)), Found(kDeb));
  EXPECT_EQ(fares != "counts", GetParam().suppresses) << fares;
}
INSTANTIATE_TEST_SUITE_P(
    Table, VexProduct,
    testing::Values(
        ProductCase{"TheVersionItself", "pkg:deb/debian/openssl@3.0.1-1", true},
        ProductCase{"AnyVersion", "pkg:deb/debian/openssl", true},
        ProductCase{"AnotherVersion", "pkg:deb/debian/openssl@3.0.2-1", false},
        ProductCase{"AnotherPackage", "pkg:deb/debian/openssl-dev", false},
        ProductCase{"AnotherDistribution", "pkg:deb/ubuntu/openssl", false},
        ProductCase{"AnotherEcosystem", "pkg:npm/openssl", false},
        ProductCase{"TheSameArchitecture", "pkg:deb/debian/openssl@3.0.1-1?arch=amd64", true},
        ProductCase{"AnotherArchitecture", "pkg:deb/debian/openssl@3.0.1-1?arch=arm64", false},
        ProductCase{"AnotherRelease", "pkg:deb/debian/openssl?distro=debian-11", false},
        ProductCase{
            "TheImageByItsDigest",
            "pkg:oci/"
            "cart@sha256%3A4bcff63911fcb4448bd4fdacec207030997caf25e9bea4045fa6c8c44de311d1",
            true},
        ProductCase{
            "AnotherImagesDigest",
            "pkg:oci/"
            "cart@sha256%3A5bcff63911fcb4448bd4fdacec207030997caf25e9bea4045fa6c8c44de311d1",
            false},
        ProductCase{"TheImageByItsRepository",
                    "pkg:oci/cart?repository_url=registry.example.com/shop/cart", true},
        ProductCase{"TheImageByRepositoryAndTag",
                    "pkg:oci/cart?repository_url=registry.example.com/shop/cart&tag=1.4", true},
        ProductCase{"AnotherTag",
                    "pkg:oci/cart?repository_url=registry.example.com/shop/cart&tag=1.5", false},
        ProductCase{"AnotherRegistry", "pkg:oci/cart?repository_url=evil.example.com/shop/cart",
                    false},
        ProductCase{"AnImageByItsNameAlone", "pkg:oci/cart", false},
        ProductCase{"ADockerImage", "pkg:docker/shop/cart@1.4?repository_url=registry.example.com",
                    true},
        ProductCase{"NoPackageUrl", "https://example.com/openssl", false},
        ProductCase{"APackageUrlThatIsNone", "pkg:", false}),
    [](const auto& info) { return std::string(info.param.name); });

struct StatusCase {
  const char* status;
  const char* fares;
};
TEST(OpenVexStatus, OnlyWhatIsNotAffectedOrFixedIsSuppressed) {
  constexpr StatusCase kCases[] = {
      {"not_affected", "not_affected||https://example.com/vex-1"},
      {"fixed", "fixed||https://example.com/vex-1"},
      {"affected", "counts"},
      {"under_investigation", "counts"},
  };
  for (const StatusCase& one : kCases) {
    EXPECT_EQ(Fares(OpenVex(Statement("pkg:deb/debian/openssl", one.status)), Found(kDeb)),
              one.fares);
  }
}

TEST(OpenVexStatus, ALaterWordCountsWhateverTheOrder) {
  const std::string earlier = Statement("pkg:deb/debian/openssl");
  const std::string later =
      Statement("pkg:deb/debian/openssl", "affected", R"(,"timestamp":"2026-02-01T00:00:00Z")");
  EXPECT_EQ(Fares(OpenVex(earlier + "," + later), Found(kDeb)), "counts");
  EXPECT_EQ(Fares(OpenVex(later + "," + earlier), Found(kDeb)), "counts");
}

TEST(OpenVexStatus, OfOneTimeTheLastWordCounts) {
  const std::string good = Statement("pkg:deb/debian/openssl");
  const std::string bad = Statement("pkg:deb/debian/openssl", "affected");
  EXPECT_EQ(Fares(OpenVex(good + "," + bad), Found(kDeb)), "counts");
  EXPECT_NE(Fares(OpenVex(bad + "," + good), Found(kDeb)), "counts");
}

TEST(OpenVex, WordsIdsAndSubcomponents) {
  const std::string justified = Statement(
      "pkg:deb/debian/openssl", "not_affected",
      R"(,"justification":"vulnerable_code_not_present","impact_statement":"not built in")");
  EXPECT_EQ(Fares(OpenVex(justified), Found(kDeb)),
            "not_affected|vulnerable_code_not_present: not built in|https://example.com/vex-1");
  const std::string by_alias = R"({"vulnerability":{"name":"X-1","aliases":["ghsa-aaaa-bbbb-cccc"]},
    "products":[{"@id":"pkg:deb/debian/openssl"}],"status":"fixed"})";
  EXPECT_NE(Fares(OpenVex(by_alias), Found(kDeb)), "counts");
  const auto of_image = [&](const std::string& part) {
    return OpenVex(R"({"vulnerability":{"name":"CVE-2023-1"},"status":"not_affected","products":[
      {"@id":"pkg:oci/cart?repository_url=registry.example.com/shop/cart",
       "subcomponents":[{"@id":")" +
                   part + R"("}]}]})");
  };
  EXPECT_NE(Fares(of_image("pkg:deb/debian/openssl@3.0.1-1"), Found(kDeb)), "counts");
  EXPECT_EQ(Fares(of_image("pkg:deb/debian/zlib1g"), Found(kDeb)), "counts");
  // 0.0.1 wrote text where 0.2.0 has objects.
  const std::string old = OpenVex(R"({"vulnerability":"CVE-2023-1","status":"not_affected",
    "products":["pkg:deb/debian/openssl"]})");
  EXPECT_NE(Fares(old, Found(kDeb)), "counts");
}

TEST(CsafVex, SpeaksThroughItsProductTree) {
  const std::string document = R"({"document":{"category":"csaf_vex","tracking":{"id":"EX-2026-1",
      "current_release_date":"2026-01-01T00:00:00Z"}},
    "product_tree":{"branches":[{"category":"vendor","name":"d","branches":[
        {"category":"product_version","name":"o","product":{"name":"openssl","product_id":"O",
          "product_identification_helper":{"purl":"pkg:deb/debian/openssl@3.0.1-1"}}}]}],
      "full_product_names":[{"name":"d12","product_id":"D12"}],
      "relationships":[{"category":"default_component_of","product_reference":"O",
        "relates_to_product_reference":"D12",
        "full_product_name":{"name":"openssl in d12","product_id":"D12:O"}}]},
    "vulnerabilities":[{"cve":"CVE-2023-1","product_status":{"known_not_affected":["D12:O"]},
      "flags":[{"label":"component_not_present","product_ids":["D12:O"]}],
      "threats":[{"category":"impact","details":"left out","product_ids":["D12:O"]}]},
     {"cve":"CVE-2023-2","product_status":{"known_affected":["O"]}},
     {"cve":"CVE-2023-3","product_status":{"known_not_affected":["D12"]}}]})";
  EXPECT_EQ(Fares(document, Found(kDeb)), "not_affected|component_not_present: left out|EX-2026-1");
  EXPECT_EQ(Fares(document, Found(kDeb, "CVE-2023-2")), "counts");
  EXPECT_EQ(Fares(document, Found(kDeb, "CVE-2023-3")), "counts") << "D12 has no package URL";
  EXPECT_EQ(ParseVex(document, "")->without_purl, 1u);
  std::string contradicts = document;
  const std::string list = R"("known_not_affected":["D12:O"])";
  contradicts.replace(contradicts.find(list), list.size(), list + R"(,"known_affected":["O"])");
  EXPECT_EQ(Fares(contradicts, Found(kDeb)), "counts") << "two words about one package";
}

struct WholeCase {
  const char* name;
  const char* whole;  // product_identification_helper of what the package is a component of
  const char* purl;   // of the package
  bool suppresses;
};
void PrintTo(const WholeCase& one, std::ostream* out) { *out << one.name; }
class CsafComponent : public testing::TestWithParam<WholeCase> {};
TEST_P(CsafComponent, IsMeantInWhatHoldsItAlone) {
  const std::string document =
      R"({"document":{"category":"csaf_vex","tracking":{"id":"EX-1"}},"product_tree":{
    "full_product_names":[
     {"product_id":"P","product_identification_helper":{"purl":")" +
      std::string(GetParam().purl) + R"("}},
     {"product_id":"W","product_identification_helper":)" +
      GetParam().whole + R"(}],
    "relationships":[
     {"product_reference":"P","relates_to_product_reference":"W",
      "full_product_name":{"product_id":"W:P"}},
     {"product_reference":"W:P","relates_to_product_reference":"nobody",
      "full_product_name":{"product_id":"A:W:P"}},
     {"product_reference":"P","relates_to_product_reference":"L",
      "full_product_name":{"product_id":"L"}}]},
   "vulnerabilities":[{"cve":"CVE-2023-1","product_status":{"known_not_affected":["A:W:P","L"]}}]})";
  const Finding found = Found("pkg:rpm/redhat/openssl@3.0.7-1.el9?arch=x86_64&distro=rhel-9.4");
  EXPECT_EQ(Fares(document, found) != "counts", GetParam().suppresses);
}
INSTANTIATE_TEST_SUITE_P(
    Table, CsafComponent,
    testing::Values(
        WholeCase{"OfAnythingNamed", "{}", "pkg:rpm/redhat/openssl@3.0.7-1.el9", true},
        WholeCase{"OfThisImage",
                  R"({"purl":"pkg:oci/cart?repository_url=registry.example.com/shop/cart"})",
                  "pkg:rpm/redhat/openssl", true},
        WholeCase{"OfAnotherImage",
                  R"({"purl":"pkg:oci/cart?repository_url=registry.example.com/other/cart"})",
                  "pkg:rpm/redhat/openssl@3.0.7-1.el9", false},
        WholeCase{"OfAProgram", R"({"purl":"pkg:maven/acme/app@1"})", "pkg:rpm/redhat/openssl",
                  false},
        WholeCase{"OfAModule", R"({"purl":"pkg:rpmmod/redhat/openssl@8"})",
                  "pkg:rpm/redhat/openssl", true},
        WholeCase{"OfThisRelease", R"({"cpe":"cpe:/o:redhat:enterprise_linux:9"})",
                  "pkg:rpm/redhat/openssl", true},
        WholeCase{"OfAStreamOfThisRelease",
                  R"({"cpe":"cpe:/a:redhat:enterprise_linux:9::appstream"})",
                  "pkg:rpm/redhat/openssl", true},
        WholeCase{"OfThisReleaseAsCpe23",
                  R"({"cpe":"cpe:2.3:o:redhat:enterprise_linux:9:*:*:*:*:*:*:*"})",
                  "pkg:rpm/redhat/openssl", true},
        WholeCase{"OfAnyRelease", R"({"cpe":"cpe:2.3:o:redhat:enterprise_linux:*:*:*:*:*:*:*:*"})",
                  "pkg:rpm/redhat/openssl", true},
        WholeCase{"OfAnotherRelease", R"({"cpe":"cpe:/o:redhat:enterprise_linux:8"})",
                  "pkg:rpm/redhat/openssl", false},
        WholeCase{"OfAProductByItsCpe", R"({"cpe":"cpe:/a:redhat:openshift:4.12::el9"})",
                  "pkg:rpm/redhat/openssl", false},
        WholeCase{"OfAProductByItsCpeInOneVersion",
                  R"({"cpe":"cpe:/a:redhat:openshift:4.12::el9"})",
                  "pkg:rpm/redhat/openssl@3.0.7-1.el9", true}),
    [](const auto& info) { return std::string(info.param.name); });

TEST(CycloneDxVex, OfADocumentAboutAnImageIsAboutThatImage) {
  const auto document = [](const std::string& image, const std::string& ref) {
    return R"({"bomFormat":"CycloneDX","metadata":{"component":{"type":"container","bom-ref":"i")" +
           image + R"(}},
      "components":[{"bom-ref":"o-1","purl":"pkg:deb/debian/openssl@3.0.1-1"}],
      "vulnerabilities":[{"id":"CVE-2023-1","analysis":{"state":"not_affected"},
        "affects":[{"ref":")" +
           ref + R"("}]}]})";
  };
  const std::string ours =
      R"(,"purl":"pkg:oci/cart?repository_url=registry.example.com/shop/cart")";
  const std::string others =
      R"(,"purl":"pkg:oci/cart?repository_url=registry.example.com/other/cart")";
  EXPECT_NE(Fares(document(ours, "o-1"), Found(kDeb)), "counts");
  EXPECT_NE(Fares(document(ours, "i"), Found(kDeb)), "counts") << "all of it";
  EXPECT_EQ(Fares(document(others, "o-1"), Found(kDeb)), "counts");
  EXPECT_EQ(Fares(document(others, "pkg:deb/debian/openssl"), Found(kDeb)), "counts");
  EXPECT_EQ(Fares(document("", "o-1"), Found(kDeb)), "counts") << "of some image";
}

TEST(CycloneDxVex, SpeaksThroughBomRefsAndBomLinks) {
  const auto document = [](const std::string& state, const std::string& ref) {
    return R"({"bomFormat":"CycloneDX","specVersion":"1.6","serialNumber":"urn:uuid:1",
      "metadata":{"timestamp":"2026-01-01T00:00:00Z"},
      "components":[{"type":"library","name":"o","components":[
        {"type":"library","bom-ref":"o-1","name":"openssl",
         "purl":"pkg:deb/debian/openssl@3.0.1-1"}]}],
      "vulnerabilities":[{"id":"CVE-2023-1","analysis":{"state":")" +
           state + R"(","justification":"code_not_reachable","detail":"never called"},
        "affects":[{"ref":")" +
           ref + R"("}]}]})";
  };
  EXPECT_EQ(Fares(document("not_affected", "o-1"), Found(kDeb)),
            "not_affected|code_not_reachable: never called|urn:uuid:1");
  EXPECT_NE(Fares(document("false_positive", "urn:cdx:1/1#o-1"), Found(kDeb)), "counts");
  EXPECT_NE(Fares(document("resolved", "pkg:deb/debian/openssl"), Found(kDeb)), "counts");
  EXPECT_EQ(Fares(document("exploitable", "o-1"), Found(kDeb)), "counts");
  EXPECT_EQ(Fares(document("in_triage", "o-1"), Found(kDeb)), "counts");
  EXPECT_EQ(Fares(document("not_affected", "o-2"), Found(kDeb)), "counts");
}

TEST(Vex, WhatIsNoneOrBreaksItsFormatIsAnError) {
  const struct {
    const char* name;
    std::string text;
    const char* says;
  } cases[] = {
      {"nothing", "", "JSON"},
      {"a cut document", OpenVex(Statement("pkg:a/b")).substr(0, 150), "JSON"},
      {"another document", "{}", "is no VEX document"},
      {"a list", "[]", "is no VEX document"},
      {"a status that is none", OpenVex(Statement("pkg:a/b", "fine")),
       "statements[0]: status 'fine'"},
      {"no vulnerability", OpenVex(R"({"products":[],"status":"fixed"})"),
       "statements[0]: vulnerability.name is missing"},
      {"products that are no list",
       OpenVex(R"({"vulnerability":"C","products":{},"status":"fixed"})"), "products is no list"},
      {"statements that are no list", R"({"@context":"https://openvex.dev/ns","statements":{}})",
       "statements is no list"},
      {"control characters", OpenVex(Statement("pkg:a/b", "\\u001b[31m")), "status"},
      {"a hundred levels", std::string(100, '[') + std::string(100, ']'), "deep"},
      {"a CycloneDX state that is none",
       R"({"bomFormat":"CycloneDX","vulnerabilities":[{"id":"C","analysis":{"state":"ok"}}]})",
       "analysis.state 'ok' is unknown"},
      {"a CSAF vulnerability without a name",
       R"({"document":{"category":"csaf_vex"},"vulnerabilities":[{}]})", "neither cve nor ids"},
  };
  for (const auto& one : cases) {
    const auto read = ParseVex(one.text, "f");
    ASSERT_FALSE(read) << one.name;
    EXPECT_NE(read.error().message.find(one.says), std::string::npos)
        << one.name << ": " << read.error().message;
    EXPECT_EQ(read.error().message.find('\x1b'), std::string::npos) << one.name;
  }
}

TEST(Vex, ADocumentOfAFindingScannerSuppressesNothing) {
  const std::string sbom = R"({"bomFormat":"CycloneDX","components":[{"bom-ref":"o","purl":
    "pkg:deb/debian/openssl"}],"vulnerabilities":[{"id":"CVE-2023-1","affects":[{"ref":"o"}]}]})";
  EXPECT_EQ(Fares(sbom, Found(kDeb)), "counts");
}

}  // namespace
}  // namespace landwaiter::matching
