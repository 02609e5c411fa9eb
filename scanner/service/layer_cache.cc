#include "scanner/service/layer_cache.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <utility>
#include <vector>

#include "lib/base/digest.h"
#include "model/inventory_codec.h"
#include "scanner/layer/inventory_codec.h"
#include "scanner/packages/source.h"

namespace landwaiter::service {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kEnding = ".kept";
constexpr std::string_view kNewFile = "new-XXXXXX";  // of mkostemp(3)
// No inventory takes as long to write.
constexpr auto kLeftoverAge = std::chrono::hours(1);
constexpr std::size_t kHashBytes = 64;  // hex digits
constexpr std::size_t kCopyBytes = 64u << 10;
// Evicting goes below the bound, so that the next layer does not evict again.
constexpr std::uint64_t kEvictToPercent = 90;
constexpr std::uint64_t kMaxKeptBytes =
    std::max<std::uint64_t>(layer::kMaxEncodedBytes, kMaxInventoryBytes);

Error Failed(const std::string& what) {
  return Internal("layer cache: " + what + ": " + std::strerror(errno));
}

Status CheckFolder(const std::string& folder) {
  struct stat facts {};
  if (stat(folder.c_str(), &facts) != 0) return Failed(folder);
  if (!S_ISDIR(facts.st_mode)) return Internal("layer cache: " + folder + " is no folder");
  if (facts.st_uid != geteuid() || (facts.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
    return Error{Code::kPermissionDenied,
                 "layer cache: " + folder + " is another user's, or can be written by others"};
  }
  return Ok();
}

bool WriteAll(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = write(fd, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
  return true;
}

// The folder's secret; drawn by the first who comes, link(2) lets only one win.
Result<layer::NameKey> FolderKey(const std::string& folder) {
  const std::string path = folder + "/name-key";
  layer::NameKey key{};
  for (int attempt = 0; attempt < 2; ++attempt) {
    const FileDescriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
    if (file && read(file.get(), key.data(), sizeof(key)) == static_cast<ssize_t>(sizeof(key))) {
      return key;
    }
    key = layer::DrawNameKey();
    std::string drawn = folder + "/" + std::string(kNewFile);
    const FileDescriptor made(mkostemp(drawn.data(), O_CLOEXEC));
    if (!made || !WriteAll(made.get(), {reinterpret_cast<const char*>(key.data()), sizeof(key)})) {
      return Failed(drawn);
    }
    if (file) unlink(path.c_str());  // it is too short
    if (link(drawn.c_str(), path.c_str()) != 0 && errno != EEXIST) return Failed(path);
    unlink(drawn.c_str());
  }
  return Failed(path);
}

// Reads `size` bytes from `offset` piece by piece. False where they are not there.
template <class Fn>
bool EachPiece(int fd, std::uint64_t offset, std::uint64_t size, Fn take) {
  std::array<char, kCopyBytes> buffer;
  while (size > 0) {
    const auto wanted = std::min<std::uint64_t>(buffer.size(), size);
    const ssize_t count = pread(fd, buffer.data(), wanted, static_cast<off_t>(offset));
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0 || !take(std::string_view(buffer.data(), static_cast<std::size_t>(count)))) {
      return false;
    }
    offset += static_cast<std::uint64_t>(count);
    size -= static_cast<std::uint64_t>(count);
  }
  return true;
}

bool CopyTo(int fd, const FilePart& layer) {
  Sha256 sha;
  if (!EachPiece(layer.file.get(), layer.offset, layer.size, [&](std::string_view bytes) {
        sha.Update(bytes);
        return true;
      })) {
    return false;
  }
  return WriteAll(fd, sha.Finish().Hex()) &&
         EachPiece(layer.file.get(), layer.offset, layer.size,
                   [&](std::string_view bytes) { return WriteAll(fd, bytes); });
}

// What a process that was killed had begun to write.
bool IsLeftover(const fs::path& path, fs::file_time_type used) {
  return path.filename().string().starts_with(kNewFile.substr(0, kNewFile.find('X'))) &&
         used < fs::file_time_type::clock::now() - kLeftoverAge;
}

// Tells this program from any other build of it, whose reading of a tar may differ though no source
// has another version.
std::string ThisProgram() {
  struct stat facts {};
  if (stat("/proc/self/exe", &facts) != 0) return "";
  return std::to_string(facts.st_size) + " " + std::to_string(facts.st_mtim.tv_sec) + "." +
         std::to_string(facts.st_mtim.tv_nsec);
}

// What every inventory depends on.
std::string Common(const StartMessage& start, const layer::NameKey& name_key) {
  const layer::Limits& limits = start.limits;
  std::string text = "landwaiter " LANDWAITER_VERSION " " + ThisProgram() + " codec " +
                     std::to_string(layer::kCodecVersion) + "\n" + packages::SourceVersions() +
                     "\n";
  for (const std::uint64_t number :
       {limits.inflated_bytes, limits.entries, limits.ratio, limits.ratio_free_bytes,
        std::uint64_t{limits.path_bytes}, limits.retained_bytes, limits.file_bytes,
        limits.spooled_bytes, std::uint64_t{limits.tar_metadata_bytes},
        std::uint64_t{limits.sparse_pieces}, static_cast<std::uint64_t>(limits.zstd_window_log),
        name_key[0], name_key[1]}) {
    text += std::to_string(number) + " ";
  }
  text += "\n" + ToJson(start.collection) + "\n";
  if (!start.collection.malware) return text;
  return text + start.malware_database + " " + std::to_string(start.malware_max_bytes) + "\n";
}

}  // namespace

Result<std::unique_ptr<LayerCache>> LayerCache::Open(const std::string& folder,
                                                     std::uint64_t max_bytes) {
  std::error_code failure;
  fs::create_directories(fs::path(folder).parent_path(), failure);
  if (mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) return Failed(folder);
  if (Status sound = CheckFolder(folder); !sound) return sound.error();
  auto key = FolderKey(folder);
  if (!key) return std::move(key).error();
  return std::unique_ptr<LayerCache>(new LayerCache(folder, max_bytes, *key));
}

std::string LayerCache::KeyOf(const LayerJob& job, const StartMessage& start) const {
  return std::string(Sha256::Of(Common(start, name_key_) + "layer\n" + job.digest.ToString() + " " +
                                job.diff_id.ToString() + " " + std::to_string(job.size) + " " +
                                job.media_type)
                         .Hex());
}

std::string LayerCache::KeyOf(const image::RawManifest& root, const StartMessage& start) const {
  std::string text = Common(start, name_key_) + "image\n" + Sha256::Of(root.bytes).ToString() +
                     " " + std::to_string(start.limits.layers) + " " +
                     std::to_string(static_cast<int>(start.declared)) + " " +
                     std::to_string(static_cast<int>(start.single_of_any_platform)) + "\n" +
                     root.media_type + "\n";
  for (const Platform& platform : start.platforms) text += platform.ToString() + "\n";
  return std::string(Sha256::Of(text).Hex());
}

std::optional<FilePart> LayerCache::Get(const std::string& key) {
  const std::string path = PathOf(key);
  FilePart layer;
  layer.file = FileDescriptor(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  struct stat facts {};
  if (!layer.file || fstat(layer.file.get(), &facts) != 0) return std::nullopt;
  std::string expected;
  Sha256 sha;
  const auto size = static_cast<std::uint64_t>(std::max<off_t>(facts.st_size, 0));
  const bool whole =
      size > kHashBytes && size <= kHashBytes + kMaxKeptBytes &&
      EachPiece(layer.file.get(), 0, kHashBytes,
                [&](std::string_view bytes) {
                  expected += bytes;
                  return true;
                }) &&
      EachPiece(layer.file.get(), kHashBytes, size - kHashBytes, [&](std::string_view bytes) {
        sha.Update(bytes);
        return true;
      });
  if (!whole || sha.Finish().Hex() != expected) {
    unlink(path.c_str());
    return std::nullopt;
  }
  // Its time of change is when it was last of use. Without the right to set it, it only goes
  // sooner.
  if (futimens(layer.file.get(), nullptr) != 0) errno = 0;
  layer.offset = kHashBytes;
  layer.size = size - kHashBytes;
  return layer;
}

Status LayerCache::Put(const std::string& key, const FilePart& layer) {
  std::string path = folder_ + "/" + std::string(kNewFile);
  const FileDescriptor file(mkostemp(path.data(), O_CLOEXEC));
  if (!file) return Failed(folder_);
  if (!CopyTo(file.get(), layer) || rename(path.c_str(), PathOf(key).c_str()) != 0) {
    const Error error = Failed(path);
    unlink(path.c_str());
    return error;
  }
  Evict();
  return Ok();
}

void LayerCache::Evict() {
  struct Kept {
    fs::file_time_type used;
    std::uint64_t size;
    fs::path path;
  };
  const std::lock_guard lock(evicting_);
  std::vector<Kept> files;
  std::uint64_t total = 0;
  std::error_code failure;
  // Other processes take files away meanwhile: whatever cannot be asked of is passed over.
  for (fs::directory_iterator at(folder_, failure); !failure && at != fs::directory_iterator();
       at.increment(failure)) {
    std::error_code gone;
    const auto used = at->last_write_time(gone);
    if (gone) continue;
    if (IsLeftover(at->path(), used)) fs::remove(at->path(), gone);
    if (at->path().extension() != kEnding) continue;
    const std::uint64_t size = at->file_size(gone);
    if (gone) continue;
    total += size;
    files.push_back({used, size, at->path()});
  }
  if (total <= max_bytes_) return;
  std::sort(files.begin(), files.end(),
            [](const Kept& a, const Kept& b) { return a.used < b.used; });
  for (const Kept& file : files) {
    if (total <= max_bytes_ / 100 * kEvictToPercent) return;
    if (fs::remove(file.path, failure)) total -= file.size;
  }
}

}  // namespace landwaiter::service
