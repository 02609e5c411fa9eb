#include "scanner/layer/pipeline.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "model/scan_request.h"
#include "scanner/layer/inventory_codec.h"
#include "scanner/layer/scan_layer.h"
#include "tests/unit/scanner/layer/fixtures.h"

namespace landwaiter::layer {
namespace {

using testing::Describe;
using testing::Gzip;
using testing::kGzipLayer;
using testing::kPlainLayer;
using testing::kZstdLayer;
using testing::Reader;
using testing::Tar;
using testing::Zstd;

LayerOptions TestOptions() {
  LayerOptions options;
  options.sources = testing::TestSources();
  return options;
}

std::string Said(const Result<LayerInventory>& result) {
  if (!result) return result.error().message;
  std::string bytes;
  EncodeInventory(*result, [&](std::string_view piece) { bytes += piece; });
  return bytes;
}

// On two threads and on one, which must say the same.
Result<LayerInventory> Scan(LayerDescriptor layer, std::string_view blob, const Limits& limits = {},
                            std::size_t step = SIZE_MAX) {
  const auto scan = [&](bool cores_are_busy) {
    layer.cores_are_busy = cores_are_busy;
    Budget budget(limits);
    return ScanLayer(layer, Reader(blob, step), TestOptions(), budget, {});
  };
  auto beside = scan(false);
  EXPECT_EQ(Said(scan(true)), Said(beside));
  return beside;
}

std::string SmallTar() {
  return Tar().Folder("a").File("a/x.rec", "one 1\ntwo 2\n").File("b", "plain").Build();
}

std::string Compressed(const std::string& tar, const std::string& type) {
  return type == kGzipLayer ? Gzip(tar) : type == kZstdLayer ? Zstd(tar) : tar;
}

TEST(ScanLayer, ReadsEveryCompression) {
  for (const char* type : {kGzipLayer, kZstdLayer, kPlainLayer}) {
    SCOPED_TRACE(type);
    const std::string blob = Compressed(SmallTar(), type);
    auto layer = Scan(Describe(blob, SmallTar(), type), blob, {}, 100);
    ASSERT_TRUE(layer) << layer.error().message;
    EXPECT_EQ(layer->inflated_bytes, SmallTar().size());
    ASSERT_EQ(layer->files.size(), 1u);
    EXPECT_EQ(layer->files[0].readings[0].packages.size(), 2u);
    EXPECT_EQ(layer->entries.size(), 3u);
  }
}

TEST(ScanLayer, WhatFollowsTheArchivesEndIsHashedAndNotRead) {
  const std::string tar =
      SmallTar() + std::string(3000000, 'j') + Tar().File("z.rec", "z 1\n").Build();
  for (const char* type : {kGzipLayer, kZstdLayer, kPlainLayer}) {
    SCOPED_TRACE(type);
    const std::string blob = Compressed(tar, type);
    auto layer = Scan(Describe(blob, tar, type), blob);
    ASSERT_TRUE(layer) << layer.error().message;
    EXPECT_EQ(layer->files.size(), 1u);
  }
}

// libzstd is not asked for a frame's checksum.
TEST(ScanLayer, ABlockOfZstdThatSaysOtherBytesIsHeldAgainstTheDiffId) {
  const std::string tar = SmallTar();
  std::string blob = testing::ZstdFrame({{testing::kRawBlock, tar}});
  blob[blob.size() - 700] ^= 1;
  auto result = Scan(Describe(blob, tar, kZstdLayer), blob);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().reason, scan_reason::kDigestMismatch);
  EXPECT_NE(result.error().message.find("diffID"), std::string::npos) << result.error().message;
}

// The promise of the whole room: never a shorter inventory.
TEST(ScanLayer, ATruncatedLayerIsAnErrorAtEveryOffset) {
  for (const char* type : {kGzipLayer, kZstdLayer, kPlainLayer}) {
    SCOPED_TRACE(type);
    const std::string whole = Compressed(SmallTar(), type);
    for (std::size_t end = 0; end<whole.size(); end += whole.size()> 2000 ? 7 : 1) {
      const std::string cut = whole.substr(0, end);
      const std::string cut_tar = SmallTar().substr(0, end);
      // As the manifest promised it: the transfer broke off.
      auto promised = Scan(Describe(whole, SmallTar(), type), cut);
      ASSERT_FALSE(promised) << "cut at " << end;
      EXPECT_EQ(promised.error().reason, scan_reason::kDigestMismatch);
      // Pushed like that: digest and size hold, the diffID or the stream does not.
      auto pushed = Scan(Describe(cut, SmallTar(), type), cut);
      ASSERT_FALSE(pushed) << "cut at " << end;
      EXPECT_EQ(pushed.error().code, Code::kDataLoss);
    }
  }
}

struct MismatchCase {
  const char* name;
  std::function<void(LayerDescriptor&, std::string&)> change;
  const char* reason;
  const char* words;
};

// Pitfall 24: the blob's digest and the diffID are both held against the bytes.
TEST(ScanLayer, NothingCountsBeforeAllDigestsMatch) {
  const std::vector<MismatchCase> cases = {
      {"another blob of the same size",
       [](LayerDescriptor&, std::string& blob) { blob[blob.size() / 2] ^= 1; }, "DigestMismatch",
       "layer blob has digest"},
      {"a blob that is longer", [](LayerDescriptor&, std::string& blob) { blob += "x"; },
       "DigestMismatch", "has more than"},
      {"a size that is too large", [](LayerDescriptor& layer, std::string&) { ++layer.size_bytes; },
       "DigestMismatch", "bytes, expected"},
      {"another diffID",
       [](LayerDescriptor& layer, std::string&) { layer.diff_id = Sha256::Of("x"); },
       "DigestMismatch", "diffID"},
      {"garbage behind the stream",
       [](LayerDescriptor& layer, std::string& blob) {
         blob += "garbage";
         layer.size_bytes = blob.size();
         layer.digest = Sha256::Of(blob);
       },
       "MalformedImage", "after the last"},
      {"bytes that are no tar",
       [](LayerDescriptor& layer, std::string& blob) {
         const std::string text(2000, 't');
         blob = Gzip(text);
         layer = Describe(blob, text, kGzipLayer);
       },
       "MalformedImage", "checksum"},
      {"an unknown media type",
       [](LayerDescriptor& layer, std::string&) { layer.media_type = "text/plain"; },
       "UnsupportedMediaType", "text/plain"},
      {"an empty blob of an unknown type",
       [](LayerDescriptor& layer, std::string& blob) {
         blob = "";
         layer = Describe("", "", "text/plain");
       },
       "UnsupportedMediaType", "text/plain"},
  };
  for (const auto& test : cases) {
    for (const char* type : {kGzipLayer, kZstdLayer}) {
      SCOPED_TRACE(std::string(test.name) + ", " + type);
      std::string blob = Compressed(SmallTar(), type);
      LayerDescriptor layer = Describe(blob, SmallTar(), type);
      test.change(layer, blob);
      auto result = Scan(layer, blob);
      ASSERT_FALSE(result);
      EXPECT_EQ(result.error().reason, test.reason) << result.error().message;
      EXPECT_NE(result.error().message.find(test.words), std::string::npos)
          << result.error().message;
    }
  }
}

TEST(ScanLayer, ASourcesErrorIsItsOwn) {
  Budget budget({});
  int calls = 0;
  const ReadBytes read = [&](char* buffer, std::size_t) -> Result<std::size_t> {
    if (++calls > 3)
      return Unavailable("registry hung up").WithReason(scan_reason::kRegistryUnavailable);
    buffer[0] = 'x';
    return std::size_t{1};
  };
  auto result = ScanLayer(Describe("", "", kGzipLayer), read, TestOptions(), budget, {});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().reason, scan_reason::kRegistryUnavailable);
}

// A walk that ended asks for what is left: what the source says then explains nothing.
TEST(ScanLayer, ASourcesFirstErrorCountsOnOneThreadToo) {
  for (const char* type : {kGzipLayer, kZstdLayer, kPlainLayer}) {
    for (const bool cores_are_busy : {false, true}) {
      SCOPED_TRACE(std::string(type) + (cores_are_busy ? ", busy" : ""));
      const std::string blob = Compressed(SmallTar(), type);
      LayerDescriptor layer = Describe(blob, SmallTar(), type);
      layer.cores_are_busy = cores_are_busy;
      int calls = 0;
      const NextChunk next = [&]() -> Result<std::string_view> {
        ++calls;
        if (calls == 1) return std::string_view(blob).substr(0, blob.size() / 2);
        if (calls == 2) return DataLoss("other bytes").WithReason(scan_reason::kDigestMismatch);
        return std::string_view();
      };
      Budget budget({});
      const auto result = ScanLayer(layer, next, TestOptions(), budget, {});
      ASSERT_FALSE(result);
      EXPECT_EQ(result.error().message, "other bytes");
      EXPECT_EQ(calls, 2);
    }
  }
}

TEST(ScanLayer, StopsWhenCancelledOrLate) {
  std::stop_source stop;
  const std::string blob = Gzip(SmallTar());
  Budget budget({});
  const ReadBytes endless = [&](char* buffer, std::size_t size) -> Result<std::size_t> {
    stop.request_stop();
    std::memset(buffer, 0, size);
    return size;
  };
  // A stream of zeros is a tar's end, and no zstd.
  for (const char* type : {kPlainLayer, kZstdLayer}) {
    LayerDescriptor layer = Describe(blob, SmallTar(), type);
    layer.size_bytes = UINT64_MAX;
    layer.cores_are_busy = true;
    auto result = ScanLayer(layer, endless, TestOptions(), budget, {stop.get_token()});
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, Code::kCancelled);
  }
  Cancellation late;
  late.deadline = std::chrono::steady_clock::now();
  auto result =
      ScanLayer(Describe(blob, SmallTar(), kGzipLayer), Reader(blob), TestOptions(), budget, late);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, Code::kDeadlineExceeded);
}

struct BombCase {
  const char* name;
  std::string tar;
  std::string type;
  std::function<void(Limits&)> tighten;
  const char* words;
};

// Pitfall 26.
TEST(ScanLayer, BombsAreTooLargeAndNamed) {
  const std::string zeros = Tar().File("zeros", std::string(8 << 20, '\0')).Build();
  Tar deep;
  std::string path = "d";
  for (int i = 0; i < 3000; ++i) path += "/d";
  deep.GnuLong('L', path).File("d", "");
  Tar many;
  for (int i = 0; i < 200; ++i) many.File("f" + std::to_string(i), "");
  Tar folders;
  for (int i = 0; i < 200; ++i) folders.File("folder" + std::to_string(i) + "/f", "");
  const std::vector<BombCase> cases = {
      {"gzip ratio", zeros, kGzipLayer,
       [](Limits& l) {
         l.ratio_free_bytes = 1 << 20;
         l.ratio = 100;
       },
       "compression ratio"},
      {"zstd ratio", zeros, kZstdLayer, [](Limits& l) { l.ratio_free_bytes = 1 << 20; },
       "compression ratio"},
      {"inflated bytes, zstd", zeros, kZstdLayer, [](Limits& l) { l.inflated_bytes = 4 << 20; },
       "inflated layers"},
      {"inflated bytes", zeros, kGzipLayer, [](Limits& l) { l.inflated_bytes = 4 << 20; },
       "inflated layers"},
      {"tar entries", many.Build(), kGzipLayer, [](Limits& l) { l.entries = 100; }, "tar entries"},
      {"folder names", folders.Build(), kGzipLayer, [](Limits& l) { l.retained_bytes = 4096; },
       "folder names"},
      {"folder names, zstd", folders.Build(), kZstdLayer,
       [](Limits& l) { l.retained_bytes = 4096; }, "folder names"},
      {"deep path", deep.Build(), kGzipLayer, [](Limits&) {}, "path"},
  };
  for (const auto& test : cases) {
    SCOPED_TRACE(test.name);
    Limits limits;
    test.tighten(limits);
    const std::string blob = Compressed(test.tar, test.type);
    auto result = Scan(Describe(blob, test.tar, test.type), blob, limits);
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, Code::kResourceExhausted);
    EXPECT_EQ(result.error().reason, scan_reason::kTooLarge);
    EXPECT_NE(result.error().message.find(test.words), std::string::npos) << result.error().message;
  }
}

// However little of what follows it has come when it is inflated.
TEST(ScanLayer, AHoleBeforeOtherBytesIsNoBomb) {
  std::string noise;
  std::minstd_rand random;
  while (noise.size() < (1 << 20)) noise += static_cast<char>(random() >> 8);
  const std::string tar =
      Tar().File("hole", std::string(8 << 20, '\0')).File("noise", noise).Build();
  Limits limits;
  limits.ratio_free_bytes = 1 << 20;
  limits.ratio = 20;
  for (const char* type : {kGzipLayer, kZstdLayer}) {
    SCOPED_TRACE(type);
    const std::string blob = Compressed(tar, type);
    auto layer = Scan(Describe(blob, tar, type), blob, limits, 1000);
    EXPECT_TRUE(layer) << layer.error().message;
  }
}

// Pitfall 25.
TEST(ScanLayer, AFileAboveItsSourcesLimitIsAFailedReading) {
  const std::string tar = Tar().File("big.rec", std::string((1 << 20) + 1, 'x')).Build();
  const std::string blob = Gzip(tar);
  auto layer = Scan(Describe(blob, tar, kGzipLayer), blob);
  ASSERT_TRUE(layer) << layer.error().message;
  ASSERT_EQ(layer->files.size(), 1u);
  EXPECT_EQ(layer->files[0].readings[0].state, packages::ReadingState::kFailed);
}

TEST(ScanLayer, ProgramsAreKnownByTheirFirstBytes) {
  const std::string tar = Tar()
                              .File("bin/tool", "BIN!tool 1.0\n" + std::string(9000, ' '), 0755)
                              .File("bin/short", "BIN!s 2\n", 0755)
                              .File("bin/script", "#!/bin/sh\n", 0755)
                              .File("bin/data", "BIN!data 1\n", 0644)
                              .Build();
  const std::string blob = Gzip(tar);
  auto layer = Scan(Describe(blob, tar, kGzipLayer), blob);
  ASSERT_TRUE(layer) << layer.error().message;
  ASSERT_EQ(layer->files.size(), 2u);
  EXPECT_EQ(layer->files[0].name, "tool");
  EXPECT_EQ(layer->files[1].readings[0].packages[0].name, "s");
}

TEST(ScanLayer, SparseFilesOfInterestAreReadWhole) {
  const std::string tar = Tar()
                              .Pax(testing::PaxRecord("GNU.sparse.major", "1") +
                                   testing::PaxRecord("GNU.sparse.minor", "0") +
                                   testing::PaxRecord("GNU.sparse.name", "s.rec") +
                                   testing::PaxRecord("GNU.sparse.realsize", "6"))
                              .Raw(testing::Header({.name = "x", .size = 512 + 6}) +
                                   testing::Padded("1\n0\n6\n") + testing::Padded("pkg 1\n"))
                              .Build();
  const std::string blob = Gzip(tar);
  auto layer = Scan(Describe(blob, tar, kGzipLayer), blob);
  ASSERT_TRUE(layer) << layer.error().message;
  ASSERT_EQ(layer->files.size(), 1u);
  EXPECT_EQ(layer->files[0].readings[0].packages[0].name, "pkg");
}

}  // namespace
}  // namespace landwaiter::layer
