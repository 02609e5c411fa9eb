#include "scanner/layer/tar_reader.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/unit/scanner/layer/fixtures.h"
#include "tests/unit/scanner/layer/tar_listing.h"

namespace landwaiter::layer {
namespace {

std::string GnuSparseTar() {
  // 'S' with two pieces in the header and one in an extension block; "ab" at 0, "cd" at 1024, "ef"
  // at 4094, real size 5000.
  std::string header =
      Header({.name = "sparse", .type = 'S', .size = 6, .magic = std::string(kGnuMagic)});
  const auto put = [&](std::string& block, std::size_t at, std::uint64_t number) {
    block.replace(at, 11, Octal(number, 11));
  };
  const std::vector<std::pair<int, int>> pieces = {{0, 2}, {1024, 2}, {2048, 0}, {3000, 0}};
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    put(header, 386 + 24 * i, static_cast<std::uint64_t>(pieces[i].first));
    put(header, 398 + 24 * i, static_cast<std::uint64_t>(pieces[i].second));
  }
  header[482] = 1;
  put(header, 483, 5000);
  std::string extension(kBlock, '\0');
  put(extension, 0, 4094);
  put(extension, 12, 2);
  return Tar().Raw(Summed(header) + extension + Padded("abcdef")).File("after", "x").Build();
}

std::string SparseContent() {
  std::string content(5000, '\0');
  content.replace(0, 2, "ab");
  content.replace(1024, 2, "cd");
  content.replace(4094, 2, "ef");
  return content;
}

std::string Base256Size() {
  std::string header = Header({.name = "big", .size = 0, .magic = std::string(kGnuMagic)});
  std::string size(12, '\0');
  size[0] = '\x80';
  size[11] = 3;
  header.replace(124, 12, size);
  return Summed(header) + Padded("abc");
}

struct NamesCase {
  const char* name;
  std::string tar;
  std::vector<std::string> names;
};

std::vector<NamesCase> NamesCases() {
  const std::string long_name = std::string(150, 'a') + "/" + std::string(140, 'b');
  return {
      {"plain files and folders", Tar().Folder("d").File("d/f", "x").Build(), {"d/", "d/f"}},
      {"an empty archive", Tar().Build(), {}},
      {"no zero blocks at the end", Tar().File("f", "x").bytes(), {"f"}},
      {"what follows two zero blocks is left",
       Tar().File("f", "x").Build() + Tar().File("g", "").bytes(),
       {"f"}},
      {"a ustar prefix", Tar().Raw(Header({.name = "f", .prefix = "p/q"})).Build(), {"p/q/f"}},
      {"a full name field without NUL",
       Tar().File(std::string(100, 'n'), "x").Build(),
       {std::string(100, 'n')}},
      {"a GNU long name", Tar().GnuLong('L', long_name).File("short", "x").Build(), {long_name}},
      {"a GNU long link", Tar().GnuLong('K', long_name).Symlink("s", "short").Build(), {"s"}},
      {"GNU long name and link together",
       Tar().GnuLong('K', "target").GnuLong('L', "name").Symlink("s", "t").Build(),
       {"name"}},
      {"a pax path",
       Tar().Pax(PaxRecord("path", long_name)).File("short", "x").Build(),
       {long_name}},
      {"a pax path with line ends",
       Tar().Pax(PaxRecord("path", "a\nb=c\n")).File("short", "x").Build(),
       {"a\nb=c\n"}},
      {"a pax path of bytes that are not UTF-8",
       Tar()
           .Pax(PaxRecord("hdrcharset", "BINARY") + PaxRecord("path", "a\xff\xfe"))
           .File("s", "")
           .Build(),
       {"a\xff\xfe"}},
      {"a pax path that is UTF-8",
       Tar().Pax(PaxRecord("path", "\xc3\xa9\xe2\x82\xac")).File("s", "").Build(),
       {"\xc3\xa9\xe2\x82\xac"}},
      {"bytes that are not UTF-8 in ustar", Tar().File("\xe9t\xe9", "x").Build(), {"\xe9t\xe9"}},
      {"control bytes and spaces",
       Tar().File(" a\t\x01 ", "").File("\\", "").Build(),
       {" a\t\x01 ", "\\"}},
      {"dots and slashes as written",
       Tar().File("./a//b", "").File("../c", "").File("/abs", "").Build(),
       {"./a//b", "../c", "/abs"}},
      {"a pax size",
       Tar()
           .Pax(PaxRecord("size", "3"))
           .Raw(Header({.name = "f", .size = 0}) + Padded("abc"))
           .File("g", "")
           .Build(),
       {"f", "g"}},
      {"a base-256 size", Base256Size() + Tar().File("g", "").Build(), {"big", "g"}},
      {"an old tar's folder: NUL type and a slash",
       Tar().Raw(Header({.name = "d/", .type = '\0'})).Build(),
       {"d/"}},
      {"contiguous files are files",
       Tar().Raw(Header({.name = "f", .type = '7', .size = 1}) + Padded("x")).File("g", "").Build(),
       {"f", "g"}},
      {"sizes of links and folders are no bytes",
       Tar()
           .Raw(Header({.name = "l", .type = '2', .size = 5, .link = "x"}))
           .Raw(Header({.name = "d/", .type = '5', .size = 5}))
           .File("g", "")
           .Build(),
       {"l", "d/", "g"}},
      {"an unknown type has its bytes",
       Tar().Raw(Header({.name = "u", .type = 'Z', .size = 1}) + Padded("x")).File("g", "").Build(),
       {"u", "g"}},
      {"a comment in a global header",
       Tar().Pax(PaxRecord("comment", "0123abcd"), 'g').File("f", "x").Build(),
       {"f"}},
      {"old GNU sparse", GnuSparseTar(), {"sparse", "after"}},
      {"pax sparse 1.0",
       Tar()
           .Pax(PaxRecord("GNU.sparse.major", "1") + PaxRecord("GNU.sparse.minor", "0") +
                PaxRecord("GNU.sparse.name", "real") + PaxRecord("GNU.sparse.realsize", "5000"))
           .Raw(Header({.name = "GNUSparseFile.1/real", .size = 512 + 6}) +
                Padded("3\n0\n2\n1024\n2\n4094\n2\n") + Padded("abcdef"))
           .File("after", "")
           .Build(),
       {"real", "after"}},
      {"pax sparse 0.1",
       Tar()
           .Pax(PaxRecord("GNU.sparse.size", "5000") + PaxRecord("GNU.sparse.numblocks", "3") +
                PaxRecord("GNU.sparse.name", "real") +
                PaxRecord("GNU.sparse.map", "0,2,1024,2,4094,2"))
           .Raw(Header({.name = "x", .size = 6}) + Padded("abcdef"))
           .File("after", "")
           .Build(),
       {"real", "after"}},
      {"pax sparse 0.0",
       Tar()
           .Pax(PaxRecord("GNU.sparse.size", "5000") + PaxRecord("GNU.sparse.numblocks", "3") +
                PaxRecord("GNU.sparse.offset", "0") + PaxRecord("GNU.sparse.numbytes", "2") +
                PaxRecord("GNU.sparse.offset", "1024") + PaxRecord("GNU.sparse.numbytes", "2") +
                PaxRecord("GNU.sparse.offset", "4094") + PaxRecord("GNU.sparse.numbytes", "2"))
           .Raw(Header({.name = "real", .size = 6}) + Padded("abcdef"))
           .File("after", "")
           .Build(),
       {"real", "after"}},
      {"GNU times in the prefix's place",
       Tar()
           .Raw(Header({.name = "f",
                        .magic = std::string(kGnuMagic),
                        .prefix = "14701234567" + std::string(1, '\0') + "14701234567"}))
           .PythonDiffers("it joins a prefix in GNU headers, where GNU keeps times")
           .Build(),
       {"f"}},
      {"an empty pax path",
       Tar()
           .Pax(PaxRecord("path", ""))
           .File("f", "")
           .PythonDiffers("it takes an empty value for an empty name, POSIX for the header's own")
           .Build(),
       {"f"}},
  };
}

// Pitfall 15: every shape of header. Pitfall 13: bytes that are no UTF-8.
TEST(TarReader, NamesAreThoseThatWereWritten) {
  for (const auto& test : NamesCases()) {
    SCOPED_TRACE(test.name);
    testing::NoteTar(test.tar);  // also where it is put together of several
    for (const std::size_t step : {1, 511, 512, 100000}) {
      const Listed listed = List(test.tar, step);
      ASSERT_TRUE(listed.status) << listed.status.error().message;
      std::vector<std::string> names;
      for (const auto& entry : listed.entries) names.push_back(entry.name);
      EXPECT_EQ(names, test.names) << "in steps of " << step;
    }
  }
}

// Pitfall 15.
TEST(TarReader, SparseFilesHaveTheirRealSizeAndHolesOfZeros) {
  for (const auto& test : NamesCases()) {
    if (std::string_view(test.name).find("sparse") == std::string_view::npos) continue;
    SCOPED_TRACE(test.name);
    const Listed listed = List(test.tar);
    ASSERT_TRUE(listed.status) << listed.status.error().message;
    ASSERT_EQ(listed.entries.size(), 2u);
    EXPECT_EQ(listed.entries[0].size, 5000u);
    EXPECT_EQ(listed.contents[0], SparseContent());
  }
}

}  // namespace
}  // namespace landwaiter::layer
