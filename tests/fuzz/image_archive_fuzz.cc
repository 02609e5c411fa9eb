// Image archives from any bytes, compressed ones too: an archive that opens can be asked for its
// manifest, and every member lies within the file.
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <string>

#include "scanner/image/archive.h"
#include "scanner/image/loader.h"
#include "scanner/image/tar_index.h"

namespace {

landwaiter::FileDescriptor MemoryFile() {
  landwaiter::FileDescriptor file(memfd_create("archive", MFD_CLOEXEC));
  if (!file) std::abort();
  return file;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace landwaiter;
  using namespace landwaiter::image;
  FileDescriptor file = MemoryFile();
  if (write(file.get(), data, size) != static_cast<ssize_t>(size)) return 0;
  const auto index = TarIndex::Build(file.get(), {});
  if (!index && index.error().message.empty()) std::abort();
  for (const char* path : {"manifest.json", "index.json", "1/layer.tar"}) {
    if (!index || !index->Has(path)) continue;
    const auto member = index->Find(path);
    if (member && (member->offset > size || member->size > size - member->offset)) std::abort();
  }
  ArchiveOptions options;
  options.scratch = MemoryFile();
  options.max_inflated_bytes = 16u << 20;
  auto source = OpenArchive(std::move(file), "archive.tar", std::move(options), {});
  if (!source) {
    if (source.error().message.find("archive.tar") == std::string::npos) std::abort();
    return 0;
  }
  const auto image = LoadImage(**source, {});
  if (image && image->platforms.empty()) std::abort();
  return 0;
}
