// A bounded, streaming tar reader: v7, ustar, GNU (long names and links, base-256 numbers, old
// sparse files), pax ('x', 'g', sparse 0.0, 0.1, 1.0). Names are bytes and come out as written.
//
// Where readers differ the one that unpacks images counts (Go's archive/tar), because a scan must
// see the files that will run. A global pax header that renames files or moves sizes is refused:
// POSIX applies it, the runtimes do not.
// Not handled: multi-volume archives, GNU incremental dumps' contents (passed over).
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/result.h"
#include "scanner/layer/limits.h"
#include "scanner/layer/pax.h"
#include "scanner/layer/tar_header.h"

namespace landwaiter::layer {

/// The next bytes of the tar; empty at its end. The view lives until the next call.
using NextChunk = std::function<Result<std::string_view>()>;

struct TarEntry {
  std::string name;  // as written, long names resolved; not cleaned
  std::string link;  // of symbolic and hard links
  char type = '0';   // '0' regular (also '7' and sparse), '1' hard link, '2' symbolic link, '5' …
  std::uint32_t mode = 0;
  std::uint64_t uid = 0;
  std::uint64_t gid = 0;
  std::uint64_t size = 0;     // of the file; a sparse one's real size
  bool capabilities = false;  // it has the extended attribute security.capability
};

class TarReader {
 public:
  /// `budget` counts entries and gives the limits; it outlives the reader.
  TarReader(NextChunk next, Budget& budget) : next_(std::move(next)), budget_(budget) {}

  /// The next entry; what was not read of the one before is passed over. nullopt at the end: two
  /// zero blocks, or the end of the bytes at a block's end. What follows the zero blocks is left
  /// unread. Errors: DataLoss reason MalformedImage; ResourceExhausted reason TooLarge.
  Result<std::optional<TarEntry>> Next();

  using Sink = std::function<Status(std::string_view bytes)>;
  /// The whole content of the entry that Next gave, holes as zeros, piece by piece. Once per entry.
  Status ReadContent(const Sink& sink);

 private:
  struct Pending;  // what extension headers said of the next entry

  Result<bool> ReadBlock(Block& block);
  Status Skip(std::uint64_t bytes);
  Result<std::string_view> Take(std::size_t most);
  Result<std::string> ReadMetadata(std::uint64_t size);
  Status ReadPadding();
  Result<bool> TakeExtension(const TarHeader& header, Pending& pending);
  Result<std::optional<TarEntry>> Finish(TarHeader header, Pending pending, const Block& block);
  Status SetUpSparse(const TarHeader& header, Pending& pending, const Block& block,
                     TarEntry& entry);
  Status ReadGnuPieces(const Block& block, TarEntry& entry);
  Status ReadPaxPieces();
  Status CheckPieces(std::uint64_t real_size);
  Status CopyBytes(std::uint64_t count, const Sink& sink);

  NextChunk next_;
  Budget& budget_;
  std::string_view chunk_;
  std::uint64_t left_ = 0;       // bytes of the entry that are still unread
  std::uint64_t padding_ = 0;    // then these, to the next block
  std::uint64_t real_size_ = 0;  // of the entry
  bool sparse_ = false;
  bool ended_ = false;
  std::vector<SparsePiece> pieces_;
};

}  // namespace landwaiter::layer
