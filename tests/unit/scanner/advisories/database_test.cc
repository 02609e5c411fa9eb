#include "scanner/advisories/database.h"

#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <functional>
#include <thread>
#include <utility>

#include "lib/base/file.h"
#include "tests/unit/scanner/advisories/feed_folder.h"

namespace landwaiter::advisories {
namespace {

std::vector<OsvRecord> Records() {
  return {OsvRecord("GHSA-1", "npm", "minimist")
              .Introduced("0")
              .Fixed("1.2.6")
              .Names("aliases", {"CVE-2021-44906"}),
          OsvRecord("GHSA-2", "npm", "minimist-lite").Introduced("0"),
          OsvRecord("PYSEC-1", "PyPI", "Django").Introduced("0").Fixed("3.2.13"),
          OsvRecord("DEBIAN-CVE-1", "Debian:12", "minimist")
              .Introduced("0")
              .Names("upstream", {"CVE-2021-44906"})};
}

TEST(DatabaseTest, PackagesAreFoundByEcosystemAndExactName) {
  const TemporaryFolder folder;
  const auto database = DatabaseOf(folder, Records());
  ASSERT_NE(database, nullptr);
  const auto rows = database->Lookup("npm", "minimist");
  ASSERT_TRUE(rows.has_value());
  ASSERT_EQ(rows->size(), 1u);
  EXPECT_EQ((*rows)[0].advisory, "GHSA-1");
  EXPECT_TRUE(database->Lookup("npm", "minimis")->empty());
  EXPECT_TRUE(database->Lookup("npm", "Minimist")->empty());
  EXPECT_TRUE(database->Lookup("Debian", "minimist")->empty());
  EXPECT_EQ(database->Lookup("PyPI", "DJANGO")->size(), 1u);
  EXPECT_EQ(database->Lookup("npm", std::string(10'000, 'x'))->size(), 0u);
}

TEST(DatabaseTest, AdvisoriesAreFoundByAnyOfTheirNames) {
  const TemporaryFolder folder;
  const auto database = DatabaseOf(folder, Records());
  ASSERT_NE(database, nullptr);
  EXPECT_EQ(*database->AdvisoriesNaming("CVE-2021-44906"),
            (std::vector<std::string>{"DEBIAN-CVE-1", "GHSA-1"}));
  EXPECT_EQ(*database->AdvisoriesNaming("GHSA-2"), std::vector<std::string>{"GHSA-2"});
  EXPECT_TRUE(database->AdvisoriesNaming("CVE-2021-4490")->empty());
  EXPECT_EQ(database->GetAdvisory("GHSA-1")->aliases, std::vector<std::string>{"CVE-2021-44906"});
  EXPECT_EQ(database->GetAdvisory("GHSA-9").error().code, Code::kNotFound);
  EXPECT_EQ(*database->EcosystemsOf("minimist"), (std::vector<std::string>{"Debian:12", "npm"}));
}

TEST(DatabaseTest, InfoTellsEcosystemsAndFeeds) {
  const TemporaryFolder folder;
  const auto database = DatabaseOf(
      folder, Records(), R"({"vulnerabilities":[{"cveID":"CVE-2021-44906","dateAdded":"2022"}]})");
  ASSERT_NE(database, nullptr);
  EXPECT_TRUE(database->HasEcosystem("Debian:12"));
  EXPECT_FALSE(database->HasEcosystem("Debian:1"));
  EXPECT_FALSE(database->HasEcosystem("Debian"));
  EXPECT_FALSE(database->HasEcosystem("Go"));
  EXPECT_EQ(database->Info().advisories, 4u);
  EXPECT_TRUE(database->Info().known_exploited);
  const auto facts = database->About("CVE-2021-44906");
  ASSERT_TRUE(facts.has_value() && facts->has_value());
  EXPECT_EQ((*facts)->exploited_since, "2022");
  EXPECT_FALSE(database->About("CVE-2021-4490")->has_value());
  EXPECT_EQ(*DatabaseInfoFromJson(ToJson(database->Info())), database->Info());
}

TEST(DatabaseTest, AReaderKeepsItsDatabaseWhenANewOneIsSwappedIn) {
  const TemporaryFolder folder;
  const auto old = DatabaseOf(folder, Records());
  const auto fresh = DatabaseOf(folder, {OsvRecord("GHSA-9", "npm", "minimist").Introduced("0")});
  ASSERT_TRUE(old != nullptr && fresh != nullptr);
  EXPECT_NE(old->Info().id, fresh->Info().id);
  EXPECT_EQ(old->Lookup("npm", "minimist")->at(0).advisory, "GHSA-1");
  EXPECT_EQ(old->Lookup("PyPI", "django")->size(), 1u);
  EXPECT_EQ(fresh->Lookup("npm", "minimist")->at(0).advisory, "GHSA-9");
}

TEST(DatabaseTest, ManyThreadsReadAtOnceWhileAnotherOpensAndSwaps) {
  const TemporaryFolder folder;
  const auto database = DatabaseOf(folder, Records());
  ASSERT_NE(database, nullptr);
  std::atomic<int> wrong = 0;
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&] {
        for (int i = 0; i < 300; ++i) {
          const auto rows = database->Lookup("npm", "minimist");
          if (!rows || rows->size() != 1) ++wrong;
          const auto opened = AdvisoryDatabase::Open(folder.Path("db"));
          if (!opened || (*opened)->Lookup("npm", "minimist")->size() != 1) ++wrong;
        }
      });
    }
    for (int i = 0; i < 10; ++i) {
      auto records = Records();
      records.push_back(OsvRecord("GHSA-X", "npm", "p" + std::to_string(i)).Introduced("0"));
      if (!BuildDatabase(BuildFrom(folder, records), {})) ++wrong;
    }
  }
  EXPECT_EQ(wrong, 0);
}

class HostileDatabaseTest : public testing::Test {
 protected:
  void SetUp() override {
    std::vector<OsvRecord> records = Records();
    for (int i = 0; i < 300; ++i) {
      records.push_back(OsvRecord("GHSA-X" + std::to_string(i), "npm", "p" + std::to_string(i))
                            .Introduced("0")
                            .Fixed("1.0.0"));
    }
    const auto database = DatabaseOf(folder_, records);
    ASSERT_NE(database, nullptr);
    info_ = database->Info();
    bytes_ = *ReadFile(File(), 64u << 20);
  }
  std::string File() const { return folder_.Path("db/" + info_.file); }
  void ReplaceFile(const std::string& bytes) { folder_.Write("db/" + info_.file, bytes); }
  /// Also with a manifest that agrees about the size, as an attacker or a bad copy might leave it.
  void ReplaceManifestSize(std::size_t size) {
    DatabaseInfo info = info_;
    info.size_bytes = size;
    folder_.Write("db/manifest.json", ToJson(info));
  }
  Error OpenError() {
    const auto database = AdvisoryDatabase::Open(folder_.Path("db"));
    EXPECT_FALSE(database.has_value());
    return database ? Error{} : database.error();
  }

  TemporaryFolder folder_;
  DatabaseInfo info_;
  std::string bytes_;
};

TEST_F(HostileDatabaseTest, ATruncatedFileIsAnErrorBeforeItIsMapped) {
  for (const std::size_t size :
       {std::size_t{0}, std::size_t{1}, std::size_t{100}, std::size_t{4096}, std::size_t{8192},
        bytes_.size() / 2, bytes_.size() - 4096, bytes_.size() - 1}) {
    ReplaceFile(bytes_.substr(0, size));
    ReplaceManifestSize(info_.size_bytes);
    EXPECT_EQ(OpenError().code, Code::kDataLoss) << size;
    ReplaceManifestSize(size);
    EXPECT_EQ(OpenError().code, Code::kDataLoss) << size << " with a manifest that agrees";
  }
}

TEST_F(HostileDatabaseTest, AFlippedByteIsFoundByVerify) {
  for (std::size_t at = 4097; at < bytes_.size(); at += 7919) {
    std::string flipped = bytes_;
    flipped[at] = static_cast<char>(flipped[at] ^ 0x20);
    ReplaceFile(flipped);
    const Status verified = AdvisoryDatabase::Verify(folder_.Path("db"));
    ASSERT_FALSE(verified.has_value()) << at;
    EXPECT_EQ(verified.error().code, Code::kDataLoss) << at;
  }
}

TEST_F(HostileDatabaseTest, AFlippedByteInAValueIsAnErrorAndNotAShorterAnswer) {
  std::string flipped = bytes_;
  // "1.2.6" stands in one value only: the fix of minimist.
  const std::size_t at = flipped.find("1.2.6");
  ASSERT_NE(at, std::string::npos);
  flipped[at] = '0';
  ReplaceFile(flipped);
  const auto database = AdvisoryDatabase::Open(folder_.Path("db"));
  ASSERT_TRUE(database.has_value());
  const auto rows = (*database)->Lookup("npm", "minimist");
  ASSERT_FALSE(rows.has_value());
  EXPECT_EQ(rows.error().code, Code::kDataLoss);
  EXPECT_NE(rows.error().message.find(info_.file), std::string::npos) << rows.error().message;
}

TEST_F(HostileDatabaseTest, AFileThatIsCutShortWhileItIsOpenIsAnErrorThatNamesIt) {
  const auto database = AdvisoryDatabase::Open(folder_.Path("db"));
  ASSERT_TRUE(database.has_value());
  ASSERT_TRUE((*database)->Lookup("npm", "minimist").has_value());
  std::filesystem::resize_file(File(), 4096);
  const auto rows = (*database)->Lookup("npm", "minimist");
  ASSERT_FALSE(rows.has_value());
  EXPECT_EQ(rows.error().code, Code::kDataLoss);
  EXPECT_NE(rows.error().message.find(info_.file), std::string::npos) << rows.error().message;
  EXPECT_NE(rows.error().message.find("cut short"), std::string::npos) << rows.error().message;
}

TEST_F(HostileDatabaseTest, ATableThatIsCutShortWhileItIsReadIsAnErrorAndNotAShorterOne) {
  const auto database = AdvisoryDatabase::Open(folder_.Path("db"));
  ASSERT_TRUE(database.has_value());
  const auto count = [&](const std::function<void()>& at_first) {
    auto rows = (*database)->RowsOf(AdvisoryDatabase::Table::kAffected);
    EXPECT_TRUE(rows.has_value());
    for (std::size_t found = 0;; ++found) {
      const auto row = rows->Next();
      if (!row) return std::pair(found, row.error().message);
      if (!row->has_value()) return std::pair(found, std::string());
      if (found == 0) at_first();
    }
  };
  const auto whole = count([] {});
  EXPECT_EQ(whole, std::pair(std::size_t{304}, std::string()));
  const auto cut = count([&] { std::filesystem::resize_file(File(), bytes_.size() - 4096); });
  EXPECT_LT(cut.first, whole.first);
  EXPECT_NE(cut.second.find("cut short"), std::string::npos) << cut.second;
}

TEST_F(HostileDatabaseTest, PagesThatLieAreErrorsThatNameTheFile) {
  // The roots of all tables and what hangs below: every page number in every node of a branch, and
  // every header, say something else. Heads and manifest agree with the file.
  std::size_t errors = 0;
  for (std::size_t page = 2 * 4096; page < bytes_.size(); page += 4096) {
    std::string bytes = bytes_;
    bytes.replace(page + 10, 6, std::string(6, '\x7f'));
    ReplaceFile(bytes);
    const auto database = AdvisoryDatabase::Open(folder_.Path("db"));
    const auto rows = database ? (*database)->Lookup("npm", "minimist")
                               : Result<std::vector<Affected>>(database.error());
    if (rows) continue;
    ++errors;
    EXPECT_EQ(rows.error().code, Code::kDataLoss);
    EXPECT_NE(rows.error().message.find(info_.file), std::string::npos) << rows.error().message;
  }
  EXPECT_GE(errors, 2u) << "the tree of tables and the table's own";
}

TEST_F(HostileDatabaseTest, OtherFilesAreNoDatabase) {
  ReplaceFile(std::string(bytes_.size(), 'x'));
  EXPECT_NE(OpenError().message.find("wrong magic"), std::string::npos);
  ReplaceFile(std::string(bytes_.size(), '\0'));
  EXPECT_EQ(OpenError().code, Code::kDataLoss);
}

TEST_F(HostileDatabaseTest, LyingHeadsAreErrors) {
  struct Lie {
    std::string name;
    std::size_t offset;
    std::string bytes;
  };
  const Lie lies[] = {{"page size 0", 40, std::string(4, '\0')},
                      {"page size 2^31", 40, std::string("\0\0\0\x80", 4)},
                      {"page size 12345", 40, std::string("\x39\x30\0\0", 4)},
                      {"another format", 20, std::string("\x09\0\0\0", 4)},
                      {"last page beyond the end", 136, std::string("\xff\xff\xff\0\0\0\0\0", 8)}};
  for (const Lie& lie : lies) {
    for (const std::size_t page : {std::size_t{0}, std::size_t{4096}}) {
      std::string bytes = bytes_;
      bytes.replace(page + lie.offset, lie.bytes.size(), lie.bytes);
      ReplaceFile(bytes);
      EXPECT_EQ(OpenError().code, Code::kDataLoss) << lie.name << " in page at " << page;
    }
  }
}

TEST_F(HostileDatabaseTest, BrokenManifestsAreErrors) {
  const std::string good = ToJson(info_);
  const auto with = [&](const std::string& from, const std::string& to) {
    std::string text = good;
    const std::size_t at = text.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    return text.replace(at, from.size(), to);
  };
  struct Case {
    std::string name;
    std::string manifest;
    Code code;
    std::string message;
  };
  const Case cases[] = {
      {"empty", "", Code::kDataLoss, "manifest.json"},
      {"half", good.substr(0, good.size() / 2), Code::kDataLoss, "manifest.json"},
      {"no object", "[]", Code::kDataLoss, "manifest.json"},
      {"another format", with("\"formatVersion\": 3", "\"formatVersion\": 1"), Code::kUnsupported,
       "format version 1, expected 3"},
      {"a path out of the folder", with("\"advisories-", "\"../advisories-"), Code::kDataLoss,
       "field file"},
      {"a file that is not there", with("\"advisories-", "\"advisories-gone-"), Code::kDataLoss,
       "build the database again"},
      {"a type", with("\"sizeBytes\": ", "\"sizeBytes\": \"x\", \"was\": "), Code::kDataLoss,
       "manifest"},
  };
  for (const Case& c : cases) {
    folder_.Write("db/manifest.json", c.manifest);
    const Error error = OpenError();
    EXPECT_EQ(error.code, c.code) << c.name << ": " << error.message;
    EXPECT_NE(error.message.find(c.message), std::string::npos) << c.name << ": " << error.message;
  }
}

TEST(DatabaseTest, WhereThereIsNoneTheMessageSaysHowToMakeOne) {
  const TemporaryFolder folder;
  const auto database = AdvisoryDatabase::Open(folder.Path("none"));
  ASSERT_FALSE(database.has_value());
  EXPECT_EQ(database.error().code, Code::kNotFound);
  EXPECT_NE(database.error().message.find("landwaiter db build"), std::string::npos);
}

}  // namespace
}  // namespace landwaiter::advisories
