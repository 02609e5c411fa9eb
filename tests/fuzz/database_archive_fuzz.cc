// Archives of databases from any bytes: what is taken in is whole and opens; what is not leaves
// nothing behind.
#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <string>

#include "lib/base/file.h"
#include "scanner/advisories/database.h"
#include "scanner/advisories/database_archive.h"

namespace {

/// One for the process; emptied by each run.
const std::string& Folder() {
  static const std::string folder = [] {
    std::string name = (std::filesystem::temp_directory_path() / "landwaiter-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) std::abort();
    return name;
  }();
  return folder;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace landwaiter;
  using namespace landwaiter::advisories;
  const FileDescriptor file(memfd_create("archive", MFD_CLOEXEC));
  if (!file || write(file.get(), data, size) != static_cast<ssize_t>(size)) return 0;
  ImportOptions options;
  options.archive = "/proc/self/fd/" + std::to_string(file.get());
  options.folder = Folder();
  const auto info = ImportDatabase(options, {});
  if (info && !AdvisoryDatabase::Verify(Folder())) std::abort();
  if (!info && info.error().message.empty()) std::abort();
  for (const auto& entry : std::filesystem::directory_iterator(Folder())) {
    const std::string name = entry.path().filename().string();
    if (!info && name != ".lock") std::abort();
  }
  std::filesystem::remove_all(Folder());
  return 0;
}
