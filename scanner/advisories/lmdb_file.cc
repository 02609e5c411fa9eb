#include "scanner/advisories/lmdb_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "scanner/advisories/lmdb.h"

namespace landwaiter::advisories {
namespace {

// Offsets in pages, and flags.
constexpr std::size_t kFlagsAt = 10;
constexpr std::size_t kLowerAt = 12;
constexpr std::size_t kUpperAt = 14;
constexpr std::size_t kOverflowPagesAt = 12;
constexpr std::size_t kPageHeaderBytes = 16;
constexpr std::size_t kPageSizeAt = 40;
constexpr std::size_t kTablesAt = 88;  // the record of the tree of tables in a meta page
constexpr std::size_t kLastPageAt = 136;
constexpr std::size_t kTransactionAt = 144;
constexpr std::size_t kMetaBytes = 152;
constexpr std::uint16_t kBranch = 0x01;
constexpr std::uint16_t kLeaf = 0x02;
constexpr std::uint16_t kOverflow = 0x04;
constexpr std::uint16_t kKinds = 0x7F;  // the bits that say what a page is

// MDB_node and MDB_db.
constexpr std::size_t kNodeHeaderBytes = 8;
constexpr std::uint16_t kBigData = 0x01;
constexpr std::uint16_t kSubTable = 0x02;
constexpr std::size_t kRecordBytes = 48;
constexpr std::size_t kRecordFlagsAt = 4;
constexpr std::size_t kRecordRootAt = 40;
constexpr std::uint64_t kNoRoot = ~std::uint64_t{0};

/// LMDB's own bound of a cursor (CURSOR_STACK).
constexpr std::size_t kMaxDepth = 32;

template <class T>
T ReadAt(std::string_view bytes, std::size_t offset) {
  T value;
  std::memcpy(&value, bytes.data() + offset, sizeof value);
  return value;
}

}  // namespace

/// A page of a tree, its header checked.
struct LmdbFile::Page {
  std::string_view bytes;
  bool leaf = false;
  std::size_t nodes = 0;
  std::size_t upper = 0;  // where nodes begin
};

struct LmdbFile::Node {
  std::string_view key;
  std::uint64_t child = 0;  // of a branch
  std::uint32_t size = 0;   // of a leaf's value
  std::uint16_t flags = 0;  // of a leaf
  std::size_t data_at = 0;  // in the page, behind the key
};

struct LmdbFile::Step {
  Page page;
  std::size_t node = 0;
};

Result<std::unique_ptr<LmdbFile>> LmdbFile::Open(const std::string& path) {
  if (Status status = CheckLmdbFile(path); !status) return std::move(status).error();
  FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  struct stat facts {};
  if (!file || ::fstat(file.get(), &facts) != 0) {
    const Code code = errno == ENOENT ? Code::kNotFound : Code::kPermissionDenied;
    return Error{code, "cannot open " + path + ": " + std::strerror(errno)};
  }
  const auto size = static_cast<std::size_t>(facts.st_size);
  if (size == 0) return DataLoss(path + ": is truncated: has 0 bytes");
  void* const map = ::mmap(nullptr, size, PROT_READ, MAP_SHARED, file.get(), 0);
  if (map == MAP_FAILED) return Internal("cannot map " + path + ": " + std::strerror(errno));
  std::unique_ptr<LmdbFile> opened(new LmdbFile({static_cast<const char*>(map), size}, path));
  opened->file_ = std::move(file);
  if (Status status = opened->ReadHeads(); !status) return std::move(status).error();
  return opened;
}

Result<std::unique_ptr<LmdbFile>> LmdbFile::Over(std::string_view bytes, std::string name) {
  std::unique_ptr<LmdbFile> opened(new LmdbFile(bytes, std::move(name)));
  if (Status status = opened->ReadHeads(); !status) return std::move(status).error();
  return opened;
}

LmdbFile::~LmdbFile() {
  if (file_) ::munmap(const_cast<char*>(bytes_.data()), bytes_.size());  // NOLINT: mmap gave it
}

Error LmdbFile::Damaged(std::string_view what) const {
  return DataLoss("advisory database " + name_ + ": is damaged: " + std::string(what) +
                  "; build or fetch the database again");
}

Status LmdbFile::StillWhole() const {
  if (!file_) return Ok();
  struct stat facts {};
  if (::fstat(file_.get(), &facts) == 0 &&
      static_cast<std::uint64_t>(facts.st_size) >= bytes_.size()) {
    return Ok();
  }
  return Damaged("it was cut short while it was in use");
}

// The newer one of the two meta pages counts.
Status LmdbFile::ReadHeads() {
  if (bytes_.size() < kMetaBytes) return Damaged("it has no head");
  page_size_ = ReadAt<std::uint32_t>(bytes_, kPageSizeAt);
  const bool power_of_two = (page_size_ & (page_size_ - 1)) == 0;
  if (page_size_ < 256 || page_size_ > 32768 || !power_of_two) return Damaged("its page size");
  if (bytes_.size() < page_size_ + kMetaBytes) return Damaged("it has no second head");
  const std::string_view first = bytes_;
  const std::string_view second = bytes_.substr(page_size_);
  const bool newer =
      ReadAt<std::uint64_t>(second, kTransactionAt) > ReadAt<std::uint64_t>(first, kTransactionAt);
  const std::string_view meta = newer ? second : first;
  const auto last = ReadAt<std::uint64_t>(meta, kLastPageAt);
  if (last >= bytes_.size() / page_size_) return Damaged("it is shorter than its head says");
  pages_ = last + 1;
  if (ReadAt<std::uint16_t>(meta, kTablesAt + kRecordFlagsAt) != 0) {
    return Damaged("its tables are of an unknown kind");
  }
  tables_.page = ReadAt<std::uint64_t>(meta, kTablesAt + kRecordRootAt);
  tables_.empty = tables_.page == kNoRoot;
  return Ok();
}

Result<LmdbFile::Page> LmdbFile::PageAt(std::uint64_t number) const {
  // The first two are the heads.
  if (number < 2 || number >= pages_) {
    return Damaged("page " + std::to_string(number) + " is not one of its " +
                   std::to_string(pages_));
  }
  Page page;
  page.bytes = bytes_.substr(number * page_size_, page_size_);
  const std::uint16_t kind = ReadAt<std::uint16_t>(page.bytes, kFlagsAt) & kKinds;
  const std::size_t lower = ReadAt<std::uint16_t>(page.bytes, kLowerAt);
  page.upper = ReadAt<std::uint16_t>(page.bytes, kUpperAt);
  page.leaf = kind == kLeaf;
  const bool sound = ReadAt<std::uint64_t>(page.bytes, 0) == number &&
                     (kind == kLeaf || kind == kBranch) && lower >= kPageHeaderBytes &&
                     lower % 2 == 0 && lower <= page.upper && page.upper <= page_size_;
  page.nodes = (lower - kPageHeaderBytes) / 2;
  if (!sound || page.nodes == 0) {
    return Damaged("page " + std::to_string(number) + " is none of a tree");
  }
  return page;
}

Result<LmdbFile::Node> LmdbFile::NodeAt(const Page& page, std::size_t index) const {
  const std::size_t at = ReadAt<std::uint16_t>(page.bytes, kPageHeaderBytes + 2 * index);
  if (at < page.upper || at + kNodeHeaderBytes > page.bytes.size()) {
    return Damaged("a row begins outside of its page");
  }
  const std::uint64_t low = ReadAt<std::uint16_t>(page.bytes, at);
  const std::uint64_t high = ReadAt<std::uint16_t>(page.bytes, at + 2);
  const std::uint64_t flags = ReadAt<std::uint16_t>(page.bytes, at + 4);
  const std::size_t key_size = ReadAt<std::uint16_t>(page.bytes, at + 6);
  Node node;
  node.data_at = at + kNodeHeaderBytes + key_size;
  if (node.data_at > page.bytes.size()) return Damaged("a key ends outside of its page");
  node.key = page.bytes.substr(at + kNodeHeaderBytes, key_size);
  if (page.leaf) {
    node.size = static_cast<std::uint32_t>(low | (high << 16));
    node.flags = static_cast<std::uint16_t>(flags);
  } else {
    node.child = low | (high << 16) | (flags << 32);
  }
  return node;
}

// What NodeAt says of the key alone, nullopt for a damaged one: most nodes are only passed by.
std::optional<std::string_view> LmdbFile::KeyAt(const Page& page, std::size_t index) {
  const std::size_t at = ReadAt<std::uint16_t>(page.bytes, kPageHeaderBytes + 2 * index);
  if (at < page.upper || at + kNodeHeaderBytes > page.bytes.size()) return std::nullopt;
  const std::size_t key_size = ReadAt<std::uint16_t>(page.bytes, at + 6);
  const std::size_t key_at = at + kNodeHeaderBytes;
  if (key_size > page.bytes.size() - key_at) return std::nullopt;
  return std::string_view(page.bytes.data() + key_at, key_size);
}

// The first row of a leaf whose key is not below `key`.
Result<std::size_t> LmdbFile::LowerBound(const Page& page, std::string_view key) const {
  std::size_t low = 0;
  std::size_t high = page.nodes;
  while (low < high) {
    const std::size_t middle = low + (high - low) / 2;
    const auto passed = KeyAt(page, middle);
    if (!passed) return Damaged("a key lies outside of its page");
    if (*passed < key) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

// The last child whose first key is not above `key`; the first one's key is not written.
Result<std::size_t> LmdbFile::ChildFor(const Page& page, std::string_view key) const {
  std::size_t low = 1;
  std::size_t high = page.nodes;
  while (low < high) {
    const std::size_t middle = low + (high - low) / 2;
    const auto passed = KeyAt(page, middle);
    if (!passed) return Damaged("a key lies outside of its page");
    if (*passed <= key) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low - 1;
}

Result<std::string_view> LmdbFile::ValueOf(const Page& page, const Node& node) const {
  if ((node.flags & kBigData) == 0) {
    if (node.size > page.bytes.size() - node.data_at) {
      return Damaged("a value ends outside of its page");
    }
    return page.bytes.substr(node.data_at, node.size);
  }
  if (page.bytes.size() - node.data_at < sizeof(std::uint64_t)) {
    return Damaged("a value ends outside of its page");
  }
  const auto number = ReadAt<std::uint64_t>(page.bytes, node.data_at);
  if (number < 2 || number >= pages_) return Damaged("a long value begins outside of the file");
  const std::string_view from = bytes_.substr(number * page_size_);
  const std::uint64_t pages = ReadAt<std::uint32_t>(from, kOverflowPagesAt);
  const bool sound = ReadAt<std::uint64_t>(from, 0) == number &&
                     (ReadAt<std::uint16_t>(from, kFlagsAt) & kKinds) == kOverflow &&
                     pages <= pages_ - number &&
                     kPageHeaderBytes + std::uint64_t{node.size} <= pages * page_size_;
  if (!sound) return Damaged("a long value is longer than its pages");
  return from.substr(kPageHeaderBytes, node.size);
}

Result<std::vector<LmdbFile::Step>> LmdbFile::Descend(std::uint64_t root,
                                                      std::string_view key) const {
  std::vector<Step> way;
  for (std::uint64_t number = root;;) {
    if (way.size() == kMaxDepth) return Damaged("its tree has no leaves");
    auto page = PageAt(number);
    if (!page) return std::move(page).error();
    const auto index = page->leaf ? LowerBound(*page, key) : ChildFor(*page, key);
    if (!index) return index.error();
    way.push_back({*page, *index});
    if (page->leaf) return way;
    const auto node = NodeAt(*page, *index);
    if (!node) return node.error();
    number = node->child;
  }
}

Status LmdbFile::NextLeaf(std::vector<Step>* way) const {
  way->pop_back();
  while (!way->empty() && ++way->back().node >= way->back().page.nodes) way->pop_back();
  if (way->empty()) return Ok();
  while (!way->back().page.leaf) {
    if (way->size() == kMaxDepth) return Damaged("its tree has no leaves");
    const auto node = NodeAt(way->back().page, way->back().node);
    if (!node) return node.error();
    auto page = PageAt(node->child);
    if (!page) return std::move(page).error();
    way->push_back({*page, 0});
  }
  return Ok();
}

// As Descend, without the way back: most of what is asked of a database is this.
Result<std::optional<std::string_view>> LmdbFile::Find(std::uint64_t root, std::string_view key,
                                                       std::uint16_t flag) const {
  std::uint64_t number = root;
  for (std::size_t depth = 0; depth < kMaxDepth; ++depth) {
    const auto page = PageAt(number);
    if (!page) return page.error();
    const auto index = page->leaf ? LowerBound(*page, key) : ChildFor(*page, key);
    if (!index) return index.error();
    if (page->leaf && *index == page->nodes) return std::optional<std::string_view>();
    const auto node = NodeAt(*page, *index);
    if (!node) return node.error();
    number = node->child;
    if (!page->leaf) continue;
    if (node->key != key) return std::optional<std::string_view>();
    if ((node->flags & ~kBigData) != flag) return Damaged("a row is of an unknown kind");
    auto value = ValueOf(*page, *node);
    if (!value) return std::move(value).error();
    return std::optional(*value);
  }
  return Damaged("its tree has no leaves");
}

Result<TableRoot> LmdbFile::Table(std::string_view name) const {
  const auto found = FindTable(name);
  if (!found) return found.error();
  if (!*found) return Damaged("it has no table " + std::string(name));
  return **found;
}

Result<std::optional<TableRoot>> LmdbFile::FindTable(std::string_view name) const {
  if (Status whole = StillWhole(); !whole) return std::move(whole).error();
  if (tables_.empty) return std::optional<TableRoot>();
  const auto record = Find(tables_.page, name, kSubTable);
  if (!record) return record.error();
  if (!record->has_value()) return std::optional<TableRoot>();
  if ((*record)->size() != kRecordBytes || ReadAt<std::uint16_t>(**record, kRecordFlagsAt) != 0) {
    return Damaged("its table " + std::string(name) + " is of an unknown kind");
  }
  const auto root = ReadAt<std::uint64_t>(**record, kRecordRootAt);
  return std::optional(TableRoot{root, root == kNoRoot});
}

Result<std::optional<std::string_view>> LmdbFile::Get(const TableRoot& table, std::string_view key,
                                                      Look look) const {
  // Such keys cannot be written.
  if (table.empty || key.empty() || key.size() > kMaxKeyBytes) {
    return std::optional<std::string_view>();
  }
  if (look == Look::kFirst) {
    if (Status whole = StillWhole(); !whole) return std::move(whole).error();
  }
  return Find(table.page, key, 0);
}

Result<LmdbFile::Cursor> LmdbFile::From(const TableRoot& table, std::string_view key) const {
  Cursor cursor(*this);
  if (table.empty || key.size() > kMaxKeyBytes) return cursor;
  if (Status whole = StillWhole(); !whole) return std::move(whole).error();
  auto way = Descend(table.page, key);
  if (!way) return std::move(way).error();
  cursor.way_ = *std::move(way);
  return cursor;
}

Status LmdbFile::Scan(
    const TableRoot& table, std::string_view prefix,
    const std::function<bool(std::string_view key, std::string_view value)>& on_row) const {
  auto cursor = From(table, prefix);
  if (!cursor) return std::move(cursor).error();
  while (true) {
    const auto row = cursor->Next();
    if (!row) return row.error();
    const bool more =
        row->has_value() && (*row)->key.starts_with(prefix) && on_row((*row)->key, (*row)->value);
    if (!more) return Ok();
  }
}

LmdbFile::Cursor::Cursor(const LmdbFile& file) : file_(&file) {}
LmdbFile::Cursor::~Cursor() = default;
LmdbFile::Cursor::Cursor(Cursor&& other) noexcept = default;
LmdbFile::Cursor& LmdbFile::Cursor::operator=(Cursor&& other) noexcept = default;

Result<std::optional<TableRow>> LmdbFile::Cursor::Next() {
  while (!way_.empty() && way_.back().node >= way_.back().page.nodes) {
    // A tree has no page twice: one that leads back into itself has no end.
    if (++leaves_ == file_->pages_) return file_->Damaged("its tree leads back into itself");
    if (Status next = file_->NextLeaf(&way_); !next) return std::move(next).error();
    // A whole table takes its time.
    if (Status whole = file_->StillWhole(); !whole) return std::move(whole).error();
  }
  if (way_.empty()) return std::optional<TableRow>();
  Step& leaf = way_.back();
  const auto node = file_->NodeAt(leaf.page, leaf.node);
  if (!node) return node.error();
  if ((node->flags & ~kBigData) != 0) return file_->Damaged("a row is of an unknown kind");
  const auto value = file_->ValueOf(leaf.page, *node);
  if (!value) return value.error();
  ++leaf.node;
  return std::optional(TableRow{node->key, *value});
}

}  // namespace landwaiter::advisories
