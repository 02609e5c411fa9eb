#include "scanner/service/blob_ring.h"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "scanner/service/blob_server.h"
#include "scanner/service/protocol.h"

namespace landwaiter::service {
namespace {

// Gives one blob in pieces of odd sizes, and breaks off where it is told to.
class OneBlob final : public image::ImageSource {
 public:
  explicit OneBlob(std::string bytes, std::size_t breaks_at = std::string::npos)
      : bytes_(std::move(bytes)), breaks_at_(breaks_at) {}
  std::string Name() const override { return "one blob"; }
  Result<image::RawManifest> Manifest(const std::optional<Digest>& /*digest*/) override {
    return NotFound("no manifest");
  }
  Result<std::unique_ptr<image::BlobReader>> Blob(const image::Descriptor& /*blob*/) override {
    return std::unique_ptr<image::BlobReader>(std::make_unique<Reader>(*this));
  }

 private:
  class Reader final : public image::BlobReader {
   public:
    explicit Reader(const OneBlob& blob) : blob_(blob) {}
    Result<std::size_t> Read(char* buffer, std::size_t size) override {
      if (at_ >= blob_.breaks_at_) return Unavailable("the registry hung up");
      const std::size_t count = std::min({size, blob_.bytes_.size() - at_, std::size_t{100'003}});
      blob_.bytes_.copy(buffer, count, at_);
      at_ += count;
      return count;
    }

   private:
    const OneBlob& blob_;
    std::size_t at_ = 0;
  };

  const std::string bytes_;
  const std::size_t breaks_at_;
};

std::string Noise(std::size_t size) {
  std::string bytes(size, '\0');
  std::uint32_t state = 1;
  for (char& byte : bytes) {
    state = state * 1664525 + 1013904223;
    byte = static_cast<char>(state >> 24);
  }
  return bytes;
}

ChildMessage AskFor(const std::string& bytes) {
  return {.kind = ChildMessage::Kind::kBlob, .digest = Sha256::Of(bytes), .size = bytes.size()};
}

SlotMemory ReadOnly(const BlobRing& ring) {
  auto memory = SlotMemory::Map(ring.fd(), false);
  EXPECT_TRUE(memory) << memory.error().message;
  return *std::move(memory);
}

Result<std::string> ReadAll(const layer::NextChunk& next) {
  std::string all;
  for (;;) {
    const auto chunk = next();
    if (!chunk) return chunk.error();
    if (chunk->empty()) return all;
    all += *chunk;
  }
}

struct Passing {
  const char* name;
  std::size_t size;
};

TEST(BlobRing, HandsABlobOnWhateverItsSize) {
  for (const auto& row : std::vector<Passing>{{"an empty blob", 0},
                                              {"a byte", 1},
                                              {"one slot to the byte", kSlotBytes},
                                              {"a byte more than a slot", kSlotBytes + 1},
                                              {"all slots to the byte", kSlots * kSlotBytes},
                                              {"many times the ring", 21 * kSlotBytes + 7}}) {
    SCOPED_TRACE(row.name);
    const std::string bytes = Noise(row.size);
    OneBlob source(bytes);
    const auto ring = BlobRing::Make();
    ASSERT_TRUE(ring) << ring.error().message;
    std::uint64_t told = 0;
    BlobServer server(
        source,
        {.on_bytes = [&](std::uint64_t count) { told += count; }, .verify = true, .ring = &*ring});
    auto transfer = server.Answer(AskFor(bytes));
    ASSERT_TRUE(transfer) << transfer.error().message;
    const SlotMemory memory = ReadOnly(*ring);
    const auto all = ReadAll(RingReader(*std::move(transfer), memory));
    ASSERT_TRUE(all) << all.error().message;
    EXPECT_TRUE(*all == bytes);
    EXPECT_EQ(told, bytes.size());
  }
}

TEST(BlobRing, AWrongBlobAndOneThatBreaksOffEndWithTheirReason) {
  const std::string bytes = Noise(2 * kSlotBytes + 5);
  struct Row {
    const char* name;
    std::string promised;
    std::size_t breaks_at;
    const char* says;
  };
  for (const auto& row :
       std::vector<Row>{{"another blob", "x" + bytes, std::string::npos, "blob has digest"},
                        {"breaks off in a slot", bytes, kSlotBytes + 9, "the registry hung up"},
                        {"breaks off at once", bytes, 0, "the registry hung up"}}) {
    SCOPED_TRACE(row.name);
    OneBlob source(bytes, row.breaks_at);
    const auto ring = BlobRing::Make();
    ASSERT_TRUE(ring);
    BlobServer server(source, {.verify = true, .ring = &*ring});
    auto transfer = server.Answer(AskFor(row.promised));
    ASSERT_TRUE(transfer);
    const SlotMemory memory = ReadOnly(*ring);
    const auto all = ReadAll(RingReader(*std::move(transfer), memory));
    ASSERT_FALSE(all);
    EXPECT_NE(all.error().message.find(row.says), std::string::npos) << all.error().message;
  }
}

TEST(BlobRing, AChildCanReadItsMemoryAndInNoWayChangeIt) {
  const auto ring = BlobRing::Make();
  ASSERT_TRUE(ring);
  const char byte = 'x';
  EXPECT_EQ(mmap(nullptr, kSlotBytes, PROT_READ | PROT_WRITE, MAP_SHARED, ring->fd(), 0),
            MAP_FAILED);
  EXPECT_EQ(pwrite(ring->fd(), &byte, 1, 0), -1);
  EXPECT_EQ(errno, EPERM);
  EXPECT_EQ(ftruncate(ring->fd(), 0), -1);
  EXPECT_EQ(errno, EPERM);
  void* mapped = mmap(nullptr, kSlotBytes, PROT_READ, MAP_SHARED, ring->fd(), 0);
  ASSERT_NE(mapped, MAP_FAILED);
  EXPECT_EQ(mprotect(mapped, kSlotBytes, PROT_READ | PROT_WRITE), -1);
  munmap(mapped, kSlotBytes);
}

TEST(BlobRing, ASecondBlobIsRefusedBecauseTheFirstMayStillBeInTheRing) {
  const std::string bytes = Noise(10);
  OneBlob source(bytes);
  const auto ring = BlobRing::Make();
  ASSERT_TRUE(ring);
  BlobServer server(source, {.verify = true, .ring = &*ring});
  EXPECT_TRUE(server.Answer(AskFor(bytes)));
  const auto second = server.Answer(AskFor(bytes));
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, Code::kResourceExhausted);
}

TEST(BlobRing, AChildThatGivesBackWhatItNeverTookOrGoesDoesNotHoldTheParentUp) {
  const std::string bytes = Noise(64 * kSlotBytes);
  OneBlob source(bytes);
  const auto ring = BlobRing::Make();
  ASSERT_TRUE(ring);
  for (const bool lies : {false, true}) {
    BlobServer server(source, {.verify = true, .ring = &*ring});
    auto transfer = server.Answer(AskFor(bytes));
    ASSERT_TRUE(transfer);
    if (lies) {
      const std::string returns(200, '.');
      ASSERT_EQ(write(transfer->get(), returns.data(), returns.size()), 200);
      const SlotMemory memory = ReadOnly(*ring);
      // Gets as many frames as there are slots in the blob, of whatever is in them now.
      const auto all = ReadAll(RingReader(*std::move(transfer), memory));
      ASSERT_TRUE(all);
      EXPECT_EQ(all->size(), bytes.size());
    }
  }  // waits for the transfers
}

TEST(BlobRing, FramesThatLieAreRefused) {
  struct Row {
    const char* name;
    std::string frame;
    Code code;
  };
  const auto frame = [](char kind, std::uint32_t size) {
    std::string bytes(1, kind);
    for (int i = 0; i < 4; ++i) bytes += static_cast<char>(size >> (8 * i));
    return bytes;
  };
  for (const auto& row : std::vector<Row>{
           {"more than a slot holds", frame('s', kSlotBytes + 1), Code::kDataLoss},
           {"data that should stand in the ring", frame('d', 1) + "x", Code::kDataLoss},
           {"an unknown kind", frame('?', 1), Code::kDataLoss},
           {"half a frame", frame('s', 1).substr(0, 3), Code::kUnavailable},
           {"nothing", "", Code::kUnavailable}}) {
    SCOPED_TRACE(row.name);
    std::array<int, 2> ends{};
    ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()), 0);
    const auto ring = BlobRing::Make();
    ASSERT_TRUE(ring);
    const SlotMemory memory = ReadOnly(*ring);
    const auto next = RingReader(FileDescriptor(ends[0]), memory);
    FileDescriptor parent(ends[1]);
    ASSERT_EQ(write(parent.get(), row.frame.data(), row.frame.size()),
              static_cast<ssize_t>(row.frame.size()));
    parent.Close();
    const auto lent = next();
    ASSERT_FALSE(lent);
    EXPECT_EQ(lent.error().code, row.code) << lent.error().message;
  }
}

}  // namespace
}  // namespace landwaiter::service
