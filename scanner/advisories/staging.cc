#include "scanner/advisories/staging.h"

namespace landwaiter::advisories {
namespace {

/// Address space, not memory: all of OSV stages into some 2 GB.
constexpr std::size_t kMapBytes = std::size_t{64} << 30;

}  // namespace

Result<std::unique_ptr<BatchWriter>> BatchWriter::Open(const std::string& path) {
  std::unique_ptr<BatchWriter> writer(new BatchWriter);
  auto environment = LmdbEnvironment::OpenForWriting(path, kMapBytes);
  if (!environment) return std::move(environment).error();
  writer->environment_ = *std::move(environment);
  return writer;
}

Result<TableId> BatchWriter::Ready(const char* table) {
  if (!transaction_) {
    auto transaction = environment_->Begin();
    if (!transaction) return std::move(transaction).error();
    transaction_ = *std::move(transaction);
  }
  return transaction_->Table(table);
}

Status BatchWriter::Written(std::size_t bytes) {
  bytes_ += bytes;
  if (++rows_ < kRowsPerCommit && bytes_ < kBytesPerCommit) return Ok();
  return Commit();
}

Status BatchWriter::Commit() {
  rows_ = 0;
  bytes_ = 0;
  if (!transaction_) return Ok();
  Status status = transaction_->Commit();
  transaction_.reset();
  return status;
}

Status BatchWriter::Put(const char* table, std::string_view key, std::string_view value) {
  const auto id = Ready(table);
  if (!id) return id.error();
  if (Status status = transaction_->Put(*id, key, value); !status) return status;
  return Written(key.size() + value.size());
}

Status BatchWriter::Append(const char* table, std::string_view key, std::string_view value) {
  const auto id = Ready(table);
  if (!id) return id.error();
  if (Status status = transaction_->Append(*id, key, value); !status) return status;
  return Written(key.size() + value.size());
}

Result<std::optional<std::string>> BatchWriter::Get(const char* table, std::string_view key) {
  const auto id = Ready(table);
  if (!id) return id.error();
  const auto value = transaction_->Get(*id, key);
  if (!value) return value.error();
  if (!value->has_value()) return std::optional<std::string>();
  return std::optional(std::string(**value));
}

Status BatchWriter::Scan(
    const char* table,
    const std::function<Status(std::string_view key, std::string_view value)>& on_row) {
  if (Status status = Commit(); !status) return status;
  const auto id = Ready(table);
  if (!id) return id.error();
  Status outcome;
  Status scanned = transaction_->Scan(*id, "", [&](std::string_view key, std::string_view value) {
    outcome = on_row(key, value);
    return outcome.has_value();
  });
  return scanned ? outcome : scanned;
}

Status BatchWriter::MakeTable(const char* table) {
  const auto id = Ready(table);
  return id ? Ok() : Status(id.error());
}

Status BatchWriter::Finish() {
  if (Status status = Commit(); !status) return status;
  return environment_->Sync();
}

}  // namespace landwaiter::advisories
