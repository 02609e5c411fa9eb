// Whole updates: what is built from, what is kept, and what is refused.
#include "scanner/updates/update.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "tests/unit/scanner/updates/feed_server.h"

namespace landwaiter::updates {
namespace {

using advisories::AdvisoryDatabase;
using advisories::OsvRecord;
using advisories::TemporaryFolder;

/// One record; `filler` bytes of a text that says nothing make it as large as a test needs.
std::string Record(const std::string& package, std::size_t filler = 0) {
  return OsvRecord("GHSA-1", "npm", package)
      .Introduced("0")
      .Field(R"("details":")" + std::string(filler, 'x') + "\"")
      .Json();
}
constexpr const char* kKev =
    R"({"vulnerabilities":[{"cveID":"CVE-2021-44906","dateAdded":"2022-01-01"}]})";

class UpdateTest : public ::testing::Test {
 protected:
  void SetUp() override {
    Serve("minimist");
    server_.Hold("/kev.json", kKev);
  }
  void Serve(const std::string& package, std::size_t filler = 1000) {
    server_.Hold("/osv.json", Record(package, filler),
                 "\"" + package + std::to_string(filler) + "\"");
  }
  Result<UpdateReport> Run(bool allow_shrink = false) {
    UpdateOptions options;
    options.files = {server_.File("/osv.json"), server_.File("/kev.json", "kev")};
    options.store = folder_.Path("db/feeds");
    options.build.output = folder_.Path("db");
    options.allow_shrink = allow_shrink;
    options.program = program_;
    options.fetch.max_tries = 1;
    options.wait = [](std::chrono::milliseconds, const std::string&, const Cancellation&) {
      return true;
    };
    return UpdateDatabase(*client_, clock_, options, {});
  }
  /// The one package that the database knows.
  void ExpectKnows(const std::string& package) {
    const auto database = AdvisoryDatabase::Open(folder_.Path("db"));
    ASSERT_TRUE(database) << database.error().message;
    EXPECT_EQ((*database)->Lookup("npm", package)->size(), 1u) << package;
    const auto facts = (*database)->About("CVE-2021-44906");
    ASSERT_TRUE(facts && facts->has_value());
    EXPECT_TRUE((*facts)->exploited_since);
  }
  void BreakAll(int status) {
    server_.SetHook([=](const SeenRequest&, Connection& c) -> std::optional<bool> {
      return c.Reply(status, {}, "");
    });
  }
  void BreakPath(const std::string& path, int status) {
    server_.SetHook([=](const SeenRequest& r, Connection& c) -> std::optional<bool> {
      if (r.target != path) return std::nullopt;
      return c.Reply(status, {}, "");
    });
  }

  TemporaryFolder folder_;
  FeedServer server_;
  std::unique_ptr<http::Client> client_ = *http::Client::Create({});
  TurnedClock clock_;
  std::string program_ = "of the test";
};

TEST_F(UpdateTest, BuildsFromWhatIsFetchedAndThenFromWhatIsUnchanged) {
  const auto first = Run();
  ASSERT_TRUE(first) << first.error().message;
  EXPECT_EQ(first->files[0].state, FileState::kFetched);
  EXPECT_EQ(first->info.feeds[0].name, "osv.json");
  ExpectKnows("minimist");
  const auto again = Run();
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(again->files[0].state, FileState::kUnchanged);
  EXPECT_EQ(again->info.id, first->info.id);
  Serve("lodash");
  ASSERT_TRUE(Run());
  ExpectKnows("lodash");
}

// Admission pitfall 72.
// Pitfall 145: a mirror that is down.
TEST_F(UpdateTest, AFeedThatCannotBeFetchedIsReplacedByTheLastGoodOne) {
  ASSERT_TRUE(Run());
  Serve("lodash");
  BreakPath("/kev.json", 500);
  const auto report = Run();
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->files[1].state, FileState::kKept);
  EXPECT_NE(report->files[1].error.message.find("500"), std::string::npos);
  ExpectKnows("lodash");
}

// Pitfall 145: what a mirror no longer gives grows old, however often a database is built of it.
TEST_F(UpdateTest, TheDatabaseIsOfTheTimeAtWhichTheFeedLookedAtLongestAgoWasLookedAt) {
  struct Step {
    const char* name;
    int hour;  // since the first update
    std::function<void()> change;
    int of_hour;
  };
  const std::vector<Step> steps = {
      {"the first fetch", 0, [] {}, 0},
      {"neither has changed", 6, [] {}, 6},
      {"one is refused", 12, [&] { BreakPath("/kev.json", 403); }, 6},
      {"the other is another by now", 18, [&] { Serve("lodash"); }, 6},
      {"both are refused for a month", 738, [&] { BreakAll(403); }, 6},
      {"one is given again", 744, [&] { BreakPath("/osv.json", 403); }, 18},
      {"both are given again", 750, [&] { server_.SetHook({}); }, 750},
      {"one has shrunk and is not believed", 756, [&] { Serve("lodash", 10); }, 750},
      {"one cannot be read", 762,
       [&] { server_.Hold("/osv.json", "<html>" + std::string(5000, 'x'), "\"html\""); }, 750},
      {"it can be read again", 768, [&] { Serve("minimist", 2000); }, 768}};
  const TimePoint first = clock_.now;
  for (const Step& step : steps) {
    clock_.now = first + std::chrono::hours(step.hour);
    step.change();
    const auto report = Run();
    ASSERT_TRUE(report) << step.name << ": " << report.error().message;
    const std::string expected = FormatTime(first + std::chrono::hours(step.of_hour));
    EXPECT_EQ(FormatTime(report->info.built_at), expected) << step.name;
    const auto manifest = advisories::ReadDatabaseInfo(folder_.Path("db"));
    ASSERT_TRUE(manifest) << step.name;
    EXPECT_EQ(FormatTime(manifest->built_at), expected) << step.name;
    for (const FileReport& file : report->files) {
      EXPECT_LE(report->info.built_at, file.checked_at) << step.name << ": " << file.file.name;
      if (file.state != FileState::kKept) {
        EXPECT_EQ(file.checked_at, clock_.now) << step.name << ": " << file.file.name;
      }
    }
  }
}

// Pitfall 145.
TEST_F(UpdateTest, WhereNobodyNotedWhenAFeedWasLookedAtItIsAsOldAsItsFile) {
  ASSERT_TRUE(Run());
  std::filesystem::remove(folder_.Path("db/feeds/state.json"));
  const timespec written{.tv_sec = 1'764'547'200, .tv_nsec = 0};  // 2025-12-01
  const timespec times[] = {written, written};
  ASSERT_EQ(::utimensat(AT_FDCWD, folder_.Path("db/feeds/files/kev.json").c_str(), times, 0), 0);
  BreakPath("/kev.json", 403);
  const auto report = Run();
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(FormatTime(report->info.built_at), "2025-12-01T00:00:00Z");
}

// Admission pitfall 72.
TEST_F(UpdateTest, AHostThatIsDownIsNotAskedForEachFile) {
  ASSERT_TRUE(Run());
  struct Row {
    const char* name;
    int status;
    std::size_t asked;
  };
  for (const Row& row : {Row{"too many requests", 429, 1}, Row{"overloaded", 503, 1},
                         Row{"a fault with each file", 500, 2}, Row{"not there", 404, 2}}) {
    clock_.now += std::chrono::hours(1);
    const std::size_t before = server_.Seen().size();
    server_.SetHook([&](const SeenRequest&, Connection& c) -> std::optional<bool> {
      return c.Reply(row.status, {}, "");
    });
    const auto report = Run();
    ASSERT_TRUE(report) << row.name << ": " << report.error().message;
    EXPECT_EQ(report->files[0].state, FileState::kKept) << row.name;
    EXPECT_EQ(report->files[1].state, FileState::kKept) << row.name;
    EXPECT_EQ(server_.Seen().size() - before, row.asked) << row.name;
  }
}

TEST_F(UpdateTest, WithoutALastGoodOneNothingIsBuilt) {
  BreakPath("/kev.json", 404);
  const auto report = Run();
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code, Code::kNotFound) << report.error().message;
  EXPECT_FALSE(AdvisoryDatabase::Open(folder_.Path("db")));
  server_.SetHook({});
  const auto next = Run();
  ASSERT_TRUE(next) << next.error().message;
  EXPECT_EQ(next->files[0].state, FileState::kUnchanged) << "what was fetched is not fetched again";
}

// Pitfall 147.
TEST_F(UpdateTest, AFeedThatShrankIsNotBelieved) {
  Serve("minimist", 10'000);
  ASSERT_TRUE(Run());
  struct Row {
    const char* name;
    std::size_t filler;
    FileState state;
  };
  for (const Row& row :
       {Row{"by an eighth", 8'750, FileState::kKept}, Row{"to nearly nothing", 0, FileState::kKept},
        Row{"by a twentieth", 9'500, FileState::kFetched}}) {
    Serve("lodash", row.filler);
    const auto report = Run();
    ASSERT_TRUE(report) << row.name;
    EXPECT_EQ(report->files[0].state, row.state) << row.name;
    if (row.state == FileState::kKept) {
      EXPECT_EQ(report->files[0].error.code, Code::kDataLoss) << row.name;
      ExpectKnows("minimist");
    }
  }
  ExpectKnows("lodash");
  Serve("other", 10);
  EXPECT_EQ(Run(true)->files[0].state, FileState::kFetched) << "told to";
  ExpectKnows("other");
}

/// As many bytes, whatever the number of records.
std::string KevOf(int records) {
  std::string json = R"({"vulnerabilities":[)";
  for (int i = 0; i < records; ++i) {
    json += std::string(i == 0 ? "" : ",") + R"({"cveID":"CVE-2021-)" + std::to_string(44906 + i) +
            R"(","dateAdded":"2022-01-01"})";
  }
  json += "]";
  return json + std::string(5000 - json.size(), ' ') + "}";
}

// Pitfall 147: bytes are not all that can be lost.
TEST_F(UpdateTest, AFeedThatLostRecordsIsNotBelievedHoweverManyBytesItHas) {
  struct Step {
    const char* name;
    int records;
    bool allow_shrink;
    FileState state;
    std::uint64_t in_database;
  };
  for (const Step& step :
       {Step{"the first of them is believed", 40, false, FileState::kFetched, 40},
        Step{"an eighth fewer is not", 35, false, FileState::kKept, 40},
        Step{"nor is it the next time", 35, false, FileState::kKept, 40},
        Step{"a tenth fewer is", 36, false, FileState::kFetched, 36},
        Step{"which is what the next is held against", 32, false, FileState::kKept, 36},
        Step{"unless that was told", 1, true, FileState::kFetched, 1},
        Step{"more always is", 60, false, FileState::kFetched, 60}}) {
    server_.Hold("/kev.json", KevOf(step.records), "\"" + std::to_string(step.records) + "\"");
    const auto report = Run(step.allow_shrink);
    ASSERT_TRUE(report) << step.name << ": " << report.error().message;
    const FileReport& kev = report->files[1];
    EXPECT_EQ(kev.state, step.state) << step.name;
    EXPECT_EQ(report->info.feeds[1].records, step.in_database) << step.name;
    ExpectKnows("minimist");
    if (step.state != FileState::kKept) continue;
    EXPECT_EQ(kev.error.code, Code::kDataLoss) << step.name;
    const std::string said =
        "has " + std::to_string(step.records) + " records, had " + std::to_string(step.in_database);
    EXPECT_NE(kev.error.message.find(said), std::string::npos) << kev.error.message;
    EXPECT_NE(kev.error.message.find("--allow-shrink"), std::string::npos) << kev.error.message;
  }
}

TEST_F(UpdateTest, RecordsAreComparedWithWhatTheSameProgramCounted) {
  struct Step {
    const char* name;
    const char* program;
    int records;
    FileState state;
  };
  for (const Step& step :
       {Step{"the first of them is believed", "one", 40, FileState::kFetched},
        Step{"another program may count otherwise", "two", 30, FileState::kFetched},
        Step{"but not the same one", "two", 20, FileState::kKept},
        Step{"nor after a step back", "one", 20, FileState::kFetched},
        Step{"what is unchanged", "two", 20, FileState::kUnchanged},
        Step{"was counted anew", "two", 10, FileState::kKept}}) {
    program_ = step.program;
    server_.Hold("/kev.json", KevOf(step.records), "\"" + std::to_string(step.records) + "\"");
    const auto report = Run();
    ASSERT_TRUE(report) << step.name << ": " << report.error().message;
    EXPECT_EQ(report->files[1].state, step.state) << step.name;
  }
}

TEST_F(UpdateTest, AFeedThatCannotBeReadGivesWayToItsLastGoodCopy) {
  ASSERT_TRUE(Run());
  const std::string good = *ReadFile(folder_.Path("db/feeds/files/osv.json"), 1u << 20);
  server_.Hold("/osv.json", "<html>" + std::string(5000, 'x'), "\"html\"");
  server_.Hold("/kev.json",
               R"({"vulnerabilities":[{"cveID":"CVE-2021-44906"},)"
               R"({"cveID":"CVE-2026-0001"}]})",
               "\"two\"");
  const auto report = Run();
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->files[0].state, FileState::kKept);
  EXPECT_NE(report->files[0].error.message.find("osv.json"), std::string::npos)
      << report->files[0].error.message;
  EXPECT_EQ(report->files[1].state, FileState::kFetched);
  EXPECT_EQ(report->info.feeds[1].records, 2u) << "the others go on";
  ExpectKnows("minimist");
  EXPECT_EQ(*ReadFile(folder_.Path("db/feeds/files/osv.json"), 1u << 20), good);
  EXPECT_FALSE(std::filesystem::exists(folder_.Path("db/feeds/new/osv.json")));
  const auto again = Run();
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(again->files[1].state, FileState::kUnchanged) << "fetched once";
  Serve("lodash");
  ASSERT_TRUE(Run());
  ExpectKnows("lodash");
}

TEST_F(UpdateTest, ALastGoodFileThatWasDamagedIsFetchedAnew) {
  ASSERT_TRUE(Run());
  folder_.Write("db/feeds/files/osv.json", "{" + std::string(1000, ' '));
  EXPECT_FALSE(Run()) << "the server says that it is unchanged";
  const auto report = Run();
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->files[0].state, FileState::kFetched);
  ExpectKnows("minimist");
}

}  // namespace
}  // namespace landwaiter::updates
