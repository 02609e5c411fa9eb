// A finished database file some of whose bytes say something else: whatever they are, rows or an
// error, and no byte outside of the file is read. Four bytes of input change one of the file: where
// (three) and to what.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <string>

#include "lib/base/file.h"
#include "scanner/advisories/lmdb.h"
#include "scanner/advisories/lmdb_file.h"

namespace {

using namespace landwaiter;
using namespace landwaiter::advisories;

constexpr std::size_t kMapBytes = 16u << 20;

template <class T>
T Value(Result<T> result) {
  if (!result) std::abort();
  return *std::move(result);
}

void Require(bool holds) {
  if (!holds) std::abort();
}

/// Three levels of pages and values of several pages.
std::string MakeFile() {
  std::string folder = (std::filesystem::temp_directory_path() / "landwaiter-XXXXXX").string();
  if (mkdtemp(folder.data()) == nullptr) std::abort();
  const std::string path = folder + "/file.mdb";
  {
    const auto environment = Value(LmdbEnvironment::OpenForWriting(path, kMapBytes));
    auto transaction = Value(environment->Begin());
    const TableId table = Value(transaction.Table("rows"));
    for (int i = 0; i < 600; ++i) {
      const std::size_t size = i % 100 == 0 ? 9000 : 100;
      const std::string key = "key" + std::to_string(i) + std::string(200, 'k');
      Require(transaction.Put(table, key, std::string(size, 'v')).has_value());
    }
    Require(transaction.Commit().has_value());
  }
  std::string bytes = Value(ReadFile(path, kMapBytes));
  std::filesystem::remove_all(folder);
  return bytes;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const std::string sound = MakeFile();
  std::string bytes = sound;
  for (std::size_t i = 0; i + 4 <= size; i += 4) {
    const std::size_t at = data[i] | (data[i + 1] << 8) | (data[i + 2] << 16);
    bytes[at % bytes.size()] = static_cast<char>(data[i + 3]);
  }
  const auto file = LmdbFile::Over(bytes, "memory");
  if (!file) return 0;
  const auto root = (*file)->Table("rows");
  if (!root) return 0;
  std::size_t sum = 0;
  const Status scanned = (*file)->Scan(*root, "", [&](auto key, auto value) {
    for (const char c : key) sum += static_cast<unsigned char>(c);
    for (const char c : value) sum += static_cast<unsigned char>(c);
    return true;
  });
  Require(scanned || scanned.error().code == Code::kDataLoss);
  const auto value = (*file)->Get(*root, "key7" + std::string(200, 'k'));
  Require(value || value.error().code == Code::kDataLoss);
  return static_cast<int>(sum & 0);
}
