#include "scanner/packages/rpm_sqlite_kept.h"

#include <utility>

namespace landwaiter::packages {
namespace {

constexpr char kFormat = '2';

// Seven bits a byte, the lowest first.
void Put(std::string& out, std::uint64_t value) {
  while (value >= 0x80) {
    out += static_cast<char>(value | 0x80);
    value >>= 7;
  }
  out += static_cast<char>(value);
}

void PutNumbers(std::string& out, const std::vector<std::uint32_t>& numbers) {
  Put(out, numbers.size());
  for (const std::uint32_t number : numbers) Put(out, number);
}

void PutPage(std::string& out, const KeptPage& page) {
  Put(out, static_cast<std::uint64_t>(page.kind));
  Put(out, page.packages_root);
  PutNumbers(out, page.children);
  Put(out, page.cells.size());
  for (const KeptCell& cell : page.cells) {
    Put(out, cell.payload_bytes);
    Put(out, cell.local_hash);
    Put(out, cell.overflow);
    Put(out, cell.row);
    PutNumbers(out, cell.chain);
  }
}

void PutRow(std::string& out, const RpmRow& row) {
  Put(out, static_cast<std::uint64_t>(row.kind));
  Put(out, row.package);
  Put(out, row.owned_first);
  Put(out, row.owned_count);
  Put(out, row.records_first);
  Put(out, row.records_count);
  Put(out, row.fault.size());
  out += row.fault;
}

// Once something is wrong, everything is 0.
class Decoder {
 public:
  explicit Decoder(std::string_view bytes) : rest_(bytes) {}

  std::uint64_t U64() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      if (rest_.empty()) break;
      const auto byte = static_cast<unsigned char>(rest_.front());
      rest_.remove_prefix(1);
      value |= std::uint64_t{byte & 0x7fu} << shift;
      if ((byte & 0x80) == 0) return value;
    }
    return Fail();
  }
  std::uint32_t U32() {
    const std::uint64_t value = U64();
    return static_cast<std::uint32_t>(value > 0xffffffff ? Fail() : value);
  }
  // How many follow; each takes a byte at least.
  std::size_t Count() {
    const std::uint64_t count = U64();
    return static_cast<std::size_t>(count > rest_.size() ? Fail() : count);
  }
  template <class Enum>
  Enum Kind(Enum last) {
    const std::uint64_t value = U64();
    return static_cast<Enum>(value > static_cast<std::uint64_t>(last) ? Fail() : value);
  }
  std::vector<std::uint32_t> Numbers() {
    std::vector<std::uint32_t> numbers(Count());
    for (auto& number : numbers) number = U32();
    return numbers;
  }
  std::string Text() {
    const std::size_t size = Count();
    std::string text(rest_.substr(0, size));
    rest_.remove_prefix(size);
    return text;
  }
  bool good() const { return good_; }
  bool done() const { return good_ && rest_.empty(); }

 private:
  std::uint64_t Fail() {
    good_ = false;
    rest_ = {};
    return 0;
  }

  std::string_view rest_;
  bool good_ = true;
};

KeptPage TakePage(Decoder& in) {
  KeptPage page{.kind = in.Kind(KeptPage::Kind::kRows)};
  page.packages_root = in.U32();
  page.children = in.Numbers();
  const std::size_t cells = in.Count();
  for (std::size_t i = 0; i < cells && in.good(); ++i) {
    KeptCell& cell = page.cells.emplace_back();
    cell.payload_bytes = in.U64();
    cell.local_hash = in.U64();
    cell.overflow = in.U32();
    cell.row = in.U32();
    cell.chain = in.Numbers();
  }
  return page;
}

RpmRow TakeRow(Decoder& in) {
  RpmRow row{.kind = in.Kind(RpmRow::Kind::kBroken)};
  row.package = in.U32();
  row.owned_first = in.U32();
  row.owned_count = in.U32();
  row.records_first = in.U32();
  row.records_count = in.U32();
  row.fault = in.Text();
  return row;
}

}  // namespace

std::string EncodeKept(const KeptPages& kept) {
  std::string out(1, kFormat);
  Put(out, kept.page_bytes);
  Put(out, kept.reserved);
  Put(out, kept.page_count);
  PutNumbers(out, kept.numbers);
  Put(out, kept.pages.size());
  for (const auto& [number, page] : kept.pages) {
    Put(out, number);
    PutPage(out, page);
  }
  Put(out, kept.rows.size());
  for (const RpmRow& row : kept.rows) PutRow(out, row);
  return out;
}

std::optional<KeptPages> DecodeKept(std::string_view residue) {
  if (residue.empty() || residue.front() != kFormat) return std::nullopt;
  Decoder in(residue.substr(1));
  KeptPages kept;
  kept.page_bytes = in.U32();
  kept.reserved = in.U32();
  kept.page_count = in.U32();
  kept.numbers = in.Numbers();
  const std::size_t pages = in.Count();
  for (std::size_t i = 0; i < pages && in.good(); ++i) {
    const std::uint32_t number = in.U32();
    kept.pages.insert_or_assign(number, TakePage(in));
  }
  const std::size_t rows = in.Count();
  for (std::size_t i = 0; i < rows && in.good(); ++i) kept.rows.push_back(TakeRow(in));
  if (!in.done()) return std::nullopt;
  return kept;
}

}  // namespace landwaiter::packages
