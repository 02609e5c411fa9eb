// Since when the cluster knows of its findings: over images, names and stores that are full.
#include "controller/first_seen.h"

#include <gtest/gtest.h>

#include "lib/store/sqlite_store.h"
#include "tests/unit/controller/builders.h"
#include "tests/unit/scanner/advisories/feed_folder.h"

namespace landwaiter::controller {
namespace {

const TimePoint kBegin = *ParseTime("2026-11-01T00:00:00Z");

TimePoint Day(int day) { return kBegin + std::chrono::days(day - 1); }

Finding Of(std::vector<std::string> names, const std::string& package = "openssl",
           const std::string& source = "", const std::string& type = "deb") {
  Finding finding = AFinding(names.front(), Severity::kHigh);
  finding.aliases.assign(names.begin() + 1, names.end());
  finding.package = package;
  finding.source_package = source;
  finding.package_type = type;
  return finding;
}

class FirstSeenTest : public ::testing::Test {
 protected:
  void SetUp() override { Open(); }
  void Open() {
    store_.reset();
    auto opened = store::OpenSqliteStore(folder_.Path("store"));
    ASSERT_TRUE(opened) << opened.error().message;
    store_ = std::move(opened->store);
  }
  /// The day (of November) on which each was first seen, as a match on that day has it.
  std::vector<std::string> SeenOn(int day, std::vector<Finding> findings) {
    std::vector<PlatformMatch> platforms(1);
    platforms[0].findings = std::move(findings);
    AddFirstSeen(*store_, "scan", Day(day), platforms);
    std::vector<std::string> days;
    for (const Finding& finding : platforms[0].findings) {
      days.push_back(finding.first_seen.empty() ? "" : finding.first_seen.substr(8, 2));
    }
    return days;
  }
  using Days = std::vector<std::string>;

  const advisories::TemporaryFolder folder_;
  std::unique_ptr<store::Store> store_;
};

TEST_F(FirstSeenTest, AFindingIsAVulnerabilityInAPackageWhateverTheImage) {
  EXPECT_EQ(SeenOn(2, {Of({"CVE-1"})}), Days({"02"}));
  struct Case {
    const char* name;
    Finding finding;
    const char* day;
  };
  Finding elsewhere = Of({"CVE-1"});
  elsewhere.path = "opt/x";
  elsewhere.installed_version = "2.0";
  elsewhere.layer = 7;
  const Case cases[] = {
      {"the same", Of({"CVE-1"}), "02"},
      {"another version, path and layer", elsewhere, "02"},
      {"a binary package of it as its source", Of({"CVE-1"}, "libssl3", "openssl"), "02"},
      {"another package", Of({"CVE-1"}, "nginx"), "09"},
      {"a package of the name in another ecosystem", Of({"CVE-1"}, "openssl", "", "npm"), "09"},
      {"another vulnerability", Of({"CVE-2"}), "09"},
  };
  for (const Case& c : cases) EXPECT_EQ(SeenOn(9, {c.finding}), Days({c.day})) << c.name;
}

TEST_F(FirstSeenTest, ANameThatIsLearntLaterLeadsToTheFirstDay) {
  EXPECT_EQ(SeenOn(2, {Of({"GHSA-1"})}), Days({"02"}));
  EXPECT_EQ(SeenOn(5, {Of({"CVE-1", "GHSA-1"})}), Days({"02"})) << "by its alias";
  EXPECT_EQ(SeenOn(9, {Of({"CVE-1"})}), Days({"02"})) << "and then by itself";
}

TEST_F(FirstSeenTest, ItOutlivesTheProcess) {
  SeenOn(2, {Of({"CVE-1"}), Of({"CVE-2"})});
  Open();
  EXPECT_EQ(SeenOn(9, {Of({"CVE-2"}), Of({"CVE-3"}), Of({"CVE-1"})}), Days({"02", "09", "02"}));
}

TEST_F(FirstSeenTest, AClockThatWasAheadIsNotBelieved) {
  EXPECT_EQ(SeenOn(20, {Of({"CVE-1"})}), Days({"20"}));
  EXPECT_EQ(SeenOn(3, {Of({"CVE-1"})}), Days({"03"}));
  EXPECT_EQ(SeenOn(9, {Of({"CVE-1"})}), Days({"03"}));
}

/// Of a server that is away.
class AwayStore final : public store::Store {
 public:
  Status PutInventory(const Digest&, const store::InventoryRecord&,
                      const std::vector<store::PackageKey>&) override {
    return Unavailable("away");
  }
  Result<std::optional<store::InventoryRecord>> GetInventory(const Digest&) override {
    return Unavailable("away");
  }
  Status PutFindings(const Digest&, const store::FindingsRecord&) override {
    return Unavailable("away");
  }
  Result<std::optional<store::FindingsRecord>> GetFindings(const Digest&) override {
    return Unavailable("away");
  }
  Result<std::optional<store::FindingsBasis>> GetFindingsBasis(const Digest&) override {
    return Unavailable("away");
  }
  Result<bool> RenewFindings(const Digest&, const store::FindingsBasis&,
                             const store::FindingsBasis&) override {
    return Unavailable("away");
  }
  Status Delete(const Digest&) override { return Unavailable("away"); }
  Result<std::vector<TimePoint>> NoteFirst(const std::vector<std::string>&, TimePoint) override {
    return Unavailable("away");
  }
  Result<std::vector<Digest>> Digests() override { return Unavailable("away"); }
  Result<std::vector<Digest>> ImagesWith(const store::PackageKey&, std::size_t) override {
    return Unavailable("away");
  }
};

TEST_F(FirstSeenTest, WhereTheStoreDoesNotSayNobodyKnows) {
  AwayStore away;
  std::vector<PlatformMatch> platforms(1);
  platforms[0].findings = {Of({"CVE-1"})};
  AddFirstSeen(away, "scan", Day(2), platforms);
  EXPECT_EQ(platforms[0].findings[0].first_seen, "");
}

TEST_F(FirstSeenTest, NamesOfAnyLengthAndBytesAreTaken) {
  const std::string bytes("\0\xFF\n'", 4);
  const Finding odd = Of({"CVE-1"}, bytes + std::string(100'000, 'x'));
  EXPECT_EQ(SeenOn(2, {odd}), Days({"02"}));
  EXPECT_EQ(SeenOn(9, {odd}), Days({"02"}));
  EXPECT_EQ(SeenOn(9, {}), Days());
}

}  // namespace
}  // namespace landwaiter::controller
