// A layer's tar entries, in tar order. Nearly all of them are files of no interest that follow each
// other in one folder: of these a run says the rest once, so that three million cost eight bytes
// each and not twenty-four, and nothing that grows is ever copied (a vector holds all of it twice
// while it does).
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <iterator>

namespace landwaiter::layer {

enum class EntryKind : std::uint8_t { kFile, kFolder, kSymlink, kHardLink };

inline constexpr std::uint32_t kNoDetail = 0xffffffff;

/// One tar entry that is no whiteout. Names are kept as hashes: all that most files can do to the
/// merge is to stand in place of a lower layer's file.
struct TreeEntry {
  std::uint64_t name = 0;    // HashName of the last part of the path
  std::uint32_t folder = 0;  // index into LayerInventory::folders
  std::uint32_t detail = 0;  // index into LayerInventory::files or links, or kNoDetail
  EntryKind kind = EntryKind::kFile;
};

class EntryList {
 public:
  /// What `count` entries in a row have in common; those with a detail stand alone.
  struct Run {
    std::uint32_t folder = 0;
    std::uint32_t detail = 0;
    std::uint32_t count = 0;
    EntryKind kind = EntryKind::kFile;
  };

  class Iterator {
   public:
    using iterator_category = std::input_iterator_tag;
    using value_type = TreeEntry;
    using difference_type = std::ptrdiff_t;
    using pointer = const TreeEntry*;
    using reference = TreeEntry;

    Iterator(const std::deque<Run>::const_iterator& run,
             const std::deque<std::uint64_t>::const_iterator& name)
        : run_(run), name_(name) {}

    TreeEntry operator*() const {
      return {.name = *name_, .folder = run_->folder, .detail = run_->detail, .kind = run_->kind};
    }
    Iterator& operator++() {
      ++name_;
      if (++at_ == run_->count) {
        ++run_;
        at_ = 0;
      }
      return *this;
    }
    friend bool operator==(const Iterator& a, const Iterator& b) { return a.name_ == b.name_; }

   private:
    std::deque<Run>::const_iterator run_;
    std::deque<std::uint64_t>::const_iterator name_;
    std::uint32_t at_ = 0;  // in the run
  };

  void Add(const TreeEntry& entry) {
    names_.push_back(entry.name);
    if (!runs_.empty() && entry.detail == kNoDetail) {
      Run& last = runs_.back();
      const bool same = last.detail == kNoDetail && last.folder == entry.folder &&
                        last.kind == entry.kind && last.count < kNoDetail;
      if (same) {
        ++last.count;
        return;
      }
    }
    runs_.push_back(
        {.folder = entry.folder, .detail = entry.detail, .count = 1, .kind = entry.kind});
  }

  std::size_t size() const { return names_.size(); }
  Iterator begin() const { return {runs_.begin(), names_.begin()}; }
  Iterator end() const { return {runs_.end(), names_.end()}; }
  /// In order; the sum of their counts is size().
  const std::deque<Run>& runs() const { return runs_; }
  const std::deque<std::uint64_t>& names() const { return names_; }

 private:
  std::deque<std::uint64_t> names_;
  std::deque<Run> runs_;
};

}  // namespace landwaiter::layer
