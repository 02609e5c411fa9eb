// Random small databases, each made from the one before by a few changes of any kind: what is told
// to be untouched matches as it did, in every field, however many databases ago it was matched.
#include <functional>
#include <map>
#include <random>
#include <set>

#include "lib/base/clock.h"
#include "scanner/advisories/touched.h"
#include "scanner/matching/answer_memory.h"
#include "tests/unit/scanner/matching/state_database.h"

namespace landwaiter::matching {
namespace {

constexpr int kSeeds = 8;
constexpr int kDatabases = 12;  // one after the other, for each seed
constexpr int kNamesOfPackages = 6;
constexpr int kVulnerabilities = 14;

constexpr const char* kEcosystems[] = {"Debian:12",
                                       "Debian",
                                       "Alpine:v3.18",
                                       "Ubuntu:22.04:LTS",
                                       "Ubuntu:Pro:22.04:LTS",
                                       "Red Hat:enterprise_linux:9",
                                       "Red Hat:enterprise_linux:9::baseos",
                                       "Red Hat:rhel_eus:9.0::baseos",
                                       "npm",
                                       "PyPI"};

class Dice {
 public:
  explicit Dice(int seed) : generator_(static_cast<unsigned>(seed)) {}
  int Below(int bound) { return static_cast<int>(generator_() % static_cast<unsigned>(bound)); }
  bool OneIn(int many) { return Below(many) == 0; }
  template <class List>
  std::string Of(const List& list) {
    return list[static_cast<std::size_t>(Below(static_cast<int>(std::size(list))))];
  }

 private:
  std::mt19937 generator_;
};

std::string RandomCve(Dice& dice) {
  return "CVE-2021-" + std::to_string(1000 + dice.Below(kVulnerabilities));
}
std::string RandomName(Dice& dice) { return "p" + std::to_string(dice.Below(kNamesOfPackages)); }

struct RandomRecord {
  std::string ecosystem, package;
  std::string fixed;  // "" for none, "0" for not affected
  std::set<std::string> aliases, upstream;
  std::string word, urgency, title;

  std::string Json(const std::string& id) const {
    advisories::OsvRecord record(id, ecosystem, package);
    record.Introduced("0");
    if (!fixed.empty()) record.Fixed(fixed);
    if (!aliases.empty()) record.Names("aliases", {aliases.begin(), aliases.end()});
    if (!upstream.empty()) record.Names("upstream", {upstream.begin(), upstream.end()});
    if (!word.empty()) record.Word(word);
    if (!urgency.empty()) record.Urgency(urgency);
    record.Field(R"("summary":")" + title + "\"");
    return record.Json();
  }
};

constexpr const char* kWords[] = {"", "LOW", "MODERATE", "HIGH", "CRITICAL"};
constexpr const char* kUrgencies[] = {"", "", "low", "high", "unimportant"};
constexpr const char* kFixes[] = {"", "0", "1-1", "2-1", "3-1", "4-1"};

RandomRecord ARecord(Dice& dice) {
  RandomRecord record;
  record.ecosystem = dice.Of(kEcosystems);
  record.package = RandomName(dice);
  record.fixed = dice.Of(kFixes);
  if (!dice.OneIn(3)) record.aliases.insert(RandomCve(dice));
  while (dice.OneIn(3)) record.upstream.insert(RandomCve(dice));
  record.word = dice.Of(kWords);
  record.urgency = dice.Of(kUrgencies);
  return record;
}

/// All feeds of one database.
struct RandomFeeds {
  std::map<std::string, RandomRecord> records;
  std::map<std::string, int> scores;  // EPSS, in hundredths
  std::set<std::string> exploited;
  std::map<std::string, std::string> ends;  // of releases of Debian and Ubuntu
  std::string extension = "2027-06-30";
  std::string product = "enterprise_linux:9::baseos";  // of the one repository
  bool has_exploited = true;
  int day = 0;

  std::string Scores() const {
    std::string text = "cve,epss,percentile\nCVE-1999-1001,0.5,0.5\n";
    for (const auto& [cve, score] : scores) {
      text += cve + ",0." + std::to_string(100 + score) + ",0.5\n";
    }
    return text;
  }
  std::string Exploited() const {
    std::string list = R"({"cveID":"CVE-1999-1001","dateAdded":"2022-01-01"})";
    for (const auto& cve : exploited)
      list += R"(,{"cveID":")" + cve + R"(","dateAdded":"2022-01-01"})";
    return R"({"catalogVersion":"1","dateReleased":"2026-01-01T00:00:00Z","count":)" +
           std::to_string(exploited.size() + 1) + R"(,"vulnerabilities":[)" + list + "]}";
  }
  std::string EndsOf(const std::string& release) const {
    return R"({"releases":{")" + release + R"(":{"eol":")" + ends.at(release) + R"(","eoes":")" +
           extension + R"("}}})";
  }
  std::string Repositories() const {
    return R"({"data":{"a-repository":{"cpes":["cpe:/o:redhat:)" + product + R"("]}}})";
  }
};

RandomFeeds FirstFeeds(Dice& dice) {
  RandomFeeds feeds;
  for (const char* ecosystem : kEcosystems) {
    RandomRecord record = ARecord(dice);
    record.ecosystem = ecosystem;
    record.package = "anchor";
    feeds.records["ANCHOR-" + std::to_string(feeds.records.size())] = record;
  }
  for (int i = 0; i < 40; ++i) feeds.records["R-" + std::to_string(i)] = ARecord(dice);
  for (int i = 0; i < 8; ++i) feeds.scores[RandomCve(dice)] = dice.Below(100);
  for (int i = 0; i < 3; ++i) feeds.exploited.insert(RandomCve(dice));
  feeds.ends = {{"12", "2026-06-10"}, {"22.04", "2026-04-01"}};
  return feeds;
}

void ChangeARecord(RandomFeeds& feeds, Dice& dice) {
  const std::string id = "R-" + std::to_string(dice.Below(45));
  const auto at = feeds.records.find(id);
  if (at == feeds.records.end() || dice.OneIn(6)) {
    feeds.records[id] = ARecord(dice);
    return;
  }
  RandomRecord& record = at->second;
  const std::function<void()> changes[] = {
      [&] { feeds.records.erase(at); },       [&] { record.fixed = dice.Of(kFixes); },
      [&] { record.word = dice.Of(kWords); }, [&] { record.urgency = dice.Of(kUrgencies); },
      [&] { record.title += "x"; },           [&] { record.aliases.insert(RandomCve(dice)); },
      [&] { record.aliases.clear(); },        [&] { record.upstream.insert(RandomCve(dice)); },
      [&] { record.upstream.clear(); },       [&] { record.package = RandomName(dice); }};
  changes[dice.Below(static_cast<int>(std::size(changes)))]();
}

void Change(RandomFeeds& feeds, Dice& dice) {
  const std::function<void()> others[] = {
      [&] { feeds.scores[RandomCve(dice)] = dice.Below(100); },
      [&] { feeds.scores.erase(RandomCve(dice)); },
      [&] {
        const std::string cve = RandomCve(dice);
        if (feeds.exploited.erase(cve) == 0) feeds.exploited.insert(cve);
      },
      [&] { feeds.day += dice.Below(200); },
      [&] { feeds.ends["12"] = dice.OneIn(2) ? "2025-06-10" : "2026-06-10"; },
      [&] { feeds.extension = dice.OneIn(2) ? "2025-06-30" : "2027-06-30"; },
      [&] {
        feeds.product = dice.OneIn(2) ? "rhel_eus:9.0::baseos" : "enterprise_linux:9::baseos";
      },
      [&] { feeds.has_exploited = !dice.OneIn(3); }};
  if (!dice.OneIn(3)) return ChangeARecord(feeds, dice);
  others[dice.Below(static_cast<int>(std::size(others)))]();
}

Package RandomPackage(const std::string& type, Dice& dice) {
  return APackage(type, RandomName(dice), std::to_string(1 + dice.Below(4)) + "-1");
}

/// A few packages each, so that most changes are of others.
std::vector<Inventory> RandomInventories(Dice& dice) {
  struct Kind {
    const char *family, *version, *type;
  };
  std::vector<Inventory> inventories;
  for (const Kind& kind : {Kind{"debian", "12", "deb"}, Kind{"ubuntu", "22.04", "deb"},
                           Kind{"alpine", "3.18.2", "apk"}, Kind{"rhel", "9.3", "rpm"},
                           Kind{"", "", "npm"}, Kind{"fedora", "40", "rpm"}}) {
    for (int copy = 0; copy < 6; ++copy) {
      std::vector<Package> packages;
      for (int i = 0; i < 2; ++i) packages.push_back(RandomPackage(kind.type, dice));
      Package owned = RandomPackage(dice.OneIn(2) ? "npm" : "pypi", dice);
      if (dice.OneIn(2)) owned.owner = packages[0].name;
      packages.push_back(owned);
      Inventory inventory = AnInventory(kind.family, kind.version, std::move(packages));
      inventory.layers.resize(2);
      if (copy == 1) inventory.layers[0].content_sets = {"a-repository__9"};
      inventories.push_back(std::move(inventory));
    }
  }
  return inventories;
}

bool AreTheSame(const MatchResult& a, const MatchResult& b) {
  return a.findings == b.findings && a.coverage == b.coverage && a.asked == b.asked;
}

class TouchedRandomTest : public testing::TestWithParam<int> {
 protected:
  std::unique_ptr<advisories::AdvisoryDatabase> BuildRandom(const RandomFeeds& feeds) {
    advisories::BuildOptions options;
    options.output = folder_.Path("db");
    std::filesystem::remove_all(folder_.Path("feed"));
    for (const auto& [id, record] : feeds.records)
      folder_.Write("feed/" + id + ".json", record.Json(id));
    options.feeds = {{"osv", folder_.Path("feed")},
                     {"epss", folder_.Write("epss.csv", feeds.Scores())},
                     {"endoflife", folder_.Write("debian.json", feeds.EndsOf("12"))},
                     {"endoflife", folder_.Write("ubuntu.json", feeds.EndsOf("22.04"))},
                     {"redhat-cpe", folder_.Write("r.json", feeds.Repositories())}};
    if (feeds.has_exploited)
      options.feeds.push_back({"kev", folder_.Write("kev.json", feeds.Exploited())});
    options.now = *ParseTime("2025-12-01T00:00:00Z") + std::chrono::hours(24) * feeds.day;
    const auto built = advisories::BuildDatabase(options, {});
    EXPECT_TRUE(built.has_value()) << (built ? "" : built.error().message);
    auto database = advisories::AdvisoryDatabase::Open(folder_.Path("db"));
    return database ? *std::move(database) : nullptr;
  }
  advisories::TemporaryFolder folder_;
};

TEST_P(TouchedRandomTest, WhatIsNotTouchedMatchesAsBefore) {
  Dice dice(GetParam());
  RandomFeeds feeds = FirstFeeds(dice);
  const auto inventories = RandomInventories(dice);
  auto before = BuildRandom(feeds);
  ASSERT_TRUE(before);
  std::vector<MatchResult> kept;
  for (const Inventory& inventory : inventories) kept.push_back(MatchOrFail(inventory, *before));
  int left_alone = 0, changed = 0;
  for (int round = 1; round < kDatabases; ++round) {
    for (int i = dice.Below(4); i >= 0; --i) Change(feeds, dice);
    auto after = BuildRandom(feeds);
    ASSERT_TRUE(after);
    const auto touched = advisories::TouchedBetween(*before, *after);
    ASSERT_TRUE(touched.has_value()) << touched.error().message;
    AnswerMemory memory(30);  // less than there is to keep
    for (std::size_t i = 0; i < inventories.size(); ++i) {
      MatchResult fresh = MatchOrFail(inventories[i], *after);
      const auto shared = Match(inventories[i], *after, &memory);
      EXPECT_TRUE(shared && AreTheSame(*shared, fresh)) << "round " << round << ", inventory " << i;
      const bool same =
          *touched && std::none_of(kept[i].asked.begin(), kept[i].asked.end(),
                                   [&](auto word) { return (*touched)->contains(word); });
      if (same) {
        EXPECT_TRUE(AreTheSame(kept[i], fresh)) << "round " << round << ", inventory " << i;
        ++left_alone;
      } else {
        changed += AreTheSame(kept[i], fresh) ? 0 : 1;
        kept[i] = std::move(fresh);
      }
    }
    before = std::move(after);
  }
  // Otherwise nothing was tried.
  EXPECT_GT(left_alone, 50);
  EXPECT_GT(changed, 5);
}

INSTANTIATE_TEST_SUITE_P(Seeds, TouchedRandomTest, testing::Range(1, kSeeds + 1));

}  // namespace
}  // namespace landwaiter::matching
