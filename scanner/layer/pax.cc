#include "scanner/layer/pax.h"

#include <algorithm>
#include <limits>

#include "lib/base/text.h"
#include "scanner/layer/inflater.h"

namespace landwaiter::layer {
namespace {

struct Record {
  std::string_view key;
  std::string_view value;
};

Result<Record> NextRecord(std::string_view& rest) {
  const std::size_t space = rest.find(' ');
  const auto length =
      space == std::string_view::npos ? std::nullopt : ParseDecimal(rest.substr(0, space));
  if (!length || *length > rest.size() || *length < space + 3 || rest[*length - 1] != '\n') {
    return Malformed("pax header has a record whose length is wrong");
  }
  const std::string_view body = rest.substr(space + 1, *length - space - 2);
  rest.remove_prefix(*length);
  const std::size_t equals = body.find('=');
  if (equals == std::string_view::npos || equals == 0) {
    return Malformed("pax header has a record without a key");
  }
  return Record{body.substr(0, equals), body.substr(equals + 1)};
}

Status SetText(std::optional<std::string>& field, const Record& record) {
  if (record.value.find('\0') != std::string_view::npos) {
    return Malformed("pax record '" + std::string(record.key) + "' holds a NUL");
  }
  field = record.value.empty() ? std::nullopt : std::optional<std::string>(record.value);
  return Ok();
}

Status SetNumber(std::optional<std::uint64_t>& field, const Record& record) {
  field = std::nullopt;
  if (record.value.empty()) return Ok();
  field = ParseDecimal(record.value);
  if (!field) {
    return Malformed("pax record '" + std::string(record.key) + "' is '" +
                     text::Printable(text::Truncate(record.value, 40)) + "', expected a number");
  }
  return Ok();
}

Status SetMap(PaxRecords& records, const Record& record, std::size_t max_pieces) {
  records.sparse_map = true;
  records.pieces.clear();
  const auto numbers = text::Split(record.value, ',');
  if (record.value.empty()) return Ok();
  if (numbers.size() % 2 != 0) return Malformed("sparse map has an odd number of fields");
  if (numbers.size() / 2 > max_pieces) return TooLarge("a sparse map", max_pieces, "pieces");
  for (std::size_t i = 0; i < numbers.size(); i += 2) {
    const auto offset = ParseDecimal(numbers[i]);
    const auto length = ParseDecimal(numbers[i + 1]);
    if (!offset || !length) return Malformed("sparse map has a field that is no number");
    records.pieces.push_back({*offset, *length});
  }
  return Ok();
}

// Format 0.0 repeats a pair of records for each piece.
Status AddPiece(PaxRecords& records, const Record& record, std::size_t max_pieces) {
  const auto number = ParseDecimal(record.value);
  if (!number) return Malformed("sparse map has a field that is no number");
  records.sparse_map = true;
  if (record.key == "GNU.sparse.offset") {
    if (records.pieces.size() >= max_pieces) return TooLarge("a sparse map", max_pieces, "pieces");
    records.pieces.push_back({*number, 0});
    return Ok();
  }
  if (records.pieces.empty()) return Malformed("sparse map has a length before its offset");
  records.pieces.back().length = *number;
  return Ok();
}

Status SetVersion(int& field, const Record& record) {
  const auto number = ParseDecimal(record.value);
  if (!number || *number > 9) return Malformed("sparse format's version is no number");
  field = static_cast<int>(*number);
  return Ok();
}

Status Apply(PaxRecords& records, const Record& record, std::size_t max_pieces) {
  const std::string_view key = record.key;
  if (key == "path") return SetText(records.path, record);
  if (key == "linkpath") return SetText(records.link_path, record);
  if (key == "size") return SetNumber(records.size, record);
  if (key == "uid") return SetNumber(records.uid, record);
  if (key == "gid") return SetNumber(records.gid, record);
  if (key == "SCHILY.xattr.security.capability") {
    records.capabilities = !record.value.empty();
    return Ok();
  }
  if (key == "GNU.sparse.name") return SetText(records.sparse_name, record);
  if (key == "GNU.sparse.size" || key == "GNU.sparse.realsize") {
    return SetNumber(records.sparse_size, record);
  }
  if (key == "GNU.sparse.map") return SetMap(records, record, max_pieces);
  if (key == "GNU.sparse.offset" || key == "GNU.sparse.numbytes") {
    return AddPiece(records, record, max_pieces);
  }
  if (key == "GNU.sparse.major") return SetVersion(records.sparse_major, record);
  if (key == "GNU.sparse.minor") return SetVersion(records.sparse_minor, record);
  return Ok();
}

}  // namespace

std::optional<std::uint64_t> ParseDecimal(std::string_view digits) {
  constexpr std::uint64_t kMost = std::numeric_limits<std::int64_t>::max();
  if (digits.empty() || digits.size() > 20) return std::nullopt;
  std::uint64_t value = 0;
  for (const char c : digits) {
    if (c < '0' || c > '9') return std::nullopt;
    const auto digit = static_cast<std::uint64_t>(c - '0');
    if (value > (kMost - digit) / 10) return std::nullopt;
    value = value * 10 + digit;
  }
  return value;
}

Result<PaxRecords> ParsePax(std::string_view bytes, std::size_t max_pieces) {
  PaxRecords records;
  while (!bytes.empty()) {
    auto record = NextRecord(bytes);
    if (!record) return std::move(record).error();
    if (auto applied = Apply(records, *record, max_pieces); !applied) {
      return std::move(applied).error();
    }
  }
  return records;
}

}  // namespace landwaiter::layer
