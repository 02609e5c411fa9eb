// Packages that nobody says are installed: docs/adr/0008.
#include "scanner/layer/hearsay.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "scanner/layer/scan_layer.h"
#include "tests/unit/scanner/layer/fixtures.h"

namespace landwaiter::layer {
namespace {

using packages::Declared;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::Reader;
using testing::Tar;

constexpr char kLock[] =
    R"({"packages": {"node_modules/a": {"version": "1.0.0"}, "node_modules/b": {"version": "2.0.0"},
        "node_modules/t": {"version": "3.0.0", "dev": true}}})";

MergedImage Merged(const Tar& tar, Declared declared) {
  const std::string bytes = tar.Build();
  Budget budget({});
  const LayerOptions options;
  auto layer = ScanTar(Reader(bytes, 700), options, budget, {});
  EXPECT_TRUE(layer) << layer.error().message;
  if (!layer) return {};
  EXPECT_EQ(layer->digest, Sha256::Of(bytes));
  EXPECT_EQ(layer->size_bytes, bytes.size());
  const LayerInventory* const stack[] = {&*layer};
  auto image = MergeLayers(stack, options.sources, {}, declared);
  EXPECT_TRUE(image) << image.error().message;
  return image ? *std::move(image) : MergedImage();
}

std::vector<std::string> Lines(const std::vector<Package>& packages) {
  std::vector<std::string> lines;
  for (const Package& p : packages) {
    lines.push_back(p.name + " " + p.version + " " + p.found_by + (p.dev ? " dev" : ""));
    EXPECT_THAT(p.purl, HasSubstr("pkg:"));
    EXPECT_EQ(p.layer, 0);
  }
  return lines;
}

Tar AProject() {
  Tar tar;
  tar.File("app/package-lock.json", kLock)
      .File("app/node_modules/a/package.json", R"({"name": "a", "version": "1.0.0"})")
      .File("app/node_modules/a/package-lock.json", "broken on purpose");
  return tar;
}

TEST(HearsayTest, AnImagesLockFilesAreHints) {
  const MergedImage image = Merged(AProject(), Declared::kHints);
  EXPECT_THAT(Lines(image.packages), ElementsAre("a 1.0.0 npm"));
  EXPECT_THAT(Lines(image.hints), ElementsAre("a 1.0.0 package-lock", "b 2.0.0 package-lock",
                                              "t 3.0.0 package-lock dev"));
  EXPECT_THAT(image.coverage, ElementsAre(Coverage{"npm", CoverageState::kRead, "", 1},
                                          Coverage{"package-lock", CoverageState::kRead,
                                                   "3 declared, as hints only", 0}));
}

TEST(HearsayTest, AFoldersLockFilesArePackages) {
  const MergedImage folder = Merged(AProject(), Declared::kRuntime);
  EXPECT_THAT(Lines(folder.packages), ElementsAre("a 1.0.0 npm", "b 2.0.0 package-lock"));
  EXPECT_THAT(folder.hints, IsEmpty());
  EXPECT_EQ(folder.coverage[1],
            (Coverage{"package-lock", CoverageState::kRead, "1 for development left out", 2}));
}

TEST(HearsayTest, DevelopmentIsListedWhereItIsAskedFor) {
  EXPECT_THAT(Lines(Merged(AProject(), Declared::kAll).packages),
              ElementsAre("a 1.0.0 npm", "b 2.0.0 package-lock", "t 3.0.0 package-lock dev"));
}

TEST(HearsayTest, ALockFileThatCannotBeReadFailsAFolderAndNoImage) {
  Tar tar;
  tar.File("app/yarn.lock", "broken");
  const MergedImage image = Merged(tar, Declared::kHints);
  ASSERT_EQ(image.coverage.size(), 1u);
  EXPECT_EQ(image.coverage[0].state, CoverageState::kRead);
  EXPECT_THAT(image.coverage[0].reason, HasSubstr("app/yarn.lock: line 1"));
  EXPECT_EQ(Merged(tar, Declared::kRuntime).coverage[0].state, CoverageState::kFailed);
}

// Pitfall 114: names of PyPI are compared without case and separators.
TEST(HearsayTest, NamesOfPypiAreOneInAllSpellings) {
  Tar tar;
  tar.File("requirements.txt", "ruamel_yaml==1.0\n")
      .File("lib/ruamel.yaml-1.0.dist-info/METADATA", "Name: Ruamel.Yaml\nVersion: 1.0\n");
  EXPECT_THAT(Lines(Merged(tar, Declared::kAll).packages), ElementsAre("Ruamel.Yaml 1.0 python"));
}

// An image's lists are read together where they are read at all, and say what was not.
TEST(HearsayTest, ListsThatIncludeEachOtherGoThroughLinks) {
  Tar tar;
  tar.File("app/requirements.txt", "-r shared/base-requirements.txt\n-r odd.in\n")
      .Symlink("app/shared", "../lib/lists")
      .File("lib/lists/base-requirements.txt", "-c ../../c/requirements.txt\nb\n")
      .File("c/requirements.txt", "b==1\n")
      .File("app/odd.in", "o==1\n");
  const MergedImage image = Merged(tar, Declared::kHints);
  EXPECT_THAT(Lines(image.hints), ElementsAre("b 1 requirements", "b 1 requirements"));
  EXPECT_EQ(image.coverage[0],
            (Coverage{"requirements", CoverageState::kRead,
                      "2 declared, as hints only; app/requirements.txt: \"odd.in\", which it "
                      "includes, was not read",
                      0}));
  EXPECT_THAT(image.asked, ElementsAre(packages::AskedFile{"requirements", "app/odd.in"}));
}

TEST(HearsayTest, WhatADocumentRetellsCountsOnce) {
  Tar tar;
  tar.File("app/sbom.json", R"({"bomFormat": "CycloneDX", "components": [
             {"type": "library", "purl": "pkg:pypi/six@1.16.0"},
             {"type": "library", "purl": "pkg:pypi/other@2.0"}]})")
      .File("lib/six-1.16.0.dist-info/METADATA", "Name: six\nVersion: 1.16.0\n");
  EXPECT_THAT(Lines(Merged(tar, Declared::kHints).packages),
              ElementsAre("other 2.0 sbom", "six 1.16.0 python"));
}

TEST(HearsayTest, HintsAreBounded) {
  std::string lines;
  for (std::size_t i = 0; i < kMaxHints + 5; ++i) lines += "p" + std::to_string(i) + "==1\n";
  Tar tar;
  tar.File("requirements.txt", lines);
  const MergedImage image = Merged(tar, Declared::kHints);
  EXPECT_EQ(image.hints.size(), kMaxHints);
  EXPECT_EQ(image.coverage[0].source, "hints");
  EXPECT_EQ(image.coverage[0].reason, "5 beyond 20000 left out");
}

TEST(ScanTarTest, ATarThatBreaksOffIsAnError) {
  Tar tar;
  tar.File("a", "content");
  const std::string bytes = tar.bytes();
  for (const std::size_t size : {std::size_t{1}, std::size_t{511}, bytes.size() - 300}) {
    Budget budget({});
    const LayerOptions options;
    EXPECT_FALSE(ScanTar(Reader(bytes.substr(0, size)), options, budget, {})) << size;
  }
}

TEST(ScanTarTest, CountsAgainstTheLimits) {
  Tar tar;
  tar.File("a", std::string(4096, 'x'));
  Limits limits;
  limits.inflated_bytes = 2048;
  Budget budget(limits);
  const LayerOptions options;
  const auto layer = ScanTar(Reader(tar.Build()), options, budget, {});
  ASSERT_FALSE(layer);
  EXPECT_EQ(layer.error().code, Code::kResourceExhausted);
}

}  // namespace
}  // namespace landwaiter::layer
