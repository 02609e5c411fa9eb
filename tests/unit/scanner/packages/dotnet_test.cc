#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/scanner/packages/records.h"

namespace landwaiter::packages {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr char kPath[] = "app/App.deps.json";

FileReading ReadDeps(std::string_view bytes) { return Read("dotnet", kPath, bytes); }

// One library with a type and what a target says of it.
std::string DepsWith(std::string_view library, std::string_view type, std::string_view files) {
  return R"({"runtimeTarget":{"name":".NETCoreApp,Version=v8.0"},"targets":{)"
         R"(".NETCoreApp,Version=v8.0":{)"
         R"("App/1.0.0":{"runtime":{"App.dll":{}}},")" +
         std::string(library) + "\":" + std::string(files) +
         R"(}},"libraries":{"App/1.0.0":{"type":"project","sha512":""},")" + std::string(library) +
         R"(":{"type":")" + std::string(type) + R"(","serviceable":true}}})";
}

struct LibraryCase {
  const char* name;
  const char* library;
  const char* type;
  const char* files;
  std::vector<std::string> packages;
};

class LibraryTest : public testing::TestWithParam<LibraryCase> {};

// Pitfall 127: deps.json lists what was never deployed; and the runtime of a self-contained
// program.
TEST_P(LibraryTest, IsListedWhereItWasDeployed) {
  const LibraryCase& c = GetParam();
  const FileReading reading = ReadDeps(DepsWith(c.library, c.type, c.files));
  EXPECT_EQ(reading.state, ReadingState::kRead) << reading.reason;
  EXPECT_EQ(NamesOf(reading), c.packages);
}

INSTANTIATE_TEST_SUITE_P(
    Table, LibraryTest,
    testing::Values(
        LibraryCase{"PackageWithAnAssembly",
                    "Newtonsoft.Json/13.0.1",
                    "package",
                    R"({"runtime":{"lib/net6.0/Newtonsoft.Json.dll":{"fileVersion":"13.0.1.1"}}})",
                    {"Newtonsoft.Json 13.0.1"}},
        LibraryCase{"PackageWithANativeFile",
                    "Libuv/1.9.1",
                    "package",
                    R"({"runtimeTargets":{"runtimes/linux-x64/native/libuv.so":{"rid":"x"}}})",
                    {"Libuv 1.9.1"}},
        LibraryCase{"PackageWithResources",
                    "Humanizer.Core.de/2.8.26",
                    "package",
                    R"({"resources":{"lib/net6.0/de/Humanizer.resources.dll":{"locale":"de"}}})",
                    {"Humanizer.Core.de 2.8.26"}},
        LibraryCase{"Prerelease",
                    "A.B/1.0.0-rc.1+build",
                    "package",
                    R"({"native":{"a.so":{}}})",
                    {"A.B 1.0.0-rc.1+build"}},
        LibraryCase{"MetapackageWithoutFiles",
                    "NETStandard.Library/1.6.0",
                    "package",
                    R"({"dependencies":{"System.Net.Http":"4.1.0"}})",
                    {}},
        LibraryCase{"PackageWithAnEmptyFolder",
                    "System.Runtime/4.3.0",
                    "package",
                    R"({"runtime":{"lib/net45/_._":{}}})",
                    {}},
        LibraryCase{"PackageThatWasOnlyCompiledAgainst",
                    "A/1.0.0",
                    "package",
                    R"({"compile":{"lib/net6.0/A.dll":{}}})",
                    {}},
        LibraryCase{"RuntimePack",
                    "runtimepack.Microsoft.NETCore.App.Runtime.linux-x64/8.0.0",
                    "runtimepack",
                    R"({"runtime":{"System.Private.CoreLib.dll":{}}})",
                    {"Microsoft.NETCore.App.Runtime.linux-x64 8.0.0"}},
        LibraryCase{"Project", "Api/1.0.0", "project", R"({"runtime":{"Api.dll":{}}})", {}},
        LibraryCase{"Reference", "Vendor/1.0.0.0", "reference", R"({"runtime":{"V.dll":{}}})", {}},
        LibraryCase{"ReferenceAssembly",
                    "Microsoft.AspNetCore.X/10.0.0.0",
                    "referenceassembly",
                    R"({"compile":{"X.dll":{}}})",
                    {}}),
    [](const auto& info) { return info.param.name; });

// The shared runtime's own list, as it stands in an image with a framework-dependent program.
TEST(DotnetTest, ListsTheSharedRuntime) {
  const FileReading reading = Read(
      "dotnet",
      "usr/share/dotnet/shared/Microsoft.NETCore.App/8.0.1/Microsoft.NETCore.App.deps.json",
      DepsWith("Microsoft.NETCore.App.Runtime.linux-x64/8.0.1", "package",
               R"({"runtime":{"System.Private.CoreLib.dll":{}},"native":{"libcoreclr.so":{}}})"));
  ASSERT_THAT(NamesOf(reading), ElementsAre("Microsoft.NETCore.App.Runtime.linux-x64 8.0.1"));
  EXPECT_EQ(reading.packages[0].type, "nuget");
}

TEST(DotnetTest, LibrariesBeforeTargetsAreTheSame) {
  EXPECT_THAT(
      NamesOf(ReadDeps(R"({"libraries":{"A/1":{"type":"package"},"B/1":{"type":"package"}},)"
                       R"("targets":{"x":{},"y":{"B/1":{"runtime":{"B.dll":{}}}}}})")),
      ElementsAre("B 1"));
}

// Without targets nothing says what was left out.
TEST(DotnetTest, WithoutTargetsEveryPackageCounts) {
  EXPECT_THAT(NamesOf(ReadDeps(R"({"libraries":{"A/1":{"type":"package"}}})")), ElementsAre("A 1"));
}

// Pitfall 159.
TEST(DotnetTest, ListsThatCannotBeReadFail) {
  EXPECT_THAT(ReadDeps("").reason, HasSubstr("App.deps.json: is no JSON"));
  EXPECT_THAT(ReadDeps("null").reason, HasSubstr("has no \"libraries\""));
  EXPECT_THAT(ReadDeps("[]").reason, HasSubstr("has no \"libraries\""));
  EXPECT_THAT(ReadDeps(R"({"targets":{}})").reason, HasSubstr("has no \"libraries\""));
  EXPECT_THAT(ReadDeps(R"({"libraries":{"A":{"type":"package"}}})").reason, HasSubstr("version"));
  EXPECT_THAT(ReadDeps(R"({"libraries":{"/1":{"type":"package"}}})").reason, HasSubstr("name"));
}

TEST(DotnetTest, CutAnywhereFails) {
  const std::string whole = DepsWith("A/1", "package", R"({"runtime":{"A.dll":{}}})");
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_EQ(ReadDeps(whole.substr(0, size)).state, ReadingState::kFailed) << size;
  }
}

TEST(DotnetTest, AsksForDependencyListsOnly) {
  EXPECT_EQ(WantedBy(kPath), "dotnet");
  EXPECT_EQ(WantedBy("app/App.runtimeconfig.json"), "");
  EXPECT_EQ(WantedBy("app/obj/project.assets.json"), "");
}

}  // namespace
}  // namespace landwaiter::packages
