// The ownership rule: a language package whose record stands among the files of an operating
// system's package is told whose it is.
#include <gtest/gtest.h>
#include <zstd.h>

#include <map>

#include "scanner/layer/merge.h"
#include "scanner/layer/scan_layer.h"
#include "tests/unit/scanner/layer/fixtures.h"

namespace landwaiter::layer {
namespace {

using testing::Describe;
using testing::Reader;
using testing::Tar;

constexpr char kSix[] = "usr/lib/python3/site-packages/six-1.16.0.dist-info/METADATA";
constexpr char kOther[] = "usr/lib/python3/site-packages/other-2.0.dist-info/METADATA";

std::string Zstd(std::string_view text) {
  std::string out(ZSTD_compressBound(text.size()), '\0');
  out.resize(ZSTD_compress(out.data(), out.size(), text.data(), text.size(), 3));
  return out;
}

MergedImage Merged(const Tar& tar) {
  const std::string bytes = tar.Build();
  Budget budget({});
  LayerOptions options;
  options.sources = packages::AllSources();
  const auto layer =
      ScanLayer(Describe(bytes, bytes, testing::kPlainLayer), Reader(bytes), options, budget, {});
  EXPECT_TRUE(layer) << layer.error().message;
  if (!layer) return {};
  const LayerInventory* const stack[] = {&*layer};
  auto image = MergeLayers(stack, packages::AllSources(), {});
  EXPECT_TRUE(image) << image.error().message;
  return image ? *std::move(image) : MergedImage();
}

struct OwnershipCase {
  const char* name;
  Tar tar;
  const char* owner;
};

class OwnershipTest : public ::testing::TestWithParam<OwnershipCase> {};

// Pitfall 110: lists of either kind, and through the links of a merged /usr.
TEST_P(OwnershipTest, TellsWhoseALanguagePackageIs) {
  Tar tar = GetParam().tar;
  tar.File(kSix, "Name: six\nVersion: 1.16.0\n").File(kOther, "Name: other\nVersion: 2.0\n");
  const MergedImage image = Merged(tar);
  std::map<std::string, std::string> owners;
  for (const auto& package : image.packages) owners[package.name] = package.owner;
  EXPECT_EQ(owners["six"], GetParam().owner);
  EXPECT_EQ(owners["other"], "") << "a package that nobody lists stands for itself";
  for (const auto& line : image.coverage) {
    if (line.source != "os") {
      EXPECT_EQ(line.state, CoverageState::kRead) << line.reason;
    }
  }
}

// A database of many files cannot be read under another name: that it was not is told.
TEST(SystemDatabaseTest, BehindALinkOfTheImageIsAFault) {
  const MergedImage image =
      Merged(Tar()
                 .Symlink("var/lib/pacman", "../../usr/lib/pacman")
                 .File("usr/lib/pacman/local/ALPM_DB_VERSION", "9\n")
                 .File("usr/lib/pacman/local/a-1-1/desc", "%NAME%\na\n\n%VERSION%\n1-1\n\n"));
  std::map<std::string, CoverageState> states;
  for (const auto& line : image.coverage) states[line.source] = line.state;
  EXPECT_EQ(states["pacman"], CoverageState::kFailed);
}

std::vector<OwnershipCase> Cases() {
  const std::string six = kSix;
  return {
      {"DpkgList",
       Tar()
           .File("var/lib/dpkg/status",
                 "Package: python3-six\nStatus: install ok installed\nVersion: 1.16.0-4\n\n")
           .File("var/lib/dpkg/info/python3-six.list", "/usr\n/" + six + "\n"),
       "python3-six"},
      {"DpkgSums",
       Tar()
           .File("var/lib/dpkg/status.d/python3-six", "Package: python3-six\nVersion: 1.16.0-4\n\n")
           .File("var/lib/dpkg/status.d/python3-six.md5sums", "0cc175b9c0f1b6a8  " + six + "\n"),
       "python3-six"},
      {"Apk",
       Tar().File("lib/apk/db/installed",
                  "P:py3-six\nV:1.16.0-r9\no:py3-six\nF:usr/lib/python3/site-packages/"
                  "six-1.16.0.dist-info\nR:METADATA\n\n"),
       "py3-six"},
      {"Pacman",
       Tar()
           .File("var/lib/pacman/local/python-six-1.16.0-9/desc",
                 "%NAME%\npython-six\n\n%VERSION%\n1.16.0-9\n\n%BASE%\npython-six\n\n")
           .File("var/lib/pacman/local/python-six-1.16.0-9/files", "%FILES%\n" + six + "\n\n"),
       "python-six"},
      {"Opkg",
       Tar()
           .File("usr/lib/opkg/status",
                 "Package: python3-six\nVersion: 1.16.0-r1\nStatus: install ok installed\n\n")
           .File("usr/lib/opkg/info/python3-six.list", "/" + six + "\n"),
       "python3-six"},
      {"Portage",
       Tar().File("var/db/pkg/dev-python/six-1.16.0-r1/CONTENTS",
                  "dir /usr\nobj /" + six + " 0cc175b9c0f1b6a8 1700000000\n"),
       "dev-python/six"},
      {"Chisel",
       Tar().File("var/lib/chisel/manifest.wall",
                  Zstd("{\"jsonwall\":\"1.0\",\"schema\":\"1.0\",\"count\":3}\n"
                       "{\"kind\":\"package\",\"name\":\"python3-six\",\"version\":\"1.16.0-4\"}\n"
                       "{\"kind\":\"path\",\"path\":\"/" +
                       six + "\",\"slices\":[\"python3-six_libs\"]}\n")),
       "python3-six"},
      // A list names files as they were installed; the image may have moved the folder.
      {"ThroughALinkOfTheImage",
       Tar()
           .Symlink("lib", "usr/lib")
           .File("var/lib/dpkg/status",
                 "Package: python3-six\nStatus: install ok installed\nVersion: 1.16.0-4\n\n")
           .File("var/lib/dpkg/info/python3-six.list", "/" + six.substr(4) + "\n"),
       "python3-six"},
      {"NobodysList",
       Tar().File("var/lib/dpkg/status",
                  "Package: a\nStatus: install ok installed\nVersion: 1\n\n"),
       ""},
  };
}

INSTANTIATE_TEST_SUITE_P(Table, OwnershipTest, ::testing::ValuesIn(Cases()),
                         [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace landwaiter::layer
