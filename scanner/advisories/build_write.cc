#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "lib/base/file.h"
#include "scanner/advisories/build_steps.h"
#include "scanner/advisories/codec.h"
#include "scanner/advisories/tables.h"

namespace landwaiter::advisories {
namespace {

/// Enough of the content's digest to tell databases apart by eye and by file name.
constexpr std::size_t kIdHexDigits = 16;

/// A record may name a package several times, with a range each: together they are one row.
std::vector<StagedPackage> MergePackages(std::vector<StagedPackage> packages) {
  std::map<std::pair<std::string, std::string>, StagedPackage> merged;
  for (StagedPackage& package : packages) {
    auto key = std::pair(package.ecosystem, package.package);
    auto [at, fresh] = merged.try_emplace(std::move(key), std::move(package));
    if (fresh) continue;
    Affected& to = at->second.affected;
    Affected& from = package.affected;
    std::move(from.ranges.begin(), from.ranges.end(), std::back_inserter(to.ranges));
    std::move(from.versions.begin(), from.versions.end(), std::back_inserter(to.versions));
    if (from.severity.severity > to.severity.severity) to.severity = from.severity;
    if (to.unfixed_state == FindingState::kAffected) to.unfixed_state = from.unfixed_state;
    if (to.module.empty()) to.module = from.module;
  }
  std::vector<StagedPackage> out;
  out.reserve(merged.size());
  for (auto& [key, package] : merged) out.push_back(std::move(package));
  return out;
}

/// Appends rows to the final file, each also to the digest that becomes the database's id.
class FinalWriter {
 public:
  explicit FinalWriter(BatchWriter& writer) : writer_(writer) {}

  Status Append(const char* table, std::string_view key, std::string_view value) {
    for (const std::string_view part : {std::string_view(table), key, value}) {
      sha_.Update(std::to_string(part.size()) + ":");
      sha_.Update(part);
    }
    return writer_.Append(table, key, value);
  }
  std::string Id() { return std::string(sha_.Finish().Hex().substr(0, kIdHexDigits)); }

 private:
  BatchWriter& writer_;
  Sha256 sha_;
};

Status WriteRows(const StagedRecord& record, BatchWriter& rows) {
  for (StagedPackage& package : MergePackages(record.packages)) {
    const std::string key = KeyPrefix(package.ecosystem, package.package) + record.advisory.id;
    if (Status status = rows.Put(kAffectedTable, key, Encode(package.affected)); !status) {
      return status;
    }
  }
  std::set<std::string> names(record.advisory.aliases.begin(), record.advisory.aliases.end());
  names.insert(record.advisory.upstream.begin(), record.advisory.upstream.end());
  names.insert(record.advisory.id);
  for (const std::string& name : names) {
    if (Status status = rows.Put(kNameTable, KeyPrefix(name) + record.advisory.id, ""); !status) {
      return status;
    }
  }
  return Ok();
}

Status Stopped() { return Error{Code::kCancelled, "the build was stopped"}; }

Status WriteAdvisories(BatchWriter& staged, BatchWriter& rows, FinalWriter& to,
                       const Cancellation& cancel, DatabaseInfo* info) {
  return staged.Scan(kRecordTable, [&](std::string_view key, std::string_view value) -> Status {
    if (cancel.Stopped()) return Stopped();
    const auto record = DecodeStagedRecord(value);
    if (!record) return record.error();
    if (record->withdrawn) return Ok();
    ++info->advisories;
    if (Status status = to.Append(kAdvisoryTable, key, Encode(record->advisory)); !status) {
      return status;
    }
    return WriteRows(*record, rows);
  });
}

/// Rows are sorted by ecosystem, then package, so that counting is looking at the neighbour.
class EcosystemCounter {
 public:
  void Count(std::string_view key) {
    const std::size_t first = key.find('\0');
    const std::size_t second = key.find('\0', first + 1);
    EcosystemInfo& info = counts_[std::string(key.substr(0, first))];
    ++info.affected;
    if (key.substr(0, second) != last_) ++info.packages;
    last_ = key.substr(0, second);
  }
  std::vector<EcosystemInfo> Take() {
    std::vector<EcosystemInfo> out;
    for (auto& [name, info] : counts_) {
      info.name = name;
      out.push_back(info);
    }
    return out;
  }

 private:
  std::map<std::string, EcosystemInfo> counts_;
  std::string last_;
};

Status WriteFacts(BatchWriter& staged, FinalWriter& to) {
  return staged.Scan(kFactTable, [&](std::string_view key, std::string_view value) -> Status {
    const auto facts = DecodeCveFacts(value);
    if (!facts) return facts.error();
    if (!facts->exploited_since) return Ok();
    return to.Append(kKevTable, key.substr(0, key.find('\0')), *facts->exploited_since);
  });
}

Status WriteAll(BatchWriter& staged, const std::string& rows_path, BatchWriter& file,
                const Cancellation& cancel, DatabaseInfo* info) {
  auto rows = BatchWriter::Open(rows_path);
  if (!rows) return rows.error();
  for (const char* table : {kAffectedTable, kAdvisoryTable, kNameTable, kKevTable}) {
    if (Status status = file.MakeTable(table); !status) return status;
  }
  FinalWriter to(file);
  if (Status status = WriteAdvisories(staged, **rows, to, cancel, info); !status) return status;
  EcosystemCounter counter;
  Status status = (*rows)->Scan(kAffectedTable, [&](auto key, auto value) -> Status {
    if (cancel.Stopped()) return Stopped();
    counter.Count(key);
    return to.Append(kAffectedTable, key, value);
  });
  if (!status) return status;
  info->ecosystems = counter.Take();
  status = (*rows)->Scan(kNameTable,
                         [&](auto key, auto value) { return to.Append(kNameTable, key, value); });
  if (!status) return status;
  if (status = WriteFacts(staged, to); !status) return status;
  info->id = to.Id();
  info->file = "advisories-" + info->id + ".mdb";
  return file.Finish();
}

Status DigestFile(const std::string& path, DatabaseInfo* info) {
  const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) return Internal("cannot open " + path + ": " + std::strerror(errno));
  Sha256 sha;
  std::vector<char> buffer(1u << 20);
  for (;;) {
    const ssize_t got = ::read(file.get(), buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return Internal("cannot read " + path + ": " + std::strerror(errno));
    if (got == 0) break;
    info->size_bytes += static_cast<std::uint64_t>(got);
    sha.Update(buffer.data(), static_cast<std::size_t>(got));
  }
  info->digest = sha.Finish();
  return Ok();
}

}  // namespace

Status WriteDatabase(BatchWriter& staged, const std::string& rows, const std::string& path,
                     const Cancellation& cancel, DatabaseInfo* info) {
  {
    auto file = BatchWriter::Open(path);
    if (!file) return file.error();
    if (Status status = WriteAll(staged, rows, **file, cancel, info); !status) return status;
  }
  return DigestFile(path, info);
}

}  // namespace landwaiter::advisories
