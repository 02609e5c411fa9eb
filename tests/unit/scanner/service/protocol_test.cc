#include "scanner/service/protocol.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <iterator>
#include <string>
#include <vector>

#include "tests/unit/scanner/service/misbehaviour.h"

namespace landwaiter::service {
namespace {

std::ptrdiff_t OpenFiles() {
  const std::filesystem::directory_iterator files("/proc/self/fd");
  return std::distance(begin(files), end(files));
}

struct PacketCase {
  const char* name;
  std::size_t sent;
  Descriptors wanted;
  bool taken;
};

TEST(Packets, BringNoMoreDescriptorsThanAreWanted) {
  const std::vector<PacketCase> rows = {
      {"none where none is wanted", 0, Descriptors::kNone, true},
      {"none where one is wanted", 0, Descriptors::kOne, true},
      {"one where one is wanted", 1, Descriptors::kOne, true},
      {"one where none is wanted", 1, Descriptors::kNone, false},
      {"two where one is wanted", 2, Descriptors::kOne, false},
      {"two where none is wanted", 2, Descriptors::kNone, false},
      {"a hundred where one is wanted", 100, Descriptors::kOne, false},
  };
  for (const PacketCase& row : rows) {
    SCOPED_TRACE(row.name);
    std::array<int, 2> ends{};
    ASSERT_EQ(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()), 0);
    const FileDescriptor here(ends[0]);
    const FileDescriptor there(ends[1]);
    const std::vector<int> fds(row.sent, STDERR_FILENO);
    if (fds.empty()) {
      ASSERT_TRUE(SendPacket(there.get(), "."));
    } else {
      testing::SendDescriptors(there.get(), ".", fds);
    }
    const auto before = OpenFiles();
    {
      const auto packet = ReceivePacket(here.get(), row.wanted);
      ASSERT_EQ(packet.has_value(), row.taken);
      if (packet) EXPECT_EQ(static_cast<bool>(packet->fd), row.sent == 1);
      EXPECT_EQ(OpenFiles() - before, row.taken && row.sent == 1 ? 1 : 0);
    }
    EXPECT_EQ(OpenFiles(), before);
  }
}

}  // namespace
}  // namespace landwaiter::service
