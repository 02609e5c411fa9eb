// Tars that are refused, and their limits.
#include <gtest/gtest.h>

#include <cstdio>
#include <string>
#include <vector>

#include "model/scan_request.h"
#include "scanner/layer/tar_reader.h"
#include "tests/unit/scanner/layer/fixtures.h"
#include "tests/unit/scanner/layer/tar_listing.h"

namespace landwaiter::layer {
namespace {

struct RefusedCase {
  const char* name;
  std::string tar;
  const char* words;
};

std::string Broken(std::string header, std::size_t at, std::string_view text) {
  header.replace(at, text.size(), text);
  return Summed(header);
}

// Pitfall 15: sizes that overflow, and global headers that would rename.
TEST(TarReader, RefusesWhatReadersWouldReadDifferently) {
  const std::string good = Header({.name = "f"});
  std::string wrong_sum = good;
  wrong_sum[0] = 'g';
  const std::vector<RefusedCase> cases = {
      {"a wrong checksum", wrong_sum, "checksum is wrong"},
      {"text that is no tar", std::string(kBlock, 'x'), "checksum is wrong"},
      {"a size that is no number", Broken(good, 124, "0000000x001"), "size"},
      {"a negative size", Broken(good, 124, std::string(12, '\xff')), "size"},
      {"a size beyond 2^63", Broken(good, 124, "\x80\xff" + std::string(10, '\xff')), "size"},
      {"one zero block inside",
       Tar().File("a", "").bytes() + std::string(kBlock, '\0') + Tar().File("b", "").Build(),
       "single zero block"},
      {"a global header that renames", Tar().Pax(PaxRecord("path", "x"), 'g').File("f", "").Build(),
       "global pax header"},
      {"a global header that moves sizes",
       Tar().Pax(PaxRecord("size", "512"), 'g').File("f", "").Build(), "global pax header"},
      {"a pax record of length 0", Tar().Pax("0 a=b\n").File("f", "").Build(), "length is wrong"},
      {"a pax record longer than its header", Tar().Pax("99 path=x\n").File("f", "").Build(),
       "length is wrong"},
      {"a pax record without a line end", Tar().Pax("9 path=xy").File("f", "").Build(),
       "length is wrong"},
      {"a NUL in a pax path",
       Tar().Pax(PaxRecord("path", std::string("a\0b", 3))).File("f", "").Build(), "NUL"},
      {"a pax size that is negative", Tar().Pax(PaxRecord("size", "-1")).File("f", "").Build(),
       "expected a number"},
      {"a pax size beyond 2^63",
       Tar().Pax(PaxRecord("size", "9223372036854775808")).File("f", "").Build(),
       "expected a number"},
      {"an extension header at the end", Tar().Pax(PaxRecord("path", "x")).Build(),
       "after an extension header"},
      {"a sparse map beyond the file",
       Tar()
           .Pax(PaxRecord("GNU.sparse.size", "3") + PaxRecord("GNU.sparse.map", "0,6"))
           .Raw(Header({.name = "x", .size = 6}) + Padded("abcdef"))
           .Build(),
       "beyond the file"},
      {"a sparse map that overlaps",
       Tar()
           .Pax(PaxRecord("GNU.sparse.size", "9") + PaxRecord("GNU.sparse.map", "0,3,2,3"))
           .Raw(Header({.name = "x", .size = 6}) + Padded("abcdef"))
           .Build(),
       "out of order"},
      {"a sparse map that lies about the bytes",
       Tar()
           .Pax(PaxRecord("GNU.sparse.size", "9") + PaxRecord("GNU.sparse.map", "0,3"))
           .Raw(Header({.name = "x", .size = 6}) + Padded("abcdef"))
           .Build(),
       "expected 6"},
  };
  for (const auto& test : cases) {
    SCOPED_TRACE(test.name);
    const Listed listed = List(test.tar);
    ASSERT_FALSE(listed.status);
    EXPECT_EQ(listed.status.error().code, Code::kDataLoss);
    EXPECT_EQ(listed.status.error().reason, scan_reason::kMalformedImage);
    EXPECT_NE(listed.status.error().message.find(test.words), std::string::npos)
        << listed.status.error().message;
  }
}

TEST(TarReader, ABreakInsideAnEntryIsAnErrorAtEveryOffset) {
  const std::string tar = Tar().Pax(PaxRecord("path", "long")).File("a", "hello").bytes() +
                          Tar().GnuLong('L', "name").File("b", std::string(600, 'x')).bytes();
  for (std::size_t end = 1; end < tar.size(); ++end) {
    const Listed listed = List(std::string_view(tar).substr(0, end));
    // Only where an entry ends whole may the tar end; its digest is checked elsewhere.
    if (end == 3 * kBlock + kBlock) {
      EXPECT_TRUE(listed.status);
    } else {
      EXPECT_FALSE(listed.status) << "cut at " << end;
    }
  }
}

TEST(TarReader, LimitsAreNamed) {
  Limits limits;
  limits.entries = 3;
  limits.path_bytes = 64;
  limits.tar_metadata_bytes = 2048;
  limits.sparse_pieces = 4;
  const std::string many_pieces = "0,0,1,0,2,0,3,0,4,0";
  const std::vector<RefusedCase> cases = {
      {"entries", Tar().File("a", "").File("b", "").File("c", "").File("d", "").Build(),
       "number of tar entries"},
      {"extension headers count as entries", Tar().Pax("").Pax("").Pax("").File("d", "").Build(),
       "number of tar entries"},
      {"path", Tar().GnuLong('L', std::string(65, 'x')).File("a", "").Build(), "path"},
      {"extension header", Tar().GnuLong('L', std::string(5000, 'x')).File("a", "").Build(),
       "extension header"},
      {"sparse pieces",
       Tar()
           .Pax(PaxRecord("GNU.sparse.size", "9") + PaxRecord("GNU.sparse.map", many_pieces))
           .File("a", "")
           .Build(),
       "sparse map"},
  };
  for (const auto& test : cases) {
    SCOPED_TRACE(test.name);
    const Listed listed = List(test.tar, 1000, limits);
    ASSERT_FALSE(listed.status);
    EXPECT_EQ(listed.status.error().code, Code::kResourceExhausted);
    EXPECT_EQ(listed.status.error().reason, scan_reason::kTooLarge);
    EXPECT_NE(listed.status.error().message.find(test.words), std::string::npos)
        << listed.status.error().message;
  }
}

}  // namespace
}  // namespace landwaiter::layer
