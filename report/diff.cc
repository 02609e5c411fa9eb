#include "report/diff.h"

#include <algorithm>
#include <tuple>

#include "report/summary.h"

namespace landwaiter::report {
namespace {

/// Pairs what has equal keys, in order, and takes the pairs out of both lists: O(n log n), for an
/// image may hold 200,000 packages.
template <class T, class KeyOf, class OnPair>
void Pair(std::vector<T>& left, std::vector<T>& right, KeyOf key, OnPair on_pair) {
  const auto less = [&](const T& a, const T& b) { return key(a) < key(b); };
  std::stable_sort(left.begin(), left.end(), less);
  std::stable_sort(right.begin(), right.end(), less);
  std::vector<T> left_alone, right_alone;
  auto l = left.begin();
  auto r = right.begin();
  while (l != left.end() && r != right.end()) {
    if (less(*l, *r)) {
      left_alone.push_back(std::move(*l++));
    } else if (less(*r, *l)) {
      right_alone.push_back(std::move(*r++));
    } else {
      on_pair(*l++, *r++);
    }
  }
  left_alone.insert(left_alone.end(), std::make_move_iterator(l),
                    std::make_move_iterator(left.end()));
  right_alone.insert(right_alone.end(), std::make_move_iterator(r),
                     std::make_move_iterator(right.end()));
  left = std::move(left_alone);
  right = std::move(right_alone);
}

/// A package and the name of its platform. Borrows both.
struct Held {
  const Package* package = nullptr;
  std::string_view platform;
};

/// Names under which both sides' platforms are compared.
std::vector<std::string> PlatformNames(const ScanReport& report, const ScanReport& other) {
  std::vector<std::string> names;
  const bool single =
      report.inventory.platforms.size() == 1 && other.inventory.platforms.size() == 1;
  for (const Inventory& inventory : report.inventory.platforms) {
    names.push_back(single ? "" : inventory.platform.ToString());
  }
  return names;
}

std::vector<DiffFinding> FindingsIn(const ScanReport& report,
                                    const std::vector<std::string>& names) {
  std::vector<DiffFinding> all;
  for (std::size_t i = 0; i < names.size(); ++i) {
    for (const Finding& finding : FindingsOf(report, i).findings) {
      if (!finding.host_kernel) all.push_back({&finding, names[i]});
    }
  }
  return all;
}

std::vector<Held> PackagesIn(const ScanReport& report, const std::vector<std::string>& names) {
  std::vector<Held> all;
  for (std::size_t i = 0; i < names.size(); ++i) {
    for (const Package& package : report.inventory.platforms[i].packages) {
      all.push_back({&package, names[i]});
    }
  }
  return all;
}

void SortFindings(std::vector<DiffFinding>& findings) {
  std::stable_sort(findings.begin(), findings.end(),
                   [](const DiffFinding& a, const DiffFinding& b) {
                     if (WorseThan(*a.finding, *b.finding)) return true;
                     if (WorseThan(*b.finding, *a.finding)) return false;
                     return a.platform < b.platform;
                   });
}

void SortPackages(std::vector<DiffPackage>& packages) {
  const auto key = [](const DiffPackage& p) {
    return std::tie(p.platform, p.type, p.name, p.before, p.after, p.path);
  };
  std::sort(packages.begin(), packages.end(),
            [&](const DiffPackage& a, const DiffPackage& b) { return key(a) < key(b); });
}

void CompareFindings(ScanDiff& diff, std::vector<DiffFinding> before,
                     std::vector<DiffFinding> after) {
  const auto stays = [&](const DiffFinding&, const DiffFinding& now) {
    diff.stayed.push_back(now);
  };
  const auto whole = [](const DiffFinding& f) {
    return std::tie(f.platform, f.finding->id, f.finding->package_type, f.finding->package,
                    f.finding->path);
  };
  const auto anywhere = [](const DiffFinding& f) {
    return std::tie(f.platform, f.finding->id, f.finding->package_type, f.finding->package);
  };
  Pair(before, after, whole, stays);
  Pair(before, after, anywhere, stays);
  diff.fixed = std::move(before);
  diff.brought = std::move(after);
  SortFindings(diff.fixed);
  SortFindings(diff.brought);
  SortFindings(diff.stayed);
}

void ComparePackages(ScanDiff& diff, std::vector<Held> before, std::vector<Held> after) {
  const auto same = [](const Held&, const Held&) {};
  const auto changes = [&](const Held& was, const Held& is) {
    diff.changed.push_back({std::string(is.platform), is.package->type, is.package->name,
                            is.package->path, was.package->version, is.package->version});
  };
  const auto whole = [](const Held& h) {
    const Package& p = *h.package;
    return std::tie(h.platform, p.type, p.name, p.version, p.architecture, p.path);
  };
  const auto moved = [](const Held& h) {
    const Package& p = *h.package;
    return std::tie(h.platform, p.type, p.name, p.version);
  };
  const auto in_place = [](const Held& h) {
    const Package& p = *h.package;
    return std::tie(h.platform, p.type, p.name, p.architecture, p.path);
  };
  const auto anywhere = [](const Held& h) {
    const Package& p = *h.package;
    return std::tie(h.platform, p.type, p.name);
  };
  Pair(before, after, whole, same);
  Pair(before, after, moved, same);
  Pair(before, after, in_place, changes);
  Pair(before, after, anywhere, changes);
  for (const Held& held : before) {
    const Package& p = *held.package;
    diff.removed.push_back({std::string(held.platform), p.type, p.name, p.path, p.version, {}});
  }
  for (const Held& held : after) {
    const Package& p = *held.package;
    diff.added.push_back({std::string(held.platform), p.type, p.name, p.path, {}, p.version});
  }
  SortPackages(diff.added);
  SortPackages(diff.removed);
  SortPackages(diff.changed);
}

Side SideOf(const ScanReport& report) {
  Side side{
      report.image, report.inventory.digest.ToString(), report.database.id, IsComplete(report), {}};
  for (const PlatformFindings& platform : report.platforms) {
    const SeverityCounts counts = Count(platform.findings);
    for (std::size_t i = 0; i < counts.by_severity.size(); ++i) {
      side.counts.by_severity[i] += counts.by_severity[i];
    }
    side.counts.fixable += counts.fixable;
    side.counts.known_exploited += counts.known_exploited;
  }
  return side;
}

}  // namespace

ScanDiff Compare(const ScanReport& before, const ScanReport& after) {
  ScanDiff diff;
  diff.before = SideOf(before);
  diff.after = SideOf(after);
  const auto names_before = PlatformNames(before, after);
  const auto names_after = PlatformNames(after, before);
  CompareFindings(diff, FindingsIn(before, names_before), FindingsIn(after, names_after));
  ComparePackages(diff, PackagesIn(before, names_before), PackagesIn(after, names_after));
  return diff;
}

}  // namespace landwaiter::report
