// Python's records in all their shapes, each in a layer, read by all sources.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "scanner/layer/merge.h"
#include "scanner/layer/scan_layer.h"
#include "tests/unit/scanner/layer/fixtures.h"

namespace landwaiter::layer {
namespace {

constexpr char kSite[] = "usr/lib/python3.11/site-packages/";
constexpr char kHead[] = "Metadata-Version: 2.1\nName: six\nVersion: 1.16.0\n\nprose\n";

struct PythonCase {
  const char* name;
  testing::Tar tar;
  std::vector<std::string> packages;  // "type name version path [of OWNER]", sorted
};

std::vector<std::string> PackagesIn(const testing::Tar& tar) {
  const std::string bytes = tar.Build();
  Budget budget({});
  LayerOptions options;
  options.sources = packages::AllSources();
  const auto layer = ScanLayer(testing::Describe(bytes, bytes, testing::kPlainLayer),
                               testing::Reader(bytes), options, budget, {});
  EXPECT_TRUE(layer) << layer.error().message;
  if (!layer) return {};
  const LayerInventory* const stack[] = {&*layer};
  const auto image = MergeLayers(stack, packages::AllSources(), {});
  EXPECT_TRUE(image) << image.error().message;
  std::vector<std::string> found;
  if (!image) return found;
  for (const auto& package : image->packages) {
    found.push_back(package.type + " " + package.name + " " + package.version + " " + package.path +
                    (package.owner.empty() ? "" : " of " + package.owner));
  }
  std::sort(found.begin(), found.end());
  return found;
}

std::vector<PythonCase> PythonCases() {
  const std::string site = kSite;
  const auto record = [&](const std::string& path) { return testing::Tar().File(path, kHead); };
  const auto six = [](const std::string& path) { return "pypi six 1.16.0 " + path; };
  const std::string status =
      "Package: python3-six\nStatus: install ok installed\nVersion: 1.16.0-4\nArchitecture: "
      "all\n\n";
  const std::string dist_info = site + "six-1.16.0.dist-info/";
  const std::string venvs[] = {"opt/a/lib/python3.11/site-packages/six-1.16.0.dist-info/METADATA",
                               "opt/b/lib/python3.11/site-packages/six-1.16.0.dist-info/METADATA"};
  return {
      {"a wheel's dist-info", record(dist_info + "METADATA"), {six(dist_info + "METADATA")}},
      {"an egg-info folder",
       record(site + "six.egg-info/PKG-INFO"),
       {six(site + "six.egg-info/PKG-INFO")}},
      {"METADATA in an egg-info folder",
       record(site + "six.egg-info/METADATA"),
       {six(site + "six.egg-info/METADATA")}},
      {"distutils' single egg-info file",
       record(site + "six-1.16.0.egg-info"),
       {six(site + "six-1.16.0.egg-info")}},
      {"an unpacked egg",
       record(site + "six-1.16.0-py3.11.egg/EGG-INFO/PKG-INFO"),
       {six(site + "six-1.16.0-py3.11.egg/EGG-INFO/PKG-INFO")}},
      {"an egg-link names no version, the sources it leads to do",
       testing::Tar()
           .File(site + "six.egg-link", "/app/src\n.\n")
           .File("app/src/six.egg-info/PKG-INFO", kHead),
       {six("app/src/six.egg-info/PKG-INFO")}},
      {"metadata of something else", record("usr/share/six/METADATA"), {}},
      {"one package in two environments stands twice",
       testing::Tar().File(venvs[0], kHead).File(venvs[1], kHead),
       {six(venvs[0]), six(venvs[1])}},
      {"two records of one environment stand twice, each under its path",
       testing::Tar()
           .File(dist_info + "METADATA", kHead)
           .File(site + "six.egg-info/PKG-INFO", kHead),
       {six(dist_info + "METADATA"), six(site + "six.egg-info/PKG-INFO")}},
      {"conda's record and the wheel it brings are a package each",
       testing::Tar()
           .File("opt/conda/conda-meta/six-1.16.0-pyhd3eb1b0_1.json",
                 R"({"name":"six","version":"1.16.0","build":"pyhd3eb1b0_1"})")
           .File("opt/conda/lib/python3.11/site-packages/six-1.16.0.dist-info/METADATA", kHead),
       {"conda six 1.16.0 opt/conda/conda-meta/six-1.16.0-pyhd3eb1b0_1.json",
        six("opt/conda/lib/python3.11/site-packages/six-1.16.0.dist-info/METADATA")}},
      {"what a distribution's package lists is of that package, whatever INSTALLER says",
       testing::Tar()
           .File("var/lib/dpkg/status", status)
           .File("var/lib/dpkg/info/python3-six.list", "/" + dist_info + "METADATA\n")
           .File(dist_info + "METADATA", kHead)
           .File(dist_info + "INSTALLER", "pip\n"),
       {"deb python3-six 1.16.0-4 var/lib/dpkg/status",
        six(dist_info + "METADATA") + " of python3-six"}},
      {"an INSTALLER that claims to be rpm hides nothing",
       testing::Tar().File(dist_info + "METADATA", kHead).File(dist_info + "INSTALLER", "rpm\n"),
       {six(dist_info + "METADATA")}},
      {"an INSTALLER that claims to be apt hides nothing beside a package of that name",
       testing::Tar()
           .File("var/lib/dpkg/status", status)
           .File(dist_info + "METADATA", kHead)
           .File(dist_info + "INSTALLER", "debian\n"),
       {"deb python3-six 1.16.0-4 var/lib/dpkg/status", six(dist_info + "METADATA")}},
  };
}

// Pitfall 126: every shape is read, environments are kept apart, and only lists of files say that a
// record is a distribution's.
TEST(PythonRecords, PitfallAreReadInEveryShapeAndOwnedByListsOfFilesAlone) {
  for (const PythonCase& c : PythonCases()) {
    EXPECT_EQ(PackagesIn(c.tar), c.packages) << c.name;
  }
}

}  // namespace
}  // namespace landwaiter::layer
