#include "scanner/updates/store.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "lib/base/json.h"
#include "model/database_age.h"

namespace landwaiter::updates {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

// Some thirty files; a line each of a few hundred bytes.
constexpr std::size_t kMaxStateBytes = 4u << 20;
constexpr std::size_t kMaxEntries = 4096;
constexpr std::size_t kMaxStateValues = 256u << 10;
constexpr std::size_t kMaxText = 16u << 10;  // an address (http::kMaxUrlBytes); an ETag has less

std::string TimeText(TimePoint time) { return time == TimePoint{} ? "" : FormatTime(time); }

Json ToJson(const std::map<std::string, KnownFile>& files) {
  Json list = Json::array();
  for (const auto& [name, file] : files) {
    list.push_back({{"name", name},
                    {"url", file.url},
                    {"etag", file.validators.etag},
                    {"lastModified", file.validators.last_modified},
                    {"bytes", file.bytes},
                    {"checkedAt", TimeText(file.checked_at)},
                    {"records", file.records},
                    {"countedBy", file.counted_by}});
  }
  return list;
}

void ReadFiles(JsonFields& fields, const char* name, std::map<std::string, KnownFile>* out) {
  fields.Objects(name, kMaxEntries, [&](JsonFields& item) {
    std::string key, checked;
    KnownFile file;
    item.String("name", key, kMaxText);
    item.String("url", file.url, kMaxText);
    item.String("etag", file.validators.etag, kMaxText);
    item.String("lastModified", file.validators.last_modified, kMaxText);
    item.Uint("bytes", file.bytes);
    item.Uint("records", file.records);
    item.String("countedBy", file.counted_by, kMaxText);
    item.String("checkedAt", checked, kMaxText);
    if (const auto time = ParseTime(checked)) {
      file.checked_at = *time;
    } else if (!checked.empty()) {
      item.Fail("checkedAt", time.error().message);
    }
    (*out)[key] = std::move(file);
    return item.Done();
  });
}

}  // namespace

std::string ToJson(const StoreState& state) {
  Json hosts = Json::array();
  for (const auto& [host, until] : state.hosts) {
    hosts.push_back({{"host", host}, {"notBefore", FormatTime(until)}});
  }
  const Json json = {
      {"files", ToJson(state.files)}, {"parts", ToJson(state.parts)}, {"hosts", hosts}};
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

Result<StoreState> StateFromJson(std::string_view text) {
  const auto json = ParseJson(text, {kMaxStateBytes, 16, kMaxStateValues});
  if (!json) return json.error();
  if (!json->is_object()) return InvalidArgument("state is no JSON object");
  StoreState state;
  JsonFields fields(*json, "");
  ReadFiles(fields, "files", &state.files);
  ReadFiles(fields, "parts", &state.parts);
  fields.Objects("hosts", kMaxEntries, [&](JsonFields& item) {
    std::string host, until;
    item.String("host", host, kMaxText);
    item.String("notBefore", until, kMaxText);
    const auto time = ParseTime(until);
    if (time) {
      state.hosts[host] = *time;
    } else {
      item.Fail("notBefore", time.error().message);
    }
    return item.Done();
  });
  if (Status status = fields.Done(); !status) return status.error();
  return state;
}

Result<Store> Store::Open(const std::string& folder) {
  std::error_code error;
  for (const char* part : {"/files", "/new", "/part"}) {
    fs::create_directories(folder + part, error);
    if (error) {
      return Error{Code::kPermissionDenied,
                   "cannot make folder " + folder + part + ": " + error.message()};
    }
  }
  const std::string path = folder + "/.lock";
  FileDescriptor lock(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644));
  if (!lock) {
    return Error{Code::kPermissionDenied, "cannot create " + path + ": " + std::strerror(errno)};
  }
  if (::flock(lock.get(), LOCK_EX | LOCK_NB) != 0) {
    return Error{Code::kConflict, "another update is at work in " + folder + "; wait for its end"};
  }
  Store store(folder, std::move(lock));
  const auto bytes = ReadFile(folder + "/state.json", kMaxStateBytes);
  if (bytes) {
    // What cannot be read is as if it were not there: it costs a download.
    if (auto state = StateFromJson(*bytes)) store.state = *std::move(state);
  }
  return store;
}

Status Store::Save() const { return WriteFileAtomically(folder_ + "/state.json", ToJson(state)); }

Status Store::MakeFolderOf(const std::string& name) const {
  if (name.find('/') == std::string::npos) return Ok();
  for (const std::string& path : {GoodPath(name), NewPath(name), PartPath(name)}) {
    std::error_code error;
    fs::create_directories(fs::path(path).parent_path(), error);
    if (error) {
      return Error{Code::kPermissionDenied,
                   "cannot make the folder of " + path + ": " + error.message()};
    }
  }
  return Ok();
}

Status Store::Promote(const std::string& name, const KnownFile& known) {
  std::error_code error;
  fs::rename(NewPath(name), GoodPath(name), error);
  if (error) return Internal("cannot keep " + GoodPath(name) + ": " + error.message());
  state.files[name] = known;
  return Ok();
}

TimePoint Store::CheckedAt(const std::string& name, TimePoint now) const {
  const auto known = state.files.find(name);
  const TimePoint noted = known == state.files.end() ? TimePoint{} : known->second.checked_at;
  TimePoint written{};
  struct stat entry {};
  if (::stat(GoodPath(name).c_str(), &entry) == 0) {
    written = TimePoint(std::chrono::seconds(entry.st_mtim.tv_sec));
  }
  for (const TimePoint time : {noted, written}) {
    if (time != TimePoint{} && time <= now + kMaxClockSkew) return std::min(time, now);
  }
  return TimePoint{};
}

std::uint64_t SizeOf(const std::string& path) {
  std::error_code error;
  const std::uintmax_t size = fs::file_size(path, error);
  return error ? 0 : static_cast<std::uint64_t>(size);
}

}  // namespace landwaiter::updates
