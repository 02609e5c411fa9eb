// zip archives as the JVM reads them (PKWARE APPNOTE.TXT 6.3.10; OpenJDK's java.util.zip.ZipFile):
// the central directory at the end says what is in the archive, whatever stands between the
// entries or before them (the script of a self-extracting one). Entries are stored or deflated,
// of any size (zip64); sizes come from the directory, so that data descriptors need no reading.
//
// Every number is taken for a lie: offsets are checked against the file, the directory is read in
// pieces and never held, no entry yields more than its caller's limit. Inside this room only.
// Not handled: encryption and other methods than deflate, which no JVM reads either; archives of
// several volumes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "lib/base/result.h"
#include "scanner/packages/source.h"

struct inflate_state;

namespace landwaiter::packages {

struct ZipEntry {
  std::string_view name;  // as written; lives until the visitor returns
  std::uint16_t flags = 0;
  std::uint16_t method = 0;
  std::uint32_t crc = 0;
  std::uint64_t compressed_size = 0;
  std::uint64_t size = 0;
  std::uint64_t header = 0;  // offset of its local header in the file
};

/// The state of an inflater, which is large: one serves a whole archive with all that is in it.
class ZipInflater {
 public:
  ZipInflater();
  ~ZipInflater();
  inflate_state& state() { return *state_; }

 private:
  std::unique_ptr<inflate_state> state_;
};

class ZipReader {
 public:
  /// Finds the end record as the JVM does: the last one whose comment ends with the file, or that a
  /// directory stands in front of. Errors: NotFound where there is none: the file is no archive.
  /// DataLoss where there is one and it does not fit the file; what `file` reports.
  static Result<ZipReader> Open(RandomAccessFile& file);

  /// Every entry in the directory's order. Stops at the first error of `visit`.
  /// Errors: DataLoss where the directory breaks off, its own or `visit`'s.
  Status ForEach(const std::function<Status(const ZipEntry&)>& visit);

  /// Where the bytes of an entry begin, checked to lie within the file with all of them.
  /// Errors: DataLoss; Unsupported for encrypted ones.
  Result<std::uint64_t> DataOffset(const ZipEntry& entry);

  /// Unpacks to `sink`, piece by piece, at most `max_bytes` of what is in it: there it ends
  /// without an error. A whole entry is checked against its CRC-32.
  /// Errors: DataLoss where data are corrupt, or longer or shorter than the directory says;
  /// Unsupported for encrypted entries and unknown methods; `sink`'s.
  Status Unpack(const ZipEntry& entry, ZipInflater& inflater, std::uint64_t max_bytes,
                const std::function<Status(std::string_view)>& sink);

  /// The first bytes of an entry, at most `max_bytes`. Errors: as Unpack.
  Result<std::string> ReadHead(const ZipEntry& entry, ZipInflater& inflater, std::size_t max_bytes);

 private:
  struct End;  // what the end record says

  explicit ZipReader(RandomAccessFile& file) : file_(&file) {}
  Result<End> FindEnd();
  bool HasDirectory(const End& end);
  Status TakeZip64(End& end);
  Status SetDirectory(const End& end);

  RandomAccessFile* file_;
  std::uint64_t base_ = 0;  // of all offsets: the length of what stands before the archive
  std::uint64_t directory_ = 0;
  std::uint64_t directory_end_ = 0;
};

}  // namespace landwaiter::packages
