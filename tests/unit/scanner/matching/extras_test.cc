// Amazon Linux 2: the core and what amazon-linux-extras adds to it.
#include <gtest/gtest.h>

#include "tests/unit/scanner/matching/states.h"

namespace landwaiter::matching {
namespace {

/// An advisory as Amazon writes it: what is below `version`-`release` of `name`.
std::string Alas(const std::string& id, const std::string& cve, const std::string& name,
                 const std::string& version, const std::string& epoch = "0") {
  return "<update type=\"security\"><id>" + id + "</id><references><reference type=\"cve\" id=\"" +
         cve + "\"/></references><pkglist><collection><package name=\"" + name + "\" epoch=\"" +
         epoch + "\" version=\"" + version +
         "\" release=\"1.amzn2\" arch=\"x86_64\"/></collection></pkglist></update>";
}

const std::vector<std::string>& Core() {
  static const std::vector<std::string> core{
      Alas("ALAS2-2023-001", "CVE-2023-0001", "kernel", "4.14.9"),
      Alas("ALAS2-2023-002", "CVE-2023-0002", "php", "5.4.16"),
      Alas("ALAS2-2023-003", "CVE-2023-0003", "php-pear", "1.9.4", "1"),
      Alas("ALAS2-2023-004", "CVE-2023-0004", "curl", "8.0.1")};
  return core;
}

const std::vector<std::string>& Extras() {
  static const std::vector<std::string> extras{
      Alas("ALASKERNEL-5.10-2023-001", "CVE-2023-1001", "kernel", "5.10.20"),
      Alas("ALASKERNEL-5.15-2023-001", "CVE-2023-1002", "kernel", "5.15.20"),
      Alas("ALASPHP8.0-2023-001", "CVE-2023-1003", "php", "8.0.20"),
      Alas("ALASPHP8.2-2023-001", "CVE-2023-1004", "php", "8.2.20"),
      Alas("ALASPHP8.2-2023-002", "CVE-2023-1005", "php-pear", "1.10.12", "1"),
      Alas("ALASNGINX1-2023-001", "CVE-2023-1006", "nginx", "1.22.1"),
      Alas("ALAS2DOCKER-2023-001", "CVE-2023-1007", "docker", "25.0.3"),
      Alas("ALAS2ECS-2023-001", "CVE-2023-1008", "runc", "1.1.11")};
  return extras;
}

Package ExtraRpm(const std::string& name, const std::string& version) {
  Package package = APackage("rpm", name, version);
  package.architecture = "x86_64";
  return package;
}

std::string AmazonUpdates(const std::vector<std::string>& advisories) {
  std::string xml = "<updates>";
  for (const std::string& advisory : advisories) xml += advisory;
  return xml + "</updates>";
}

struct ExtrasCase {
  std::string name;  // a sentence
  std::string package, version;
  std::vector<std::string> findings = {};
  bool other_lines = false;
};

// Pitfall 104: extras are looked at, and never held against the core's versions.
TEST_F(StatesTest, PitfallExtrasOfAmazonLinuxAreToldFromTheCoreByTheirLineOfVersions) {
  const ExtrasCase cases[] = {
      {"the core's kernel is judged by the core",
       "kernel",
       "4.14.8-1.amzn2",
       {"kernel CVE-2023-0001"}},
      {"a kernel of extras is judged by its topic",
       "kernel",
       "5.10.19-1.amzn2",
       {"kernel CVE-2023-1001"}},
      {"another topic's kernel is judged by its own",
       "kernel",
       "5.15.19-1.amzn2",
       {"kernel CVE-2023-1002"}},
      {"a kernel of a topic without advisories is of none of the others", "kernel",
       "5.4.99-1.amzn2"},
      {"what a topic has mended is mended", "kernel", "5.10.20-1.amzn2"},
      {"the core's php is judged by the core", "php", "5.4.15-1.amzn2", {"php CVE-2023-0002"}},
      {"php of one topic is not judged by another's",
       "php",
       "8.0.19-1.amzn2",
       {"php CVE-2023-1003"}},
      {"php of the newest topic", "php", "8.2.1-1.amzn2", {"php CVE-2023-1004"}},
      {"what the core and a topic have, of the topic's line",
       "php-pear",
       "1:1.10.5-1.amzn2",
       {"php-pear CVE-2023-1005"}},
      {"what the core and a topic have, of the core's line, is said",
       "php-pear",
       "1:1.9.3-1.amzn2",
       {"php-pear CVE-2023-0003"},
       true},
      {"what the core and a topic have, mended in both", "php-pear", "1:1.10.12-1.amzn2"},
      {"what only a topic has", "nginx", "1.20.0-2.amzn2", {"nginx CVE-2023-1006"}},
      {"what only a topic has, of an older line",
       "docker",
       "20.10.25-1.amzn2",
       {"docker CVE-2023-1007"}},
      {"what several topics have and the core has not",
       "runc",
       "1.0.0-2.amzn2",
       {"runc CVE-2023-1008"}},
      {"what only the core has", "curl", "7.9.0-1.amzn2", {"curl CVE-2023-0004"}},
  };
  std::vector<std::string> all = Extras();
  all.insert(all.end(), Core().begin(), Core().end());
  for (const ExtrasCase& c : cases) {
    const auto result = MatchWith({}, AnInventory("amzn", "2", {ExtraRpm(c.package, c.version)}),
                                  {{"amazon", "updateinfo.xml", AmazonUpdates(all)}});
    EXPECT_EQ(Ids(result), c.findings) << c.name;
    const Coverage coverage = CoverageOf(result, "advisories");
    EXPECT_EQ(coverage.state, CoverageState::kRead) << c.name;
    EXPECT_EQ(coverage.reason.find("1 of 1 packages have names that extras have, too") !=
                  std::string::npos,
              c.other_lines)
        << c.name << ": " << coverage.reason;
  }
}

// Pitfall 104: a database that was built of the core's advisories says nothing of extras.
TEST_F(StatesTest, PitfallWithoutAFeedOfExtrasItIsSaidThatTheyAreNotLookedAt) {
  std::vector<std::string> all = Extras();
  all.insert(all.end(), Core().begin(), Core().end());
  struct Case {
    std::string name;
    std::vector<std::string> advisories;
    std::string version;
    CoverageState state;
    bool lacks;
  };
  const Case cases[] = {{"the core alone", Core(), "2", CoverageState::kRead, true},
                        {"core and extras", all, "2", CoverageState::kRead, false},
                        {"extras alone are no feed of the release", Extras(), "2",
                         CoverageState::kUnsupported, false},
                        {"Amazon Linux 2023 has none",
                         {Alas("ALAS2023-2023-001", "CVE-2023-0001", "curl", "8.0.1")},
                         "2023",
                         CoverageState::kRead,
                         false}};
  for (const Case& c : cases) {
    const auto result =
        MatchWith({}, AnInventory("amzn", c.version, {ExtraRpm("nginx", "1.20.0-2.amzn2")}),
                  {{"amazon", "updateinfo.xml", AmazonUpdates(c.advisories)}});
    const Coverage coverage = CoverageOf(result, "advisories");
    EXPECT_EQ(coverage.state, c.state) << c.name << ": " << coverage.reason;
    EXPECT_EQ(coverage.reason.find("no feed of its extras") != std::string::npos, c.lacks)
        << c.name << ": " << coverage.reason;
  }
}

}  // namespace
}  // namespace landwaiter::matching
