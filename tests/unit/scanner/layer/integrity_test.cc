// Files of the final tree against the records of their packages: dpkg's, apk's.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "scanner/layer/file_hashes.h"
#include "scanner/layer/inventory_codec.h"
#include "tests/unit/scanner/layer/merging.h"

namespace landwaiter::layer {
namespace {

std::string Hex(std::string_view raw) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  for (const char c : raw) {
    text += kDigits[static_cast<unsigned char>(c) >> 4];
    text += kDigits[static_cast<unsigned char>(c) & 15];
  }
  return text;
}

std::string Base64(std::string_view raw) {
  constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  for (std::size_t i = 0; i < raw.size(); i += 3) {
    std::uint32_t bits = 0;
    for (std::size_t j = 0; j < 3; ++j) {
      bits = bits << 8 | (i + j < raw.size() ? static_cast<unsigned char>(raw[i + j]) : 0);
    }
    for (int shift = 18; shift >= 0; shift -= 6) text += kDigits[bits >> shift & 63];
  }
  for (std::size_t pad = 0; pad < (3 - raw.size() % 3) % 3; ++pad)
    text[text.size() - 1 - pad] = '=';
  return text;
}

FileHashes HashesOf(std::string_view content) {
  FileHasher hasher;
  hasher.Update(content);
  return *hasher.Finish();
}
std::string Md5(std::string_view content) { return Hex(HashesOf(content).md5); }
std::string Z(std::string_view content) { return "Z:Q1" + Base64(Sha1Of(content)) + "\n"; }

TEST(FileHasher, GivesTheHashesThatOthersGive) {
  const FileHashes empty = HashesOf("");
  EXPECT_EQ(Hex(empty.md5), "d41d8cd98f00b204e9800998ecf8427e");
  EXPECT_EQ(Hex(empty.sha1), "da39a3ee5e6b4b0d3255bfef95601890afd80709");
  const FileHashes abc = HashesOf("abc");  // FIPS 180-4's example, RFC 1321's
  EXPECT_EQ(Hex(abc.md5), "900150983cd24fb0d6963f7d28e17f72");
  EXPECT_EQ(Hex(abc.sha1), "a9993e364706816aba3e25717850c26c9cd0d89d");
  EXPECT_EQ(Hex(abc.sha256), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(Base64("abcd"), "YWJjZA==");
}

// An installed package `name` whose files have these contents.
struct ADeb {
  std::string name = "tool";
  std::vector<std::pair<std::string, std::string>> files = {{"usr/bin/tool", "1"}};
  std::string conffiles = {};  // lines of the field
  bool sums = true;
  bool list = true;
};

Tar& Install(Tar& tar, const std::vector<ADeb>& debs) {
  std::string status;
  for (const ADeb& deb : debs) {
    status += "Package: " + deb.name + "\nStatus: install ok installed\nVersion: 1\n";
    if (!deb.conffiles.empty()) status += "Conffiles:\n" + deb.conffiles;
    status += "\n";
    std::string sums;
    std::string list = "/.\n/usr\n";
    for (const auto& [path, content] : deb.files) {
      sums += Md5(content) + "  " + path + "\n";
      list += "/" + path + "\n";
    }
    const std::string info = "var/lib/dpkg/info/" + deb.name;
    if (deb.sums) tar.File(info + ".md5sums", sums);
    if (deb.list) tar.File(info + ".list", list);
  }
  return tar.File("var/lib/dpkg/status", status);
}
Tar Debian(const std::vector<ADeb>& debs) {
  Tar tar;
  Install(tar, debs);
  return tar;
}

std::string Apk(const std::string& files) {
  return "P:tool\nV:1\no:tool\nF:usr\nF:usr/bin\n" + files + "\n";
}

Result<MergedImage> Check(const std::vector<Tar>& tars) {
  const Collection collection{.integrity = true};
  std::vector<LayerInventory> layers;
  for (const Tar& tar : tars) {
    const std::string bytes = tar.Build();
    Budget budget({});
    LayerOptions options;
    options.collection = collection;
    auto layer =
        ScanLayer(Describe(bytes, bytes, testing::kPlainLayer), Reader(bytes), options, budget, {});
    EXPECT_TRUE(layer) << layer.error().message;
    auto decoded = DecodeInventory(EncodeInventory(*layer));
    EXPECT_TRUE(decoded);
    layers.push_back(*std::move(decoded));
  }
  std::vector<const LayerInventory*> stack;
  for (const auto& layer : layers) stack.push_back(&layer);
  return MergeLayers(stack, packages::AllSources(), {}, packages::Declared::kHints,
                     {collection, {}});
}

// "changed PATH PACKAGE LAYER", "missing PATH PACKAGE", with " config" where it is one.
std::vector<std::string> Faults(const MergedImage& image) {
  std::vector<std::string> lines;
  for (const IntegrityFound& found : image.integrity) {
    const bool changed = found.fault == IntegrityFault::kChanged;
    lines.push_back(std::string(changed ? "changed " : "missing ") + found.path + " " +
                    found.package + (changed ? " " + std::to_string(found.layer) : "") +
                    (found.config ? " config" : ""));
  }
  return lines;
}

struct IntegrityCase {
  const char* name;
  std::vector<Tar> layers;
  std::vector<std::string> faults;
  const char* gap = "";
};

class IntegrityTest : public ::testing::TestWithParam<IntegrityCase> {};

TEST_P(IntegrityTest, IsThatOfTheFinalTree) {
  const auto image = Check(GetParam().layers);
  ASSERT_TRUE(image) << image.error().message;
  EXPECT_EQ(Faults(*image), GetParam().faults);
  const Coverage* coverage = Find(*image, kIntegrityCoverage);
  ASSERT_NE(coverage, nullptr);
  EXPECT_NE(coverage->reason.find(GetParam().gap), std::string::npos) << coverage->reason;
  EXPECT_EQ(coverage->state == CoverageState::kRead, std::string(GetParam().gap).empty())
      << coverage->reason;
}

const std::string kConf = " /etc/tool.conf " + Md5("c") + "\n";
const std::vector<ADeb> kTool = {{}};

INSTANTIATE_TEST_SUITE_P(
    Dpkg, IntegrityTest,
    ::testing::Values(
        IntegrityCase{"AFileAsItWasBrought", {Debian(kTool).File("usr/bin/tool", "1")}, {}},
        IntegrityCase{"AFileThatALaterLayerChanges",
                      {Debian(kTool).File("usr/bin/tool", "1"), Tar().File("usr/bin/tool", "2")},
                      {"changed usr/bin/tool tool 1"}},
        IntegrityCase{"AFileThatALaterLayerDeletes",
                      {Debian(kTool).File("usr/bin/tool", "1"), Tar().Whiteout("usr/bin", "tool")},
                      {"missing usr/bin/tool tool"}},
        IntegrityCase{"AFileInPlaceOfWhichIsAFolder",
                      {Debian(kTool).File("usr/bin/tool", "1"), Tar().Folder("usr/bin/tool")},
                      {"missing usr/bin/tool tool"}},
        IntegrityCase{"TheDatabaseInALaterLayerThanTheFile",
                      {Tar().File("usr/bin/tool", "1"), Debian(kTool)},
                      {}},
        IntegrityCase{"AFileWhereLinksOfTheSystemLeadIt",
                      {Debian({{.files = {{"bin/tool", "1"}}}})
                           .Folder("usr/bin")
                           .Symlink("bin", "usr/bin")
                           .File("usr/bin/tool", "1")},
                      {}},
        IntegrityCase{"AFileThatIsALinkToTheSame",
                      {Debian(kTool).File("opt/tool", "1").Symlink("usr/bin/tool", "/opt/tool")},
                      {}},
        IntegrityCase{"AFileThatIsALinkToAnother",
                      {Debian(kTool).File("opt/tool", "2").Symlink("usr/bin/tool", "/opt/tool")},
                      {"changed usr/bin/tool tool 0"}},
        IntegrityCase{"AFileOfTwoPackages",
                      {Debian({{.name = "a", .files = {{"usr/bin/tool", "1"}}},
                               {.name = "b", .files = {{"usr/bin/tool", "2"}}}})
                           .File("usr/bin/tool", "2")},
                      {}},
        IntegrityCase{
            "AConfigurationFile",
            {Debian({{.conffiles = kConf}}).File("usr/bin/tool", "1").File("etc/tool.conf", "c")},
            {}},
        IntegrityCase{
            "AChangedConfigurationFile",
            {Debian({{.conffiles = kConf}}).File("usr/bin/tool", "1").File("etc/tool.conf", "d")},
            {"changed etc/tool.conf tool 0 config"}},
        IntegrityCase{"AnObsoleteConfigurationFile",
                      {Debian({{.conffiles = " /etc/old " + Md5("c") + " obsolete\n"}})
                           .File("usr/bin/tool", "1")
                           .File("etc/old", "d")},
                      {}},
        IntegrityCase{
            "ADivertedFile",
            {Debian(kTool)
                 .File("usr/bin/tool", "of another package")
                 .File("usr/bin/tool.real", "1")
                 .File("var/lib/dpkg/diversions", "/usr/bin/tool\n/usr/bin/tool.real\nother\n")},
            {}},
        IntegrityCase{"WhatTheImageLeavesOut",
                      {Debian({{.files = {{"usr/bin/tool", "1"},
                                          {"usr/share/doc/tool/changelog.gz", "x"},
                                          {"usr/share/doc/tool/copyright", "y"},
                                          {"usr/share/man/man1/tool.1.gz", "z"}}}})
                           .File("usr/bin/tool", "1")
                           .File("etc/dpkg/dpkg.cfg.d/docker",
                                 "# slim\npath-exclude=/usr/share/doc/*\n"
                                 "path-include /usr/share/doc/*/copyright\n"
                                 "path-exclude /usr/share/man/*\n")},
                      {"missing usr/share/doc/tool/copyright tool"}},
        IntegrityCase{"WhatItLeavesOutMustBeRightWhereItIs",
                      {Debian(kTool)
                           .File("usr/bin/tool", "2")
                           .File("etc/dpkg/dpkg.cfg.d/x", "path-exclude /usr/bin/*\n")},
                      {"changed usr/bin/tool tool 0"}},
        IntegrityCase{"APackageWithoutARecord",
                      {Debian({{}, {.name = "bare", .files = {}, .sums = false, .list = false}})
                           .File("usr/bin/tool", "1")},
                      {},
                      "1 package has no record of the files, the first is bare"},
        IntegrityCase{"AFileWithoutASum",
                      {Debian({{.sums = false}}).File("usr/bin/tool", "1")},
                      {},
                      "1 file of a package has no checksum on record, the first is "
                      "/usr/bin/tool (tool)"},
        IntegrityCase{"ASumThatIsNone",
                      {Tar()
                           .File("var/lib/dpkg/status",
                                 "Package: tool\nStatus: install ok installed\nVersion: 1\n\n")
                           .File("var/lib/dpkg/info/tool.md5sums", "zz  usr/bin/tool\n")
                           .File("usr/bin/tool", "1")},
                      {},
                      "no checksum on record"},
        IntegrityCase{"ADatabaseThatBreaksOff",
                      {Tar().File("var/lib/dpkg/status", "Package: tool\nVersion").File("x", "1")},
                      {},
                      "var/lib/dpkg/status"},
        IntegrityCase{"AnImageWithoutPackages", {Tar().File("app", "1")}, {}}),
    [](const auto& info) { return info.param.name; });

INSTANTIATE_TEST_SUITE_P(
    Apk, IntegrityTest,
    ::testing::Values(
        IntegrityCase{"AFileAsItWasBrought",
                      {Tar()
                           .File("lib/apk/db/installed", Apk("R:tool\na:0:0:755\n" + Z("1")))
                           .File("usr/bin/tool", "1")},
                      {}},
        IntegrityCase{"AChangedFile",
                      {Tar()
                           .File("lib/apk/db/installed", Apk("R:tool\n" + Z("1")))
                           .File("usr/bin/tool", "2")},
                      {"changed usr/bin/tool tool 0"}},
        IntegrityCase{"AMissingFile",
                      {Tar().File("lib/apk/db/installed", Apk("R:tool\n" + Z("1")))},
                      {"missing usr/bin/tool tool"}},
        IntegrityCase{"ALinkAsItWasBrought",
                      {Tar()
                           .File("lib/apk/db/installed", Apk("R:tool\n" + Z("/bin/busybox")))
                           .Symlink("usr/bin/tool", "/bin/busybox")
                           .File("bin/busybox", "b")},
                      {}},
        IntegrityCase{"ALinkThatLeadsElsewhere",
                      {Tar()
                           .File("lib/apk/db/installed", Apk("R:tool\n" + Z("/bin/busybox")))
                           .Symlink("usr/bin/tool", "/bin/evil")
                           .File("bin/evil", "b")},
                      {"changed usr/bin/tool tool 0"}},
        IntegrityCase{
            "AFileOfASettingsFolder",
            {Tar()
                 .File("lib/apk/db/installed", "P:t\nV:1\no:t\nF:etc\nR:x\n" + Z("1") + "\n")
                 .File("etc/x", "2")},
            {"changed etc/x t 0 config"}},
        IntegrityCase{"AHashOfAnotherKind",
                      {Tar()
                           .File("lib/apk/db/installed", Apk("R:tool\nZ:Q2AAAA\n"))
                           .File("usr/bin/tool", "1")},
                      {},
                      "no checksum on record"}),
    [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace landwaiter::layer
