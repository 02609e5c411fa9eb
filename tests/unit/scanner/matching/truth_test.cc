// Held against what osv-scanner found in a real image with the same feeds (shared test data,
// truth/): the same packages, the same vulnerabilities, or a reason for each difference.
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "lib/base/file.h"
#include "lib/base/text.h"
#include "scanner/matching/match.h"
#include "tests/unit/scanner/advisories/feed_folder.h"

namespace landwaiter::matching {
namespace {

using Row = std::vector<std::string>;

std::vector<Row> ReadTsv(const std::string& path) {
  std::vector<Row> rows;
  const auto bytes = ReadFile(path, 64u << 20);
  EXPECT_TRUE(bytes.has_value()) << path;
  if (!bytes) return rows;
  for (const std::string_view line : text::Split(*bytes, '\n')) {
    if (line.empty() || line[0] == '#') continue;
    Row& row = rows.emplace_back();
    for (const std::string_view cell : text::Split(line, '\t')) row.emplace_back(cell);
  }
  return rows;
}

std::string TypeOf(const std::string& ecosystem) {
  if (ecosystem.starts_with("Debian")) return "deb";
  if (ecosystem == "PyPI") return "pypi";
  return ecosystem == "Go" ? "golang" : ecosystem;
}

/// osv-scanner lists Debian's source names, so that they stand for the packages here.
Inventory InventoryFrom(const std::vector<Row>& rows) {
  Inventory inventory;
  inventory.os = OperatingSystem{"debian", "12", "bookworm", ""};
  for (const Row& row : rows) {
    const std::string type = TypeOf(row[0]);
    if (type != "deb" && type != "pypi" && type != "golang") continue;
    Package package;
    package.type = type;
    package.name = row[1];
    package.version = row[2];
    inventory.packages.push_back(std::move(package));
  }
  return inventory;
}

using Key = std::pair<std::string, std::string>;  // type and name, then an id

/// One id stands for a finding in both lists: the CVE where there is one.
std::set<std::pair<Key, std::string>> Expected(const std::vector<Row>& rows) {
  std::set<std::pair<Key, std::string>> out;
  for (const Row& row : rows) {
    std::string id = row[3];
    const std::string aliases = row.size() > 4 ? row[4] : "";
    for (const std::string_view alias : text::Split(aliases, ';')) {
      if (text::Trim(alias).starts_with("CVE-")) id = text::Trim(alias);
    }
    out.insert({{TypeOf(row[0]), text::ToLower(row[1])}, id});
  }
  return out;
}

TEST(TruthTest, FindingsEqualThoseOfOsvScannerOnTheSameFeeds) {
  const std::string data = advisories::SharedTestData();
  if (data.empty()) GTEST_SKIP() << "no shared test data; set LANDWAITER_TESTDATA";
  const advisories::TemporaryFolder folder;
  advisories::BuildOptions options;
  options.output = folder.Path("db");
  for (const char* feed : {"osv/Go/all.zip", "osv/PyPI/all.zip", "debian/debian12-osv-all.zip"}) {
    options.feeds.push_back({"osv", data + "/feeds/" + feed});
  }
  ASSERT_TRUE(advisories::BuildDatabase(options, {}).has_value());
  const auto database = advisories::AdvisoryDatabase::Open(folder.Path("db"));
  ASSERT_TRUE(database.has_value());
  const Inventory inventory = InventoryFrom(ReadTsv(data + "/truth/osv-deb-python.tsv"));
  const auto result = Match(inventory, **database);
  ASSERT_TRUE(result.has_value());

  std::set<std::pair<Key, std::string>> found;
  for (const Finding& f : result->findings) {
    found.insert({{f.package_type, text::ToLower(f.package)}, f.id});
  }
  const auto expected = Expected(ReadTsv(data + "/truth/osv-findings-deb-python.tsv"));
  for (const auto& entry : expected) {
    EXPECT_TRUE(found.contains(entry))
        << "missed: " << entry.first.first << " " << entry.first.second << " " << entry.second;
  }
  for (const auto& entry : found) {
    EXPECT_TRUE(expected.contains(entry))
        << "more: " << entry.first.first << " " << entry.first.second << " " << entry.second;
  }
  for (const Coverage& coverage : result->coverage) {
    EXPECT_EQ(coverage.state, CoverageState::kRead) << coverage.source << ": " << coverage.reason;
  }
}

}  // namespace
}  // namespace landwaiter::matching
