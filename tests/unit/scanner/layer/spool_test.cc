// Files that are spooled for their sources: what each source is given, and the limits.
#include <gtest/gtest.h>

#include <array>
#include <string>

#include "scanner/layer/scan_layer.h"
#include "tests/unit/scanner/layer/fixtures.h"

namespace landwaiter::layer {
namespace {

using packages::FileContent;
using packages::FileFacts;
using packages::FileReading;
using packages::Need;
using testing::Describe;
using testing::Reader;
using testing::Tar;

constexpr std::string_view kContent = "what was spooled";

std::string ReadAll(packages::RandomAccessFile& file) {
  std::string bytes(file.size() + 100, '\0');
  auto count = file.ReadAt(0, bytes.data(), bytes.size());
  bytes.resize(count ? *count : 0);
  return bytes;
}

// Unpacks behind the file and leaves it there; its package says what it was given.
template <char Name>
FileReading ParseAndLitter(const FileFacts& facts, const FileContent& content) {
  static constexpr std::array<char, 1> kName = {Name};
  const std::string seen = ReadAll(*content.file);
  const bool fresh = content.scratch->size() == facts.size;
  auto appended = content.scratch->Append("litter of " + std::string(kName.data(), 1));
  const bool behind = appended && content.file->size() == facts.size &&
                      ReadAll(*content.scratch) == seen + "litter of " + Name;
  FileReading reading{.source = std::string(kName.data(), 1), .path = std::string(facts.path)};
  reading.state = packages::ReadingState::kRead;
  reading.packages.push_back({.type = "test", .name = seen, .version = "1"});
  if (!fresh || !behind) reading.packages.clear();
  return reading;
}

template <char Name>
packages::PackageSource Source() {
  static constexpr std::array<char, 1> kName = {Name};
  return {.name = std::string_view(kName.data(), 1),
          .version = 1,
          .max_bytes = 1u << 20,
          .wants = [](const FileFacts&) { return Need::kHead; },
          .wants_head = nullptr,
          .parse = ParseAndLitter<Name>,
          .well_known = {}};
}

LayerInventory Read(const Tar& tar, const Limits& limits) {
  static const std::array<packages::PackageSource, 2> kSources = {Source<'a'>(), Source<'b'>()};
  const std::string bytes = tar.Build();
  Budget budget(limits);
  LayerOptions options;
  options.sources = kSources;
  auto layer =
      ScanLayer(Describe(bytes, bytes, testing::kPlainLayer), Reader(bytes), options, budget, {});
  EXPECT_TRUE(layer) << layer.error().message;
  return layer ? *std::move(layer) : LayerInventory();
}

TEST(SpoolTest, EachSourceIsGivenTheFileAndScratchThatIsItsOwn) {
  const auto layer = Read(Tar().File("x", kContent).File("y", ""), {});
  ASSERT_EQ(layer.files.size(), 2u);
  for (const KeptFile& file : layer.files) {
    ASSERT_EQ(file.readings.size(), 2u) << file.name;
    for (const FileReading& reading : file.readings) {
      ASSERT_EQ(reading.packages.size(), 1u) << reading.source << " of " << file.name;
      EXPECT_EQ(reading.packages[0].name, file.name == "x" ? kContent : "");
    }
  }
}

// Pitfalls 25, 149: what is spooled has a limit of its own, and above it nothing is silent.
TEST(SpoolTest, SpooledFilesMayBeLargerThanThoseReadWhole) {
  Limits limits;
  limits.file_bytes = 4;
  EXPECT_EQ(Read(Tar().File("x", kContent), limits).files[0].readings[0].packages.size(), 1u);
  limits.spooled_bytes = 4;
  const auto layer = Read(Tar().File("x", kContent), limits);
  ASSERT_EQ(layer.files.size(), 1u);
  EXPECT_EQ(layer.files[0].readings[0].state, packages::ReadingState::kFailed);
  EXPECT_EQ(layer.files[0].readings[0].reason, "x: has 16 bytes, the limit is 4");
}

TEST(SpoolTest, UnpackingEndsWhereTheScratchDoes) {
  Limits limits;
  limits.spooled_bytes = kContent.size();
  EXPECT_EQ(Read(Tar().File("x", kContent), limits).files[0].readings[0].packages.size(), 1u);
  limits.spooled_bytes = 8;  // 16 in all, and the file takes 8
  const auto layer = Read(Tar().File("x", "12345678"), limits);
  EXPECT_TRUE(layer.files[0].readings[0].packages.empty()) << "its litter has more";
}

}  // namespace
}  // namespace landwaiter::layer
