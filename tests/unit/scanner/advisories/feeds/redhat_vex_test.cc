// Red Hat's CSAF VEX.
#include <gtest/gtest.h>

#include "tests/unit/scanner/advisories/collected.h"
#include "tests/unit/scanner/advisories/feed_folder.h"

namespace landwaiter::advisories {
namespace {

/// A CSAF document in the making: products with CPEs, components with purls, what relates them, and
/// what is said of them.
class Csaf {
 public:
  Csaf& Product(const std::string& id, const std::string& cpe) {
    return Branch("product_name", id, "cpe", cpe);
  }
  Csaf& Component(const std::string& id, const std::string& purl) {
    return Branch("product_version", id, "purl", purl);
  }
  /// Puts a component into a product, and says so of it.
  Csaf& Say(const std::string& status, const std::string& product, const std::string& component) {
    Relate(product, component);
    std::string& list = status_[status];
    list += (list.empty() ? "" : ",") + ("\"" + product + ":" + component + "\"");
    return *this;
  }
  Csaf& Relate(const std::string& product, const std::string& component) {
    relations_ +=
        (relations_.empty() ? "" : ",") +
        (R"({"product_reference":")" + component + R"(","relates_to_product_reference":")" +
         product + R"(","full_product_name":{"product_id":")" + product + ":" + component + "\"}}");
    return *this;
  }
  Csaf& Detail(const std::string& list, const std::string& category, const std::string& details,
               const std::string& id) {
    std::string& entries = details_[list];
    entries += (entries.empty() ? "" : ",") + (R"({"category":")" + category + R"(","details":")" +
                                               details + R"(","product_ids":[")" + id + "\"]}");
    return *this;
  }
  std::string Json(const std::string& status = "final") const {
    std::string states, details;
    for (const auto& [name, list] : status_) {
      states += (states.empty() ? "\"" : ",\"") + name + "\":[" + list + "]";
    }
    for (const auto& [name, list] : details_) details += ",\"" + name + "\":[" + list + "]";
    return R"({"document":{"title":"a title","aggregate_severity":{"text":"Moderate"},)"
           R"("tracking":{"id":"CVE-2023-0001","status":")" +
           status +
           R"(","current_release_date":"2025-11-21T14:56:52+00:00"}},"product_tree":{"branches":)"
           R"([{"category":"vendor","branches":[)" +
           branches_ + R"(]}],"relationships":[)" + relations_ +
           R"(]},"vulnerabilities":[{"cve":"CVE-2023-0001","product_status":{)" + states + "}" +
           details + "}]}";
  }

 private:
  Csaf& Branch(const std::string& category, const std::string& id, const std::string& helper,
               const std::string& value) {
    branches_ += (branches_.empty() ? "" : ",") +
                 (R"({"category":")" + category + R"(","product":{"product_id":")" + id +
                  R"(","product_identification_helper":{")" + helper + "\":\"" + value + "\"}}}");
    return *this;
  }
  std::string branches_, relations_;
  std::map<std::string, std::string> status_, details_;
};

Csaf Rhel9() {
  return Csaf()
      .Product("B", "cpe:/o:redhat:enterprise_linux:9::baseos")
      .Product("E", "cpe:/o:redhat:rhel_eus:9.0::baseos")
      .Product("R", "cpe:/o:redhat:enterprise_linux:9");
}

// Pitfalls 95, 96, 98, 99, 100, 101: modules, products, architectures, streams, states, keys.
TEST(RedHatVexTest, StatesAreKeptByProductAndPackage) {
  const std::string id = "REDHAT-CVE-2023-0001 Red Hat:enterprise_linux:9";
  CheckFeed(
      "redhat",
      {{"fixed is below the version, by binary package; sources are not asked",
        "c.json",
        Rhel9()
            .Component("curl.x", "pkg:rpm/redhat/curl@7-26.el9?arch=x86_64&epoch=1")
            .Component("curl.a", "pkg:rpm/redhat/curl@7-26.el9?arch=aarch64&epoch=1")
            .Component("curl.s", "pkg:rpm/redhat/curl@7-26.el9?arch=src&epoch=1")
            .Say("fixed", "B", "curl.x")
            .Say("fixed", "B", "curl.a")
            .Say("fixed", "B", "curl.s")
            .Json(),
        {id + "::baseos curl <1:7-26.el9"}},
       {"PITFALL: what only one architecture has keeps it",
        "c.json",
        Rhel9()
            .Component("curl.z", "pkg:rpm/redhat/curl@7-26.el9?arch=s390x")
            .Say("fixed", "B", "curl.z")
            .Json(),
        {id + "::baseos curl <7-26.el9 arch=s390x"}},
       {"PITFALL: extended updates are a product of their own",
        "c.json",
        Rhel9()
            .Component("curl.x", "pkg:rpm/redhat/curl@7-14.el9_0.9?arch=noarch")
            .Say("fixed", "E", "curl.x")
            .Json(),
        {"REDHAT-CVE-2023-0001 Red Hat:rhel_eus:9.0::baseos curl <7-14.el9_0.9"}},
       {"PITFALL: minor releases within one product are mended apart",
        "c.json",
        Rhel9()
            .Component("old", "pkg:rpm/redhat/curl@7-23.el9_2.4?arch=noarch")
            .Component("new", "pkg:rpm/redhat/curl@7-26.el9_3.2?arch=noarch")
            .Say("fixed", "B", "old")
            .Say("fixed", "B", "new")
            .Json(),
        {id + "::baseos curl <7-26.el9_3.2 el9_2:<7-23.el9_2.4"}},
       {"affected without a fix, by source package in older documents",
        "c.json",
        Rhel9()
            .Component("vim", "pkg:rpm/redhat/vim")
            .Say("known_affected", "R", "vim")
            .Detail("remediations", "no_fix_planned", "Will not fix", "R:vim")
            .Json(),
        {id + " vim * WillNotFix of source"}},
       {"a component without a purl is its name",
        "c.json",
        Rhel9()
            .Say("known_affected", "R", "vim")
            .Detail("remediations", "no_fix_planned", "Out of support scope", "R:vim")
            .Json(),
        {id + " vim * EndOfLife of source"}},
       {"by binary package where sources are listed besides",
        "c.json",
        Rhel9()
            .Component("libcurl", "pkg:rpm/redhat/libcurl")
            .Component("curl.src", "pkg:rpm/redhat/curl?arch=src")
            .Say("known_affected", "R", "libcurl")
            .Say("known_affected", "R", "curl.src")
            .Detail("remediations", "none_available", "Fix deferred", "R:libcurl")
            .Json(),
        {id + " libcurl *"}},
       {"PITFALL: known_not_affected is a statement and not a gap",
        "c.json",
        Rhel9()
            .Component("samba", "pkg:rpm/redhat/samba")
            .Say("known_not_affected", "R", "samba")
            .Json(),
        {id + " samba not affected * of source"}},
       {"under investigation",
        "c.json",
        Rhel9()
            .Component("samba", "pkg:rpm/redhat/samba")
            .Say("under_investigation", "R", "samba")
            .Json(),
        {id + " samba * UnderInvestigation of source"}},
       {"a module stream in the component's purl",
        "c.json",
        Rhel9()
            .Component("n",
                       "pkg:rpm/redhat/nodejs@18.1-1.module+el9?arch=noarch&rpmmod="
                       "nodejs:18:8090020231114113312:a75119d5&epoch=1")
            .Say("fixed", "B", "n")
            .Json(),
        {id + "::baseos nodejs <1:18.1-1.module+el9 module=nodejs:18"}},
       {"a module between product and component, named after it",
        "c.json",
        Rhel9()
            .Component("n", "pkg:rpm/redhat/nodejs@18.1-1.module+el9?arch=noarch")
            .Component("m", "pkg:rpmmod/redhat/nodejs@18:8090020231114113312:a75119d5")
            .Say("fixed", "B:m", "n")
            .Relate("B", "m")
            .Json(),
        {id + "::baseos nodejs <18.1-1.module+el9 module=nodejs:18"}},
       {"PITFALL: a fix that was built in a module is none of packages of no module",
        "c.json",
        Rhel9()
            .Component("m", "pkg:rpm/redhat/nodejs@18.1-1.module+el9?arch=noarch")
            .Component("p", "pkg:rpm/redhat/nodejs@16.1-8.el9_2?arch=noarch")
            .Say("fixed", "B", "m")
            .Say("fixed", "B", "p")
            .Json(),
        {id + "::baseos nodejs <16.1-8.el9_2", id + "::baseos nodejs <18.1-1.module+el9 module=*"}},
       {"nor is one that was looked at and is affected",
        "c.json",
        Rhel9()
            .Component("m", "pkg:rpm/redhat/nodejs@18.1-1.module+el9?arch=noarch")
            .Say("known_affected", "B", "m")
            .Json(),
        {id + "::baseos nodejs <=18.1-1.module+el9 module=*"}},
       {"PITFALL: a slash in a name is a module only before a component",
        "c.json",
        Rhel9()
            .Component("go-toolset:rhel8/go-toolset",
                       "pkg:rpm/redhat/go-toolset@rhel8?arch=src&rpmmod=go-toolset:rhel8")
            .Say("known_affected", "R", "go-toolset:rhel8/go-toolset")
            .Say("known_affected", "R", "io.quarkus/quarkus-vertx-http")
            .Say("known_affected", "R", "nodejs:18/nodejs")
            .Json(),
        {id + " go-toolset * module=go-toolset:rhel8 of source",
         id + " nodejs * module=nodejs:18 of source"}},
       {"images and what is no product of Red Hat's are left out",
        "c.json",
        Csaf()
            .Product("X", "cpe:/a:other:thing:1")
            .Product("B", "cpe:/a:redhat:openshift:4.16::el9")
            .Component("image", "pkg:oci/ose-cli?arch=amd64")
            .Component("rpm", "pkg:rpm/redhat/curl")
            .Say("known_affected", "B", "image")
            .Say("known_affected", "X", "rpm")
            .Json(),
        {}},
       {"a rating that differs from the document's is the package's own",
        "c.json",
        Rhel9()
            .Component("a", "pkg:rpm/redhat/a")
            .Component("b", "pkg:rpm/redhat/b")
            .Say("known_affected", "R", "a")
            .Say("known_affected", "R", "b")
            .Detail("threats", "impact", "Moderate", "R:a")
            .Detail("threats", "impact", "Low", "R:b")
            .Json(),
        {id + " a * of source", id + " b * Low of source"}},
       {"a version that rpm cannot read is named",
        "c.json",
        Rhel9()
            .Component("a", "pkg:rpm/redhat/a@1%202-3?arch=noarch")
            .Say("fixed", "B", "a")
            .Json(),
        {},
        {"product_status.fixed[0]"}},
       {"what is no CSAF is named", "c.json", "{}", {}, {"document: is missing"}},
       {"what is no JSON is named", "c.json", "{", {}, {"is not JSON"}}});
}

Csaf Rhel10() {
  return Csaf()
      .Product("0", "cpe:/o:redhat:enterprise_linux:10.0")
      .Product("1", "cpe:/o:redhat:enterprise_linux:10.1")
      .Product("E", "cpe:/o:redhat:enterprise_linux_eus:10.0")
      .Product("R", "cpe:/o:redhat:enterprise_linux:10")
      .Component("old", "pkg:rpm/redhat/curl@8-4.el10_0.2?arch=noarch")
      .Component("new", "pkg:rpm/redhat/curl@8-9.el10_1?arch=noarch")
      .Component("curl", "pkg:rpm/redhat/curl")
      .Component("curl.src", "pkg:rpm/redhat/curl?arch=src");
}

// Pitfalls 96, 99, 100.
TEST(RedHatVexTest, PitfallMinorReleasesOfRhel10AreOneProductWhoseFixesStayApart) {
  const std::string id = "REDHAT-CVE-2023-0001 Red Hat:enterprise_linux";
  CheckFeed(
      "redhat",
      {{"a fix of one minor release is the major's",
        "c.json",
        Rhel10().Say("fixed", "0", "old").Json(),
        {id + ":10 curl <8-4.el10_0.2"}},
       {"of two each has its own",
        "c.json",
        Rhel10().Say("fixed", "0", "old").Say("fixed", "1", "new").Json(),
        {id + ":10 curl <8-9.el10_1 el10_0:<8-4.el10_0.2"}},
       {"extended updates are a product of their own",
        "c.json",
        Rhel10().Say("fixed", "E", "old").Say("fixed", "1", "new").Json(),
        {id + ":10 curl <8-9.el10_1", id + "_eus:10.0 curl <8-4.el10_0.2"}},
       {"what is not fixed is said of the major release",
        "c.json",
        Rhel10().Say("known_affected", "R", "curl").Say("known_affected", "R", "curl.src").Json(),
        {id + ":10 curl *"}},
       {"PITFALL: one minor release that is not affected does not speak for another that is",
        "c.json",
        Rhel10().Say("known_not_affected", "1", "curl").Say("known_affected", "0", "curl").Json(),
        {id + ":10 curl *"}},
       {"nor for one that had to be mended",
        "c.json",
        Rhel10().Say("known_not_affected", "1", "new").Say("fixed", "0", "old").Json(),
        {id + ":10 curl <8-4.el10_0.2"}},
       {"nor does its source package for binaries that had to be",
        "c.json",
        Rhel10()
            .Component("krb5", "pkg:rpm/redhat/krb5")
            .Component("libs", "pkg:rpm/redhat/krb5-libs@1-4.el10_0?arch=noarch")
            .Component("src", "pkg:rpm/redhat/krb5@1-4.el10_0?arch=src")
            .Say("known_not_affected", "1", "krb5")
            .Say("fixed", "0", "libs")
            .Say("fixed", "0", "src")
            .Json(),
        {id + ":10 krb5-libs <1-4.el10_0"}},
       {"where nothing else is said it is a statement",
        "c.json",
        Rhel10().Say("known_not_affected", "1", "new").Json(),
        {id + ":10 curl not affected *"}},
       {"what is said of the major release is said of all",
        "c.json",
        Rhel10().Say("known_not_affected", "R", "curl").Say("fixed", "0", "old").Json(),
        {id + ":10 curl <8-4.el10_0.2", id + ":10 curl not affected *"}}});
}

TEST(RedHatVexTest, DeletedDocumentsAreWithdrawn) {
  Collected collected;
  ASSERT_TRUE(ReadFeed("redhat", "c.json",
                       R"({"document":{"tracking":{"id":"CVE-2023-0030","status":"deleted"}}})",
                       collected)
                  .has_value());
  ASSERT_EQ(collected.records.size(), 1u);
  EXPECT_TRUE(collected.records[0].withdrawn);
  EXPECT_EQ(collected.records[0].advisory.id, "REDHAT-CVE-2023-0030");
}

TEST(VexTest, TheSharedFilesAreRead) {
  const std::string data = SharedTestData();
  if (data.empty()) GTEST_SKIP() << "no shared test data; set LANDWAITER_TESTDATA";
  const TemporaryFolder folder;
  const std::string samples = data + "/feeds/samples/";
  BuildOptions options;
  options.output = folder.Path("db");
  options.keep_going = true;
  std::vector<std::string> broken;
  options.on_broken = [&](const Error& error) { broken.push_back(error.message); };
  options.feeds = {{"redhat", samples + "redhat-csaf-vex"},
                   {"redhat", samples + "redhat-csaf-vex/csaf_vex_2023-10-31.tar.zst"},
                   {"ubuntu-vex", samples + "ubuntu-openvex"},
                   {"osv", samples + "ubuntu-osv"}};
  const auto info = BuildDatabase(options, {});
  ASSERT_TRUE(info.has_value()) << info.error().message;
  // Three of Red Hat's samples are cut documents without a head.
  for (const std::string& message : broken) {
    EXPECT_NE(message.find("document"), std::string::npos) << message;
  }
  const auto database = AdvisoryDatabase::Open(folder.Path("db"));
  ASSERT_TRUE(database.has_value());
  const auto curl = (*database)->Lookup("Red Hat:enterprise_linux:9::baseos", "curl");
  ASSERT_EQ(curl->size(), 1u);
  ASSERT_EQ(curl->at(0).ranges.size(), 2u);
  EXPECT_EQ(Text(curl->at(0).ranges[0]), "<7.76.1-26.el9_3.2");
  EXPECT_EQ(Text(curl->at(0).ranges[1]), "el9_2:<7.76.1-23.el9_2.4");
  const auto samba = (*database)->Lookup("Red Hat:enterprise_linux:9", "samba-libs");
  ASSERT_EQ(samba->size(), 1u);
  EXPECT_EQ(samba->at(0).claim, Claim::kNotAffected);
  const auto vim = (*database)->Lookup("Red Hat:enterprise_linux:9", "vim");
  ASSERT_EQ(vim->size(), 2u);
  EXPECT_EQ(vim->at(0).unfixed_state, FindingState::kWillNotFix);
  EXPECT_TRUE(vim->at(0).of_source);
  EXPECT_FALSE((*database)->Lookup("Ubuntu:Pro:16.04:LTS", "curl")->empty());
  EXPECT_EQ((*database)->Lookup("Ubuntu:22.04:LTS", "wayland")->size(), 2u)
      << "the notice and the record of the CVE";
}

}  // namespace
}  // namespace landwaiter::advisories
