// A release past its end of life, by the dates of endoflife.date.
#include <algorithm>

#include "tests/unit/scanner/matching/state_database.h"

namespace landwaiter::matching {
namespace {

using LifecycleTest = StatesTest;
using advisories::OsvRecord;

OperatingSystem Os(const std::string& family, const std::string& version,
                   const std::string& variant = "") {
  OperatingSystem os;
  os.family = family;
  os.version = version;
  os.variant = variant;
  return os;
}

// Pitfalls 61, 62.
TEST_F(LifecycleTest, PitfallAReleasePastItsEndIsSaidByTheDatabasesOwnDate) {
  const std::vector<File> files{
      {"endoflife", "debian.json",
       R"({"releases":{"10":{"eol":"2022-09-10","eoes":"2024-06-30"},"8":{"eol":true}}})"},
      {"endoflife", "ubuntu.json",
       R"({"releases":{"18.04":{"eol":"2023-05-31","eoes":"2028-04-01"}}})"},
      {"endoflife", "centos.json", R"({"releases":{"8":{"eol":"2021-12-31"}}})"},
      {"endoflife", "centos-stream.json", R"({"releases":{"8":{"eol":"2024-05-31"}}})"}};
  const std::vector<OsvRecord> records{Fixed("D-1", "Debian:10", "zlib", "9-1"),
                                       Fixed("D-2", "Debian:8", "zlib", "9-1"),
                                       Fixed("D-3", "Debian:12", "zlib", "9-1")};
  struct Case {
    const char* title;
    OperatingSystem os;
    const char* built;
    std::vector<const char*> parts;  // of the reason; none where the release lives
  };
  const Case cases[] = {
      {"debian's long term support is open to all: its end is the end",
       Os("debian", "10"),
       "2024-07-01T00:00:00Z",
       {"debian 10 is past its end of life (2024-06-30)"}},
      {"within it the release lives", Os("debian", "10"), "2022-09-11T00:00:00Z", {}},
      {"its last day belongs to it", Os("debian", "10"), "2024-06-30T12:00:00Z", {}},
      {"an end of unknown date has come",
       Os("debian", "8"),
       "2022-09-10T00:00:00Z",
       {"debian 8 is past its end of life:"}},
      {"nothing is known of it", Os("debian", "12"), "2099-01-01T00:00:00Z", {}},
      {"what only subscribers get is said and does not count",
       Os("ubuntu", "18.04"),
       "2023-06-01T00:00:00Z",
       {"ubuntu 18.04 is past its end of life (2023-05-31)", "extended support ends 2028-04-01"}},
      {"CentOS Stream is another product than CentOS",
       Os("centos", "8", "stream"),
       "2024-01-01T00:00:00Z",
       {}},
      {"CentOS itself ended sooner",
       Os("centos", "8"),
       "2024-01-01T00:00:00Z",
       {"centos 8 is past its end of life (2021-12-31)"}},
  };
  for (const Case& row : cases) {
    SCOPED_TRACE(row.title);
    auto inventory = AnInventory(row.os.family, row.os.version, {APackage("deb", "zlib", "1-1")});
    inventory.os = row.os;
    const auto result = MatchWith(records, inventory, files, row.built);
    const bool ended = std::any_of(result.coverage.begin(), result.coverage.end(),
                                   [](const Coverage& c) { return c.source == "lifecycle"; });
    EXPECT_EQ(ended, !row.parts.empty());
    if (!ended) continue;
    const Coverage coverage = CoverageOf(result, "lifecycle");
    EXPECT_EQ(coverage.state, CoverageState::kEndOfLife);
    for (const char* part : row.parts) {
      EXPECT_NE(coverage.reason.find(part), std::string::npos) << coverage.reason;
    }
  }
  EXPECT_EQ(MatchWith(records, AnInventory("debian", "10", {APackage("deb", "zlib", "1-1")}), files,
                      "2025-01-01T00:00:00Z")
                .findings.size(),
            1u)
      << "PITFALL: the end of life is not the end of data";
}

// Pitfalls 61, 104, 107: each distribution by endoflife.date's name of it and of its release.
TEST_F(LifecycleTest, PitfallEveryDistributionIsKnownByItsNameInTheFeed) {
  struct Case {
    OperatingSystem os;
    const char* product;
    const char* release;
  };
  const Case cases[] = {
      {Os("debian", "12"), "debian", "12"},
      {Os("debian", "9.13"), "debian", "9"},
      {Os("ubuntu", "22.04"), "ubuntu", "22.04"},
      {Os("alpine", "3.18.4"), "alpine-linux", "3.18"},
      {Os("rhel", "9.3"), "rhel", "9"},
      {Os("centos", "7"), "centos", "7"},
      {Os("centos", "9", "stream"), "centos-stream", "9"},
      {Os("almalinux", "8.9"), "almalinux", "8"},
      {Os("rocky", "9.3"), "rocky-linux", "9"},
      {Os("ol", "8.9"), "oracle-linux", "8"},
      {Os("fedora", "39"), "fedora", "39"},
      {Os("sles", "15.4"), "sles", "15.4"},
      {Os("sles", "15"), "sles", "15.0"},
      {Os("sles", "16.0"), "sles", "16.0"},
      {Os("opensuse-leap", "15.5"), "opensuse", "15.5"},
      {Os("photon", "4.0"), "photon", "4.0"},
      {Os("mariner", "2.0.20230126"), "azure-linux", "2.0"},
      {Os("azurelinux", "3.0"), "azure-linux", "3.0"},
      {Os("amzn", "2"), "amazon-linux", "2"},
      {Os("amzn", "2023"), "amazon-linux", "2023"},
      {Os("amzn", "2018.03"), "amazon-linux", "2018.03"},
      {Os("mageia", "9"), "mageia", "9"},
      {Os("openwrt", "22.03.5"), "openwrt", "22.03"},
  };
  const std::vector<OsvRecord> records{Fixed("D-1", "Debian:10", "zlib", "9-1")};
  for (const Case& row : cases) {
    SCOPED_TRACE(row.os.family + " " + row.os.version);
    Inventory inventory = AnInventory(row.os.family, row.os.version, {});
    inventory.os = row.os;
    // Of the product's other releases nothing ends: one that is taken for another has no end.
    const auto ends = [&](const std::string& release) {
      const File feed{"endoflife", "eol.json",
                      R"({"result":[{"name":")" + std::string(row.product) +
                          R"(","releases":[{"name":")" + release +
                          R"(","eolFrom":"2020-01-01"}]}]})"};
      const auto result = MatchWith(records, inventory, {feed});
      return result.coverage.empty() ? Coverage{} : result.coverage[0];
    };
    const Coverage coverage = ends(row.release);
    EXPECT_EQ(coverage.source, "lifecycle");
    EXPECT_EQ(coverage.state, CoverageState::kEndOfLife);
    EXPECT_NE(coverage.reason.find("is past its end of life (2020-01-01)"), std::string::npos)
        << coverage.reason;
    EXPECT_EQ(ends("0." + std::string(row.release)).source, "");
  }
}

}  // namespace
}  // namespace landwaiter::matching
