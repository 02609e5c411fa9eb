// Feeds that are where an index says: what indexes may say, and updates that follow them.
#include "scanner/updates/index.h"

#include "scanner/updates/update.h"
#include "tests/unit/scanner/updates/feed_server.h"

namespace landwaiter::updates {
namespace {

using advisories::TemporaryFolder;

std::string Repomd(const std::string& href) {
  return R"(<?xml version="1.0"?><repomd xmlns="http://linux.duke.edu/metadata/repo">)"
         R"(<data type="primary"><location href="repodata/1-primary.xml.gz"/></data>)"
         R"(<data type="updateinfo"><checksum type="sha256">x</checksum>)"
         R"(<location href=")" +
         href +
         R"("/></data><data type="modules"><location href="repodata/m.gz"/></data></repomd>)";
}

TEST(FollowTest, LeadsToTheFileThatTheIndexNames) {
  struct Row {
    const char* name;
    Located at;
    std::string bytes;
    const char* mirror;
    Located next;
  };
  const std::string repository = "https://a.example/rocky/9/os/";
  for (const Row& row :
       {Row{"a name beside it",
            {"https://a.example/vex/archive_latest.txt", Index::kName},
            "csaf_vex_2026-11-20.tar.zst\n",
            "",
            {"https://a.example/vex/csaf_vex_2026-11-20.tar.zst", Index::kNone}},
        Row{"the updateinfo of a repository",
            {repository + "repodata/repomd.xml", Index::kRepomd},
            Repomd("repodata/5f-updateinfo.xml.gz"),
            "",
            {repository + "repodata/5f-updateinfo.xml.gz", Index::kNone}},
        Row{"the first repository of a list",
            {"https://a.example/latest/mirror.list", Index::kMirrors},
            "https://a.example/guids/1f/x86_64/\r\nhttps://b.example/\n",
            "",
            {"https://a.example/guids/1f/x86_64/repodata/repomd.xml", Index::kRepomd}},
        Row{"the same on a mirror",
            {"http://m.example/f/a.example/latest/mirror.list", Index::kMirrors},
            "https://a.example/guids/1f/x86_64",
            "http://m.example/f/",
            {"http://m.example/f/a.example/guids/1f/x86_64/repodata/repomd.xml",
             Index::kRepomd}}}) {
    const auto next = Follow(row.at, row.bytes, row.mirror);
    ASSERT_TRUE(next) << row.name << ": " << next.error().message;
    EXPECT_EQ(*next, row.next) << row.name;
  }
}

TEST(FollowTest, LeadsNowhereElse) {
  struct Row {
    const char* name;
    Index index;
    std::string bytes;
  };
  for (const Row& row :
       {Row{"nothing", Index::kName, ""},
        Row{"a page", Index::kName, "<html></html>"},
        Row{"another server", Index::kName, "https://b.example/x.tar.zst"},
        Row{"a server without a scheme", Index::kName, "//b.example/x.tar.zst"},
        Row{"a folder above", Index::kName, "../x.tar.zst"},
        Row{"a hidden file", Index::kName, ".x.tar.zst"},
        Row{"a query", Index::kName, "x.tar.zst?a=b"},
        Row{"a long name", Index::kName, std::string(256, 'x')},
        Row{"an address", Index::kRepomd, Repomd("https://b.example/updateinfo.xml.gz")},
        Row{"a folder above the repository", Index::kRepomd, Repomd("../../updateinfo.xml.gz")},
        Row{"the root", Index::kRepomd, Repomd("/updateinfo.xml.gz")},
        Row{"no file", Index::kRepomd, Repomd("")},
        Row{"a repository without updates", Index::kRepomd, "<repomd></repomd>"},
        Row{"half a repomd.xml", Index::kRepomd, Repomd("repodata/u.xml").substr(0, 200)},
        Row{"no XML", Index::kRepomd, "repodata/u.xml"},
        Row{"an empty list", Index::kMirrors, "\nhttps://a.example/x\n"},
        Row{"a list of another server", Index::kMirrors, "https://b.example/x/\n"},
        Row{"a list without TLS", Index::kMirrors, "http://a.example/x/\n"},
        Row{"a list of another port", Index::kMirrors, "https://a.example:444/x/\n"},
        Row{"no index at all", Index::kNone, "x"}}) {
    const Located at{"https://a.example/os/repodata/repomd.xml?token=secret", row.index};
    const auto next = Follow(at, row.bytes, "");
    ASSERT_FALSE(next) << row.name << ": " << next->url;
    EXPECT_EQ(next.error().message.find("secret"), std::string::npos) << next.error().message;
  }
}

// Of a mirror whoever runs it has said that it may be asked, and of its folders each holds what one
// server gives.
TEST(FollowTest, OnAMirrorAListLeadsNowhereButToTheFolderOfItsServer) {
  struct Row {
    const char* name;
    const char* list;
  };
  const std::string mirror = "https://m.example/feeds/";
  const Located at{"https://m.example/feeds/a.example/latest/mirror.list", Index::kMirrors};
  ASSERT_TRUE(Follow(at, "https://a.example/os/\n", mirror));
  for (const Row& row :
       {Row{"another server's", "https://b.example/os/"},
        Row{"one whose name begins the same", "https://a.example.evil.example/os/"},
        Row{"another port's", "https://a.example:8443/os/"},
        Row{"above the folder", "https://a.example/../os/"},
        Row{"above the mirror", "https://a.example/../../private/"},
        Row{"above by another spelling", "https://a.example/%2e%2e/%2e%2e/private/"},
        Row{"above by a backslash", "https://a.example/..\\..\\private/"},
        Row{"above by a name", "https://../private/"},
        Row{"a hidden folder", "https://a.example/.git/"},
        Row{"a folder without a name", "https://a.example//b.example/"},
        Row{"a query", "https://a.example/os/?a=b"}}) {
    const auto next = Follow(at, row.list, mirror);
    EXPECT_FALSE(next) << row.name << ": " << next->url;
  }
  // A list that is not below the mirror itself is none that an update has fetched.
  EXPECT_FALSE(Follow({"https://m.example/a.example/mirror.list", Index::kMirrors},
                      "https://a.example/os/\n", mirror));
}

class LocatedUpdateTest : public ::testing::Test {
 protected:
  void SetUp() override { Publish("1", "curl"); }
  /// An edition of a repository's updates, in a file of its own.
  void Publish(const std::string& edition, const std::string& package) {
    server_.Hold("/latest/mirror.list", server_.server.Url("/guids/" + edition + "/") + "\n");
    server_.Hold("/guids/" + edition + "/repodata/repomd.xml", Repomd("repodata/u.xml"));
    server_.Hold("/guids/" + edition + "/repodata/u.xml",
                 R"(<updates><update type="security"><id>ALAS2-2026-001</id>)"
                 R"(<title>Important: an update</title><issued date="2026-01-01 00:00"/>)"
                 R"(<severity>important</severity><description>x</description><references>)"
                 R"(<reference id="CVE-2026-0001" type="cve"/></references><pkglist>)"
                 R"(<collection short="x"><package name=")" +
                     package +
                     R"(" epoch="0" version="8.0" release="1.amzn2" arch="x86_64">)"
                     R"(<filename>f.rpm</filename></package></collection></pkglist></update>)"
                     R"(</updates>)");
  }
  Result<UpdateReport> Run() {
    UpdateOptions options;
    options.files = {
        {"amazon", server_.server.Url("/latest/mirror.list"), "amazon.xml", Index::kMirrors}};
    options.store = folder_.Path("db/feeds");
    options.build.output = folder_.Path("db");
    options.fetch.max_tries = 1;
    options.wait = [](std::chrono::milliseconds, const std::string&, const Cancellation&) {
      return true;
    };
    return UpdateDatabase(*client_, clock_, options, {});
  }
  bool Knows(const std::string& package) {
    const auto database = advisories::AdvisoryDatabase::Open(folder_.Path("db"));
    if (!database) return false;
    const auto rows = (*database)->Lookup("Amazon Linux:2", package);
    return rows && rows->size() == 1;
  }

  TemporaryFolder folder_;
  FeedServer server_;
  std::unique_ptr<http::Client> client_ = *http::Client::Create({});
  TurnedClock clock_;
};

TEST_F(LocatedUpdateTest, IsFollowedToTheEditionOfTheDay) {
  const auto first = Run();
  ASSERT_TRUE(first) << first.error().message;
  EXPECT_EQ(first->files[0].state, FileState::kFetched);
  EXPECT_TRUE(Knows("curl"));
  clock_.now += std::chrono::hours(6);
  const auto same = Run();
  ASSERT_TRUE(same) << same.error().message;
  EXPECT_EQ(same->files[0].state, FileState::kUnchanged);
  EXPECT_EQ(same->info.built_at, clock_.now);
  Publish("2", "openssl");
  const auto other = Run();
  ASSERT_TRUE(other) << other.error().message;
  EXPECT_EQ(other->files[0].state, FileState::kFetched);
  EXPECT_TRUE(Knows("openssl"));
  EXPECT_FALSE(std::filesystem::exists(folder_.Path("db/feeds/new/amazon.xml.index")));
}

TEST_F(LocatedUpdateTest, WhereAnIndexLeadsAstrayTheLastGoodFileIsKept) {
  const std::string bad[] = {"https://elsewhere.example/\n", "<html></html>",
                             std::string(kMaxIndexBytes + 1, 'x')};
  EXPECT_TRUE(Run());
  const TimePoint looked = clock_.now;
  for (const std::string& list : bad) {
    clock_.now += std::chrono::hours(6);
    server_.Hold("/latest/mirror.list", list);
    const auto report = Run();
    ASSERT_TRUE(report) << report.error().message;
    EXPECT_EQ(report->files[0].state, FileState::kKept);
    EXPECT_EQ(report->info.built_at, looked);
    EXPECT_TRUE(Knows("curl"));
  }
  std::filesystem::remove_all(folder_.Path("db"));
  EXPECT_FALSE(Run()) << "there is no last good one";
}

// A name that says of which release a feed is has a folder of its own.
TEST_F(LocatedUpdateTest, AFileOfAPersonsOwnKeepsItsName) {
  server_.Hold("/mirror/cve_data_photon4.0.json",
               R"([{"cve_id":"CVE-2026-0002","pkg":"zlib","cve_score":5.0,)"
               R"("aff_ver":"all","res_ver":"1.3-1.ph4","status":"Fixed"}])");
  const auto files =
      ChooseFiles({{"photon=" + server_.server.Url("/mirror/cve_data_photon4.0.json")}});
  ASSERT_TRUE(files) << files.error().message;
  UpdateOptions options;
  options.files = *files;
  options.store = folder_.Path("db/feeds");
  options.build.output = folder_.Path("db");
  options.fetch.max_tries = 1;
  for (const FileState expected : {FileState::kFetched, FileState::kUnchanged}) {
    const auto report = UpdateDatabase(*client_, clock_, options, {});
    ASSERT_TRUE(report) << report.error().message;
    EXPECT_EQ(report->files[0].state, expected);
  }
  const auto database = advisories::AdvisoryDatabase::Open(folder_.Path("db"));
  ASSERT_TRUE(database) << database.error().message;
  EXPECT_EQ((*database)->Lookup("Photon OS:4.0", "zlib")->size(), 1u);
}

}  // namespace
}  // namespace landwaiter::updates
