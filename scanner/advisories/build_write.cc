#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <iterator>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "lib/base/file.h"
#include "scanner/advisories/build_merge.h"
#include "scanner/advisories/build_steps.h"
#include "scanner/advisories/codec.h"
#include "scanner/advisories/tables.h"

namespace landwaiter::advisories {
namespace {

/// Enough of the content's digest to tell databases apart by eye and by file name.
constexpr std::size_t kIdHexDigits = 16;

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

Status WriteRows(StagedRecord record, BatchWriter& rows) {
  std::map<std::string, std::vector<Affected>> said;
  for (StagedPackage& package : MergePackages(std::move(record.packages))) {
    package.affected.advisory = record.advisory.id;
    said[KeyPrefix(package.ecosystem, package.package) + record.advisory.id].push_back(
        std::move(package.affected));
  }
  for (const auto& [key, of_package] : said) {
    if (Status status = rows.Put(kAffectedTable, key, Encode(of_package)); !status) return status;
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

/// The parts of one id stand beside each other and become one advisory.
class AdvisoryWriter {
 public:
  AdvisoryWriter(BatchWriter& rows, FinalWriter& to, DatabaseInfo* info)
      : rows_(rows), to_(to), info_(info) {}

  Status Take(StagedRecord record) {
    if (record.withdrawn) return Ok();
    if (!pending_.empty() && pending_.front().advisory.id != record.advisory.id) {
      if (Status status = Flush(); !status) return status;
    }
    pending_.push_back(std::move(record));
    return Ok();
  }
  Status Flush() {
    if (pending_.empty()) return Ok();
    StagedRecord record = Combine(std::exchange(pending_, {}));
    ++info_->advisories;
    const Advisory& advisory = record.advisory;
    if (Status status = to_.Append(kAdvisoryTable, advisory.id, Encode(advisory)); !status) {
      return status;
    }
    return WriteRows(std::move(record), rows_);
  }

 private:
  BatchWriter& rows_;
  FinalWriter& to_;
  DatabaseInfo* info_;
  std::vector<StagedRecord> pending_;
};

Status WriteAdvisories(BatchWriter& staged, BatchWriter& rows, FinalWriter& to,
                       const Cancellation& cancel, DatabaseInfo* info) {
  AdvisoryWriter writer(rows, to, info);
  Status status =
      staged.Scan(kRecordTable, [&](std::string_view /*key*/, std::string_view value) -> Status {
        if (cancel.Stopped()) return Stopped();
        auto record = DecodeStagedRecord(value);
        return record ? writer.Take(*std::move(record)) : Status(std::move(record).error());
      });
  return status ? writer.Flush() : status;
}

/// Rows are sorted by ecosystem, then package: all that is said of one package becomes one value.
class PackageWriter {
 public:
  PackageWriter(FinalWriter& to, DatabaseInfo* info)
      : to_(to), info_(info), staged_(std::exchange(info->ecosystems, {})) {}

  Status Take(std::string_view key, std::string_view value) {
    auto row = DecodeAffected(value);
    if (!row) return std::move(row).error();
    const std::string_view package = key.substr(0, key.find('\0', key.find('\0') + 1) + 1);
    if (package != key_) {
      if (Status status = Flush(); !status) return status;
      key_ = package;
    }
    std::move(row->begin(), row->end(), std::back_inserter(rows_));
    return Ok();
  }
  Status Flush() {
    if (rows_.empty()) return Ok();
    const std::string_view ecosystem = std::string_view(key_).substr(0, key_.find('\0'));
    std::vector<EcosystemInfo>& counts = info_->ecosystems;
    if (counts.empty() || counts.back().name != ecosystem) {
      counts.push_back({std::string(ecosystem), 0, 0, UnfixedBy(ecosystem)});
    }
    ++counts.back().packages;
    counts.back().affected += rows_.size();
    Status status = to_.Append(kAffectedTable, key_, Encode(rows_));
    rows_.clear();
    return status;
  }

 private:
  std::vector<std::string> UnfixedBy(std::string_view ecosystem) const {
    const auto at = std::find_if(staged_.begin(), staged_.end(), [&](const EcosystemInfo& entry) {
      return entry.name == ecosystem;
    });
    return at == staged_.end() ? std::vector<std::string>() : at->unfixed_by;
  }

  FinalWriter& to_;
  DatabaseInfo* info_;
  const std::vector<EcosystemInfo> staged_;
  std::string key_;
  std::vector<Affected> rows_;
};

Status WritePackages(BatchWriter& rows, FinalWriter& to, const Cancellation& cancel,
                     DatabaseInfo* info) {
  PackageWriter writer(to, info);
  Status status = rows.Scan(kAffectedTable, [&](auto key, auto value) -> Status {
    return cancel.Stopped() ? Stopped() : writer.Take(key, value);
  });
  return status ? writer.Flush() : status;
}

/// Each feed's facts of a CVE stand beside each other and become one value.
class FactWriter {
 public:
  explicit FactWriter(FinalWriter& to) : to_(to) {}

  Status Take(std::string_view key, std::string_view value) {
    auto facts = DecodeCveFacts(value);
    if (!facts) return std::move(facts).error();
    const std::string_view cve = key.substr(0, key.find('\0'));
    if (cve != cve_) {
      if (Status status = Flush(); !status) return status;
      cve_ = cve;
    }
    Merge(*std::move(facts), &facts_);
    return Ok();
  }
  Status Flush() {
    if (cve_.empty()) return Ok();
    return to_.Append(kCveTable, cve_, Encode(std::exchange(facts_, {})));
  }

 private:
  FinalWriter& to_;
  std::string cve_;
  CveFacts facts_;
};

Status WriteFacts(BatchWriter& staged, FinalWriter& to) {
  FactWriter writer(to);
  Status status = staged.Scan(
      kFactTable, [&](auto key, auto value) -> Status { return writer.Take(key, value); });
  return status ? writer.Flush() : status;
}

Status Copy(BatchWriter& from, const char* table, FinalWriter& to) {
  return from.Scan(table, [&](auto key, auto value) { return to.Append(table, key, value); });
}

Status WriteAll(BatchWriter& staged, BatchWriter& rows, BatchWriter& file,
                const Cancellation& cancel, DatabaseInfo* info) {
  for (const char* table : {kAffectedTable, kAdvisoryTable, kNameTable, kCveTable, kLifecycleTable,
                            kRepositoryTable, kBinaryTable}) {
    if (Status status = file.MakeTable(table); !status) return status;
  }
  FinalWriter to(file);
  if (Status status = WriteAdvisories(staged, rows, to, cancel, info); !status) return status;
  if (Status status = WritePackages(rows, to, cancel, info); !status) return status;
  if (Status status = Copy(rows, kNameTable, to); !status) return status;
  if (Status status = WriteFacts(staged, to); !status) return status;
  for (const char* table : {kLifecycleTable, kRepositoryTable, kBinaryTable}) {
    if (Status status = Copy(staged, table, to); !status) return status;
  }
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
    auto scratch = BatchWriter::Open(rows);
    if (!scratch) return scratch.error();
    auto file = BatchWriter::Open(path);
    if (!file) return file.error();
    if (Status status = WriteAll(staged, **scratch, **file, cancel, info); !status) return status;
  }
  return DigestFile(path, info);
}

}  // namespace landwaiter::advisories
