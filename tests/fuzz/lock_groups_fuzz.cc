// Files that name each other, from any bytes: the first byte chooses the source, then each file is
// a line with its path and its text, up to a byte 1.
#include <set>
#include <string>
#include <vector>

#include "tests/fuzz/check_reading.h"

namespace {

using namespace landwaiter::packages;

// More files only take longer.
constexpr std::size_t kMaxFiles = 16;

std::vector<FileReading> ReadAll(const PackageSource& source, std::string_view bytes) {
  std::vector<FileReading> readings;
  std::set<std::string_view> paths;
  while (!bytes.empty() && readings.size() < kMaxFiles) {
    const auto end = bytes.find('\1');
    const std::string_view file = bytes.substr(0, end);
    bytes.remove_prefix(end == std::string_view::npos ? bytes.size() : end + 1);
    const auto line = file.find('\n');
    if (line == std::string_view::npos || line == 0) continue;
    const std::string_view path = file.substr(0, line);
    const std::string_view text = file.substr(line + 1);
    if (!paths.insert(path).second) continue;
    readings.push_back(
        source.parse({.path = path, .mode = 0644, .size = text.size()}, {.bytes = text}));
  }
  return readings;
}

void Check(std::vector<FileReading> readings, std::string_view source) {
  std::set<std::string> paths;
  for (const FileReading& reading : readings) paths.insert(reading.path);
  for (const AskedFile& file : CombineReadings(AllSources(), readings)) {
    Require(file.source == source && !paths.contains(file.path));
    // Clean, and nothing outside.
    Require(!file.path.empty() && file.path.front() != '/' && file.path.back() != '/');
    const std::string parts = "/" + file.path + "/";
    Require(parts.find("/../") == std::string::npos && parts.find("//") == std::string::npos);
  }
  Require(paths.size() == readings.size());
  for (const FileReading& reading : readings) CheckReading(reading, source, reading.path);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view name = data[0] % 2 == 0 ? "requirements" : "maven-pom";
  const std::string_view bytes(reinterpret_cast<const char*>(data + 1), size - 1);
  for (const PackageSource& source : AllSources()) {
    if (source.name != name) continue;
    Check(ReadAll(source, bytes), name);
    // What a cache gives back may be anything.
    FileReading kept{.source = std::string(name), .path = "a", .state = ReadingState::kRead};
    kept.residue = bytes;
    std::vector<FileReading> alone = {kept};
    CombineReadings(AllSources(), alone);
  }
  return 0;
}
