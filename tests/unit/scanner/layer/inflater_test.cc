#include "scanner/layer/inflater.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <random>
#include <string>
#include <vector>

#include "model/scan_request.h"
#include "scanner/layer/gzip.h"
#include "tests/unit/scanner/layer/fixtures.h"

namespace landwaiter::layer {
namespace {

using testing::Gzip;
using testing::kRawBlock;
using testing::kReservedBlock;
using testing::kRunBlock;
using testing::Zstd;
using testing::ZstdFrame;

Result<std::string> InflateAll(Compression compression, std::string_view bytes, std::size_t step,
                               std::size_t room) {
  auto inflater = MakeInflater(compression, {}, testing::Free, room);
  std::string out;
  while (!bytes.empty()) {
    std::string_view given = bytes.substr(0, step);
    bytes.remove_prefix(given.size());
    for (;;) {
      auto piece = inflater->Inflate(given);
      if (!piece) return std::move(piece).error();
      if (piece->empty()) break;
      out += *piece;
    }
    if (!given.empty()) return Internal("input is left over");
  }
  if (auto finished = inflater->Finish(); !finished) return std::move(finished).error();
  return out;
}

std::string Text(std::size_t size) {
  std::string text;
  for (std::size_t i = 0; text.size() < size; ++i)
    text += "line " + std::to_string(i * 7919) + "\n";
  text.resize(size);
  return text;
}

// Letters by chance, in between what stood nearly a window of 1 MiB before: blocks with as many
// literals as there can be, and matches that reach as far back as they may.
std::string FarMatches(std::size_t size) {
  constexpr std::size_t kWindow = 1u << 20;
  std::string text;
  std::minstd_rand random;
  const auto next = [&](std::uint32_t below) {
    return static_cast<std::uint32_t>(random() / 16 % below);
  };
  while (text.size() < size) {
    if (text.size() >= kWindow) {
      const std::size_t from = text.size() - kWindow + 64 + next(120000);
      text += text.substr(from, 48);
    }
    for (int i = 0; i < 80; ++i) text += static_cast<char>('0' + next(64));
  }
  return text;
}

// All optional fields of RFC 1952's header; the header's checksum is computed by the reader's own
// rule only in so far as the test for a wrong one below.
std::string GzipWithFields(std::string_view bytes) {
  std::string member = Gzip(bytes);
  std::string header = member.substr(0, 10);
  header[3] = 4 + 8 + 16;
  header += std::string("\x05\x00", 2) + "extra";
  header += std::string("name\0", 5) + std::string("comment\0", 8);
  return header + member.substr(10);
}

struct StreamCase {
  const char* name;
  Compression compression;
  std::string bytes;
  std::string expected;
};

std::vector<StreamCase> StreamCases() {
  const std::string text = Text(100000);
  const std::string skippable = std::string("\x50\x2a\x4d\x18\x04\x00\x00\x00", 8) + "skip";
  return {
      {"one gzip member", Compression::kGzip, Gzip(text), text},
      // Pitfall 17.
      {"three gzip members are one stream", Compression::kGzip, Gzip("a") + Gzip(text) + Gzip("b"),
       "a" + text + "b"},
      {"an empty gzip member in between", Compression::kGzip, Gzip("a") + Gzip("") + Gzip("b"),
       "ab"},
      {"a gzip header with extra, name and comment", Compression::kGzip, GzipWithFields(text),
       text},
      {"one zstd frame", Compression::kZstd, Zstd(text), text},
      // Pitfall 19: as zstd:chunked and eStargz write them, and windows above 8 MiB.
      {"two zstd frames and a skippable one", Compression::kZstd,
       Zstd(text) + skippable + Zstd("b"), text + "b"},
      {"a skippable zstd frame first", Compression::kZstd, skippable + Zstd(text), text},
      {"a window of 32 MiB", Compression::kZstd, Zstd(text, 25), text},
      {"a frame of several windows", Compression::kZstd, Zstd(Text(3 << 20), 20), Text(3 << 20)},
      {"frames whose windows grow and shrink", Compression::kZstd,
       Zstd(Text(1 << 20), 18) + Zstd(Text(2 << 20), 21) + Zstd(text, 10) + Zstd(Text(1 << 20), 20),
       Text(1 << 20) + Text(2 << 20) + text + Text(1 << 20)},
      // A ring of a window and one block was too small: a block's literals are parked behind it.
      {"matches a whole window before blocks at odd places", Compression::kZstd,
       Zstd(FarMatches(50000), 20, 19) + Zstd(FarMatches(3 << 20), 20, 19),
       FarMatches(50000) + FarMatches(3 << 20)},
      {"blocks as they are, runs and empty ones", Compression::kZstd,
       ZstdFrame({{kRawBlock, "ab"},
                  {kRawBlock, ""},
                  {kRunBlock, std::string(128 << 10, 'r')},
                  {kRawBlock, std::string(128 << 10, 'w')},
                  {kRawBlock, ""}}),
       "ab" + std::string(128 << 10, 'r') + std::string(128 << 10, 'w')},
      {"a frame of nothing", Compression::kZstd, ZstdFrame({{kRawBlock, ""}}), ""},
      {"plain", Compression::kNone, text, text},
  };
}

TEST(Inflater, GivesTheBytesHoweverTheInputIsCut) {
  for (const auto& test : StreamCases()) {
    SCOPED_TRACE(test.name);
    for (const auto& [step, room] : std::vector<std::pair<std::size_t, std::size_t>>{
             {1, 4096}, {7, 1}, {1000, 333}, {1 << 20, 1 << 18}, {1 << 20, 100000}}) {
      auto out = InflateAll(test.compression, test.bytes, step, room);
      ASSERT_TRUE(out) << out.error().message;
      EXPECT_TRUE(*out == test.expected) << "step " << step << " room " << room;
    }
  }
}

TEST(Inflater, GzipMembersCutAtEveryOffset) {
  const std::string members = GzipWithFields("hello") + Gzip(Text(500)) + Gzip("");
  for (std::size_t cut = 0; cut <= members.size(); ++cut) {
    auto inflater = MakeInflater(Compression::kGzip, {}, testing::Free);
    std::string out;
    for (std::string_view given :
         {std::string_view(members).substr(0, cut), std::string_view(members).substr(cut)}) {
      while (!given.empty()) {
        auto piece = inflater->Inflate(given);
        ASSERT_TRUE(piece) << "cut at " << cut << ": " << piece.error().message;
        out += *piece;
      }
    }
    EXPECT_TRUE(inflater->Finish()) << "cut at " << cut;
    EXPECT_EQ(out, "hello" + Text(500)) << "cut at " << cut;
  }
}

// What an inflater has given stays as it is until it was asked back: the walk reads it there.
TEST(Inflater, AsksForMemoryBackBeforeItWritesOverIt) {
  struct Given {
    std::string_view where;
    std::string copy;
  };
  for (const auto& test : StreamCases()) {
    SCOPED_TRACE(test.name);
    std::deque<Given> held;
    const auto reclaim = [&](std::string_view memory) {
      const auto overlaps = [&](const Given& given) {
        return given.where.data() < memory.data() + memory.size() &&
               memory.data() < given.where.data() + given.where.size();
      };
      for (const Given& given : held) EXPECT_TRUE(given.where == given.copy);
      std::erase_if(held, overlaps);
      return true;
    };
    auto inflater = MakeInflater(test.compression, {}, reclaim, 5000);
    std::size_t most = 0;
    for (std::string_view given = test.bytes; !given.empty();) {
      std::string_view step = given.substr(0, 100000);
      given.remove_prefix(step.size());
      for (;;) {
        auto piece = inflater->Inflate(step);
        ASSERT_TRUE(piece) << piece.error().message;
        if (piece->empty()) break;
        held.push_back({*piece, std::string(*piece)});
        most = std::max(most, held.size());
      }
    }
    for (const Given& given : held) EXPECT_TRUE(given.where == given.copy);
    if (test.expected.size() > (1 << 20)) EXPECT_GT(most, 2u);
  }
}

TEST(Inflater, GivesUpWhereItsMemoryIsNotGivenBack) {
  for (const auto& test : StreamCases()) {
    SCOPED_TRACE(test.name);
    if (test.expected.empty()) continue;
    auto inflater = MakeInflater(test.compression, {}, [](std::string_view) { return false; });
    std::string_view bytes = test.bytes;
    auto piece = inflater->Inflate(bytes);
    ASSERT_FALSE(piece);
    EXPECT_EQ(piece.error().code, Code::kCancelled);
  }
}

// Pitfall 17: never an end.
TEST(Inflater, AStreamThatBreaksOffIsAnErrorAtEveryOffset) {
  const std::string text = Text(3000);
  for (const auto& [compression, bytes, boundary] :
       std::vector<std::tuple<Compression, std::string, std::size_t>>{
           {Compression::kGzip, Gzip(text) + Gzip(text), Gzip(text).size()},
           {Compression::kZstd, Zstd(text) + Zstd(text), Zstd(text).size()}}) {
    for (std::size_t end = 1; end < bytes.size(); ++end) {
      if (end == boundary) continue;  // a whole member; the digest tells that one is missing
      auto out = InflateAll(compression, bytes.substr(0, end), 100, 1000);
      ASSERT_FALSE(out) << CompressionName(compression) << " cut at " << end;
      EXPECT_EQ(out.error().code, Code::kDataLoss);
      EXPECT_EQ(out.error().reason, scan_reason::kMalformedImage);
    }
  }
}

// Pitfall 17: what follows the last member is no rest to be passed over.
TEST(Inflater, CorruptStreamsAreErrors) {
  std::string wrong_crc = Gzip("hello");
  wrong_crc[wrong_crc.size() - 8] ^= 1;
  std::string wrong_length = Gzip("hello");
  wrong_length[wrong_length.size() - 4] ^= 1;
  std::string wrong_method = Gzip("hello");
  wrong_method[2] = 7;
  std::string reserved = Gzip("hello");
  reserved[3] = '\x80';
  std::string header_crc = Gzip("hello");
  header_crc[3] = 2;
  header_crc.insert(10, "\xde\xad");
  const std::vector<StreamCase> cases = {
      {"gzip checksum", Compression::kGzip, wrong_crc, "checksum or length"},
      {"gzip length", Compression::kGzip, wrong_length, "checksum or length"},
      {"gzip method", Compression::kGzip, wrong_method, "compression method"},
      {"gzip reserved flags", Compression::kGzip, reserved, "reserved flags"},
      {"gzip header checksum", Compression::kGzip, header_crc, "header is wrong"},
      {"zeros after gzip", Compression::kGzip, Gzip("a") + std::string(10, '\0'), "no member"},
      {"text after gzip", Compression::kGzip, Gzip("a") + "trailing", "no member"},
      {"a zstd block of a reserved type", Compression::kZstd,
       ZstdFrame({{kRawBlock, "a"}, {kReservedBlock, "b"}}), "corrupt"},
      {"a zstd block above the most", Compression::kZstd,
       ZstdFrame({{kRawBlock, std::string((128 << 10) + 1, 'a')}}), "corrupt"},
      {"a zstd frame with a dictionary", Compression::kZstd,
       std::string("\x28\xb5\x2f\xfd\x01\x38\x07\x01\x00\x00", 10), "corrupt"},
      {"text after a skippable zstd frame", Compression::kZstd,
       std::string("\x50\x2a\x4d\x18\x04\x00\x00\x00skip", 12) + "(&\xb5/\xfd\x04\xff", "no frame"},
      {"a zstd frame's first bytes alone", Compression::kZstd, Zstd("a") + "\x28\xb5",
       "breaks off"},
      {"text after zstd", Compression::kZstd, Zstd("a") + "trailing", "no frame"},
  };
  for (const auto& test : cases) {
    SCOPED_TRACE(test.name);
    auto out = InflateAll(test.compression, test.bytes, 100, 1000);
    ASSERT_FALSE(out);
    EXPECT_EQ(out.error().code, Code::kDataLoss);
    EXPECT_NE(out.error().message.find(test.expected), std::string::npos) << out.error().message;
  }
}

// Pitfall 19.
TEST(Inflater, AZstdWindowAboveTheLimitIsTooLarge) {
  auto out = InflateAll(Compression::kZstd, Zstd(Text(1000), 26), 1000, 1000);
  ASSERT_FALSE(out);
  EXPECT_EQ(out.error().code, Code::kResourceExhausted);
  EXPECT_EQ(out.error().reason, scan_reason::kTooLarge);
  EXPECT_NE(out.error().message.find("zstd window"), std::string::npos) << out.error().message;
}

TEST(Inflater, AnEndlessGzipHeaderIsTooLarge) {
  std::string header = Gzip("a").substr(0, 10);
  header[3] = 8;
  auto out = InflateAll(Compression::kGzip, header + std::string(1 << 20, 'n'), 1 << 18, 1000);
  ASSERT_FALSE(out);
  EXPECT_EQ(out.error().reason, scan_reason::kTooLarge);
}

struct DetectCase {
  const char* name;
  std::string first_bytes;
  std::string media_type;
  std::string expected;  // name of the compression, or reason of the error
};

// Pitfall 18: GHCR and others call their layers what they like. Pitfall 21: foreign layers too.
TEST(DetectCompression, TheBytesDecideAndTheTypeIsHeldAgainstThem) {
  const std::string tar = testing::Tar().File("f", "").Build();
  const std::string docker = "application/vnd.docker.image.rootfs.diff.tar.gzip";
  const std::vector<DetectCase> cases = {
      {"OCI gzip", Gzip(tar), testing::kGzipLayer, "gzip"},
      {"OCI zstd", Zstd(tar), testing::kZstdLayer, "zstd"},
      {"OCI plain", tar, testing::kPlainLayer, "plain tar"},
      {"Docker gzip", Gzip(tar), docker, "gzip"},
      {"Docker's gzip type with a plain tar", tar, docker, "plain tar"},
      {"Docker's gzip type with zstd", Zstd(tar), docker, "zstd"},
      {"GHCR's type", Gzip(tar), "application/x-gzip", "gzip"},
      {"a foreign layer", Gzip(tar), "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
       "gzip"},
      {"a skippable zstd frame", "\x5a\x2a\x4d\x18", testing::kZstdLayer, "zstd"},
      {"OCI's plain type with gzip", Gzip(tar), testing::kPlainLayer, "MalformedImage"},
      {"an unknown type", Gzip(tar), "application/vnd.cncf.helm.chart.content.v1.tar+gzip",
       "UnsupportedMediaType"},
      {"an encrypted layer", "x", "application/vnd.oci.image.layer.v1.tar+gzip+encrypted",
       "UnsupportedMediaType"},
      {"no type", tar, "", "UnsupportedMediaType"},
  };
  for (const auto& test : cases) {
    SCOPED_TRACE(test.name);
    auto found = DetectCompression(test.first_bytes, test.media_type);
    EXPECT_EQ(found ? std::string(CompressionName(*found)) : found.error().reason, test.expected);
  }
}

}  // namespace
}  // namespace landwaiter::layer
