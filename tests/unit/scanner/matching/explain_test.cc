// Why a vulnerability is reported of an image, or why it is not.
#include "scanner/matching/explain.h"

#include <gtest/gtest.h>

#include "tests/unit/scanner/advisories/feed_folder.h"
#include "tests/unit/scanner/matching/inventories.h"

namespace landwaiter::matching {
namespace {

using advisories::OsvRecord;

struct ExplainCase {
  std::string name;
  std::vector<OsvRecord> records;
  Inventory inventory;
  std::vector<std::string> rows;  // "advisory: what it says"
  bool reported = false;
};

OsvRecord Record(const std::string& id, const std::string& ecosystem, const std::string& package) {
  return OsvRecord(id, ecosystem, package).Introduced("0").Names("upstream", {"CVE-2023-0001"});
}
OsvRecord Debian(const std::string& fix) {
  return Record("DEBIAN-CVE-2023-0001", "Debian:12", "zlib").Fixed(fix);
}
Inventory Zlib(const std::string& version) {
  return AnInventory("debian", "12", {APackage("deb", "zlib", version)});
}
Package Rpm(const std::string& module, const std::string& vendor) {
  Package package = APackage("rpm", "nodejs", module.empty() ? "16.0-1.el9" : "16.0-1.module+el9");
  package.module = module;
  package.vendor = vendor;
  return package;
}

std::vector<ExplainCase> Cases() {
  Package owned = APackage("pypi", "django", "3.2");
  owned.owner = "python3-django";
  const auto owner = FromSource(APackage("deb", "python3-django", "3.2-1+deb12u1"), "python-django",
                                "3.2-1+deb12u1");
  const auto stream = Record("RHSA-2023:1", "Red Hat:enterprise_linux:9", "nodejs");
  return {
      {"affected, with a fix",
       {Debian("2-1")},
       Zlib("1-1"),
       {"DEBIAN-CVE-2023-0001: affected (below 2-1), mended in 2-1"},
       true},
      {"affected, without one",
       {Record("DEBIAN-CVE-2023-0001", "Debian:12", "zlib")},
       Zlib("1-1"),
       {"DEBIAN-CVE-2023-0001: affected (all versions), Affected without a fix"},
       true},
      {"mended",
       {Debian("2-1")},
       Zlib("2-1+deb12u1"),
       {"DEBIAN-CVE-2023-0001: mended in 2-1, which this version has"}},
      {"never affected", {Debian("0")}, Zlib("1-1"), {"DEBIAN-CVE-2023-0001: not affected"}},
      {"another record says that it is not affected",
       {Debian("0"), Record("DSA-1-1", "Debian:12", "zlib").Fixed("2-1")},
       Zlib("1-1"),
       {"DEBIAN-CVE-2023-0001: not affected",
        "DSA-1-1: affected (below 2-1), mended in 2-1; not reported, since another record says "
        "that it is not affected"}},
      {"another release",
       {Record("DEBIAN-CVE-2023-0001", "Debian:11", "zlib"),
        Record("OTHER-1", "Debian:12", "other")},
       Zlib("1-1"),
       {}},
      {"the package that owns the files has the last word",
       {Record("PYSEC-1", "PyPI", "django").Names("aliases", {"CVE-2023-0001"}),
        Record("DEBIAN-CVE-2023-0001", "Debian:12", "python-django").Fixed("3.2-1+deb12u1")},
       AnInventory("debian", "12", {owner, owned}),
       {"DEBIAN-CVE-2023-0001: mended in 3.2-1+deb12u1, which this version has",
        "PYSEC-1: affected (all versions), Affected without a fix; not reported, since its files "
        "belong to python3-django, whose distribution has the last word"}},
      {"of another module stream",
       {stream},
       AnInventory("rhel", "9.3", {Rpm("nodejs:16", "Red Hat, Inc.")}),
       {"RHSA-2023:1: speaks of packages of no module, this package is of module nodejs:16"}},
      {"built by somebody else",
       {stream},
       AnInventory("rhel", "9.3", {Rpm("", "Fedora Project")}),
       {"RHSA-2023:1: affected (all versions), Affected without a fix; not reported, since it was "
        "built by Fedora Project, of whom this feed does not speak"}},
  };
}

// Pitfall 160.
TEST(ExplainTest, EveryAdvisorysWordIsToldAndWhyItCountsOrNot) {
  for (const ExplainCase& c : Cases()) {
    const advisories::TemporaryFolder folder;
    const auto info = advisories::BuildDatabase(advisories::BuildFrom(folder, c.records), {});
    ASSERT_TRUE(info.has_value()) << c.name << ": " << info.error().message;
    const auto database = advisories::AdvisoryDatabase::Open(folder.Path("db"));
    ASSERT_TRUE(database.has_value()) << c.name;
    for (const char* id : {"CVE-2023-0001", c.records[0].id().c_str()}) {
      const auto explanation = Explain(c.inventory, **database, id);
      ASSERT_TRUE(explanation.has_value()) << c.name;
      std::vector<std::string> rows;
      for (const ExplainedRow& row : explanation->rows) {
        rows.push_back(row.advisory + ": " + row.says);
      }
      std::sort(rows.begin(), rows.end());
      EXPECT_EQ(rows, c.rows) << c.name << ", asked for " << id;
      EXPECT_EQ(!explanation->reported.empty(), c.reported) << c.name << ", asked for " << id;
    }
  }
}

}  // namespace
}  // namespace landwaiter::matching
