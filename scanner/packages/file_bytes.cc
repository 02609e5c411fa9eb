#include "scanner/packages/file_bytes.h"

namespace landwaiter::packages {

Status ReadExactly(RandomAccessFile& file, std::uint64_t offset, std::size_t count,
                   std::string& out) {
  const std::uint64_t end = file.size();
  if (offset > end || count > end - offset) {
    return DataLoss("the file ends at byte " + std::to_string(end) + ", before " +
                    std::to_string(count) + " bytes at " + std::to_string(offset));
  }
  out.resize(count);
  std::size_t done = 0;
  while (done < count) {
    auto got = file.ReadAt(offset + done, out.data() + done, count - done);
    if (!got) return std::move(got).error();
    if (*got == 0) return DataLoss("the file ends at byte " + std::to_string(offset + done));
    done += *got;
  }
  return Ok();
}

}  // namespace landwaiter::packages
