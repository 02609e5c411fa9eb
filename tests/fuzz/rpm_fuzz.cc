// An rpm database of any back end, its log, and both put together, the list in place of a database,
// and Red Hat's content sets, from any bytes. The first two bytes say how long the log is, which
// goes before the database.
#include "scanner/packages/rpm_sqlite_kept.h"
#include "tests/fuzz/memory_file.h"

namespace {

using namespace landwaiter::packages;

FileReading Read(const PackageSource& source, std::string_view path, const std::uint8_t* data,
                 std::size_t size) {
  MemoryScratch file(data, size);
  FileReading reading =
      source.parse({.path = path, .mode = 0644, .size = size}, {.file = &file, .records = true});
  CheckReading(reading, source.name, path);
  return reading;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::size_t log = std::min<std::size_t>(size - 2, data[0] | data[1] << 8);
  data += 2;
  size -= 2;
  (void)DecodeKept({reinterpret_cast<const char*>(data), size});
  FuzzContent("content-sets", "root/buildinfo/content_manifests/a.json", data, size);
  for (const PackageSource& source : AllSources()) {
    if (source.name != "rpm") continue;
    std::vector<FileReading> readings = {
        Read(source, "var/lib/rpm/rpmdb.sqlite", data + log, size - log),
        Read(source, "var/lib/rpm/rpmdb.sqlite-wal", data, log),
        Read(source, "var/lib/rpmmanifest/container-manifest-2", data, size)};
    CombineReadings(AllSources(), readings);
    for (const FileReading& reading : readings) {
      if (reading.state != ReadingState::kNotOurs) CheckReading(reading, "rpm", reading.path);
    }
  }
  return 0;
}
