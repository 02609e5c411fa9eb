#include <gtest/gtest.h>

#include "tests/unit/allocations.h"
#include "tests/unit/scanner/advisories/collected.h"
#include "tests/unit/scanner/advisories/feed_folder.h"

namespace landwaiter::advisories {
namespace {

std::string Secdb(const std::string& head, const std::string& packages) {
  return "{" + head + R"(,"packages":[)" + packages + "]}";
}
const std::string kAlpine = R"("distroversion":"v3.18","reponame":"main")";

std::string Pkg(const std::string& name, const std::string& fixes) {
  return R"({"pkg":{"name":")" + name + R"(","secfixes":{)" + fixes + "}}}";
}

// Pitfall 81: version "0" is a statement. 87: Wolfi has no releases.
TEST(SecdbTest, FixesAreRowsOfTheBranchByOrigin) {
  CheckFeed(
      "alpine",
      {{"a version mends what is listed below it",
        "main.json",
        Secdb(kAlpine, Pkg("openssl", R"("3.1.2-r0":["CVE-2023-3817","CVE-2023-3446"])")),
        {"ALPINE-CVE-2023-3446 Alpine:v3.18 openssl <3.1.2-r0",
         "ALPINE-CVE-2023-3817 Alpine:v3.18 openssl <3.1.2-r0"}},
       {"version 0 says that the package never was affected",
        "main.json",
        Secdb(kAlpine, Pkg("coreutils", R"("0":["CVE-2016-2781"])")),
        {"ALPINE-CVE-2016-2781 Alpine:v3.18 coreutils not affected *"}},
       {"one vulnerability of two packages is one record",
        "main.json",
        Secdb(kAlpine, Pkg("a", R"("1-r0":["CVE-2023-0001"])") + "," +
                           Pkg("b", R"("2-r0":["CVE-2023-0001"])")),
        {"ALPINE-CVE-2023-0001 Alpine:v3.18 a <1-r0", "ALPINE-CVE-2023-0001 Alpine:v3.18 b <2-r0"}},
       {"Xen's number beside a CVE is no other name of it: it may cover several",
        "main.json",
        Secdb(kAlpine, Pkg("xen", R"("4-r0":["CVE-2016-9377 XSA-196","XSA-207"])")),
        {"ALPINE-CVE-2016-9377 Alpine:v3.18 xen <4-r0", "ALPINE-XSA-207 Alpine:v3.18 xen <4-r0"}},
       {"slips of the pen are read as they are meant",
        "main.json",
        Secdb(kAlpine, Pkg("mariadb", R"("10-r0":["CVE_2019-2426"])") + "," +
                           Pkg("rsync", R"("3-r0":["CVE-2017-17434-1"])")),
        {"ALPINE-CVE-2017-17434 Alpine:v3.18 rsync <3-r0",
         "ALPINE-CVE-2019-2426 Alpine:v3.18 mariadb <10-r0"}},
       {"edge is a branch of its own",
        "main.json",
        Secdb(R"("distroversion":"edge","reponame":"main")",
              Pkg("a", R"("1-r0":["CVE-2023-0001"])")),
        {"ALPINE-CVE-2023-0001 Alpine:edge a <1-r0"}},
       {"Wolfi and Chainguard have no branches",
        "security.json",
        Secdb(R"("reponame":"os","urlprefix":"https://packages.wolfi.dev")",
              Pkg("brotli", R"("1.0.9-r0":["CVE-2020-8927"])")),
        {"WOLFI-CVE-2020-8927 Wolfi brotli <1.0.9-r0"}},
       {"Chainguard's own",
        "security.json",
        Secdb(R"("reponame":"chainguard","urlprefix":"https://packages.cgr.dev")",
              Pkg("brotli", R"("1.0.9-r0":["CVE-2020-8927"],"0":["GHSA-xxxx-1"])")),
        {"CHAINGUARD-CVE-2020-8927 Chainguard brotli <1.0.9-r0",
         "CHAINGUARD-GHSA-xxxx-1 Chainguard brotli not affected *"}},
       {"a version that apk cannot read is left out and named, the others are kept",
        "main.json",
        Secdb(kAlpine, Pkg("a", R"("1 2-r0":["CVE-2023-0001"],"2-r0":["CVE-2023-0002"])")),
        {"ALPINE-CVE-2023-0002 Alpine:v3.18 a <2-r0"},
        {"packages[0].pkg.secfixes.1 2-r0"}},
       {"a package without fixes says nothing",
        "main.json",
        Secdb(kAlpine, R"({"pkg":{"name":"a","secfixes":null}},{"pkg":{"name":"b"}})"),
        {}}});
}

TEST(SecdbTest, DocumentsOfNoDistributionAreRefused) {
  CheckRefused("alpine", "main.json",
               {{"{}", "reponame: is missing"},
                {R"({"reponame":"main"})", "urlprefix: is missing"},
                {R"({"reponame":"os","urlprefix":"https://packages.example"})",
                 "of no distribution that is known"},
                {"{" + kAlpine + "}", "packages: is missing"},
                {"[]", "no object"},
                {"{", "is not JSON"}});
  CheckCuts("alpine", "main.json", Secdb(kAlpine, Pkg("a", R"("1-r0":["CVE-2023-0001"])")));
}

// Pitfall 82: rejections override secfixes.
TEST(SecdbTest, PitfallRejectionsGoBeforeSecfixesInEveryRelease) {
  CheckFeed("alpine-rejections",
            {{"a mapping from packages to ids",
              "main.yaml",
              "dnsmasq:\n  - CVE-2021-45951\n  - CVE-2021-45952\nbusybox: [CVE-2022-0001]\n",
              {"ALPINE-CVE-2021-45951 Alpine dnsmasq not affected *",
               "ALPINE-CVE-2021-45952 Alpine dnsmasq not affected *",
               "ALPINE-CVE-2022-0001 Alpine busybox not affected *"}},
             {"entries that are no ids are left out and named",
              "main.yaml",
              "a: CVE-2021-1\nb:\n  - [1]\nc:\n  - CVE-2021-0002\n",
              {"ALPINE-CVE-2021-0002 Alpine c not affected *"},
              {"package a: has no list", "package b: has an entry"}}});
  CheckRefused("alpine-rejections", "main.yaml",
               {{"- a\n- b\n", "no YAML mapping"},
                {"a: [", "is not YAML"},
                {"", "no YAML mapping"},
                {"a\n", "no YAML mapping"},
                {std::string(100'000, '['), "is not YAML"}});
}

TEST(SecdbTest, RejectionsOfOddShapesAreNamedAndTheOthersKept) {
  CheckFeed("alpine-rejections",
            {{"an alias is not followed",
              "main.yaml",
              "a: &x [CVE-2021-0001]\nb: *x\nc: [*x]\nd: [CVE-2021-0002]\n",
              {"ALPINE-CVE-2021-0001 Alpine a not affected *",
               "ALPINE-CVE-2021-0002 Alpine d not affected *"},
              {"package b: has no list", "package c: has an entry"}},
             {"a key that is no scalar, and a value that is a mapping",
              "main.yaml",
              "? [a, b]\n: [CVE-2021-0001]\nc: {d: [CVE-2021-0002]}\ne: [CVE-2021-0003]\n",
              {"ALPINE-CVE-2021-0003 Alpine e not affected *"},
              {"a key is no name", "package c: has no list"}},
             {"a package without ids says nothing", "main.yaml", "a: []\n", {}},
             {"every document counts",
              "main.yaml",
              "a: [CVE-2021-0001]\n---\nb: [CVE-2021-0001]\n",
              {"ALPINE-CVE-2021-0001 Alpine a not affected *",
               "ALPINE-CVE-2021-0001 Alpine b not affected *"}}});
}

TEST(SecdbTest, RejectionsAreReadInLinearWorkAndLittleMemory) {
  if (!landwaiter::testing::AllocationsAreCounted())
    GTEST_SKIP() << "a sanitizer has its own allocator";
  struct Cost {
    std::uint64_t allocations, peak_bytes;
  };
  const auto cost = [](int keys) {
    std::string yaml;
    for (int i = 0; i < keys; ++i) yaml += "p" + std::to_string(i) + ": [CVE-2021-0001]\n";
    Collected collected;
    const landwaiter::testing::AllocationCount count;
    const Status status = ReadFeed("alpine-rejections", "main.yaml", yaml, collected);
    EXPECT_TRUE(status.has_value());
    return Cost{count.allocations(), count.peak_bytes()};
  };
  const Cost one = cost(10'000);
  const Cost two = cost(20'000);
  EXPECT_LT(two.allocations, one.allocations * 21 / 10) << one.allocations;
  EXPECT_LT(two.peak_bytes, one.peak_bytes * 23 / 10) << one.peak_bytes;
  EXPECT_LT(two.peak_bytes / 20'000, 1'200u) << "of each key; a graph of nodes takes 2,500 more";
}

TEST(SecdbTest, TheSharedFilesAreReadToTheLastFix) {
  const std::string data = SharedTestData();
  if (data.empty()) GTEST_SKIP() << "no shared test data; set LANDWAITER_TESTDATA";
  const TemporaryFolder folder;
  BuildOptions options;
  options.output = folder.Path("db");
  options.feeds = {{"alpine", data + "/feeds/alpine"},
                   {"alpine", data + "/feeds/samples/wolfi-secdb/security.json"},
                   {"alpine", data + "/feeds/samples/chainguard-secdb/security.json"}};
  const auto info = BuildDatabase(options, {});
  ASSERT_TRUE(info.has_value()) << info.error().message;
  const auto database = AdvisoryDatabase::Open(folder.Path("db"));
  ASSERT_TRUE(database.has_value());
  for (const char* ecosystem :
       {"Alpine:v3.9", "Alpine:v3.10", "Alpine:v3.11", "Wolfi", "Chainguard"}) {
    EXPECT_TRUE((*database)->HasEcosystem(ecosystem)) << ecosystem;
  }
  const auto rows = (*database)->Lookup("Alpine:v3.10", "ansible");
  ASSERT_TRUE(rows.has_value());
  EXPECT_EQ(rows->size(), 5u);
}

}  // namespace
}  // namespace landwaiter::advisories
