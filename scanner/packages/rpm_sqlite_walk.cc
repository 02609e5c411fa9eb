// Down the trees of an rpmdb.sqlite, wherever its pages come from.
#include <string>
#include <unordered_set>
#include <utility>

#include "scanner/packages/rpm_sqlite.h"

namespace landwaiter::packages {
namespace {

// BTCURSOR_MAX_DEPTH of SQLite.
constexpr int kMaxDepth = 20;
constexpr std::uint32_t kSchemaRoot = 1;

class Walker {
 public:
  explicit Walker(const PackagesWalk& walk) : walk_(walk) {}

  // Calls `leaf` for the leaves below `root` from left to right.
  template <class Leaf>
  void Below(std::uint32_t root, const Leaf& leaf) {
    std::vector<std::pair<std::uint32_t, int>> pending = {{root, 1}};  // the next one last
    while (!pending.empty()) {
      const auto [number, depth] = pending.back();
      pending.pop_back();
      const KeptPage* page = PageAt(number, depth);
      if (page == nullptr) continue;
      if (page->kind != KeptPage::Kind::kInterior) {
        leaf(number, *page);
        continue;
      }
      for (auto child = page->children.rbegin(); child != page->children.rend(); ++child) {
        pending.emplace_back(*child, depth + 1);
      }
    }
  }

 private:
  const KeptPage* PageAt(std::uint32_t number, int depth) {
    const std::string name = "page " + std::to_string(number);
    if (number == 0 || number > walk_.page_count) {
      walk_.fail(name + " is beyond its " + std::to_string(walk_.page_count) + " pages");
    } else if (depth > kMaxDepth || !seen_.insert(number).second) {
      walk_.fail(name + " is in its tables twice, or too deep");
    } else if (auto page = walk_.page(number); !page) {
      walk_.fail(page.error().message);
    } else if (*page == nullptr) {
      walk_.fail(name + " is no part of a table");
    } else {
      return *page;
    }
    return nullptr;
  }

  const PackagesWalk& walk_;
  std::unordered_set<std::uint32_t> seen_;
};

}  // namespace

void WalkPackages(const PackagesWalk& walk) {
  Walker walker(walk);
  std::uint32_t root = 0;
  walker.Below(kSchemaRoot, [&](std::uint32_t number, const KeptPage& page) {
    if (page.packages_root != 0) root = page.packages_root;
    if (!page.cells.empty()) walk.fail("page " + std::to_string(number) + " is no schema");
  });
  if (root == 0) return walk.fail("has no table Packages");
  walker.Below(root, [&](std::uint32_t number, const KeptPage& page) {
    if (page.kind != KeptPage::Kind::kRows) {
      walk.fail("page " + std::to_string(number) + " is no part of table Packages");
      return;
    }
    walk.leaf(number, page);
  });
}

}  // namespace landwaiter::packages
