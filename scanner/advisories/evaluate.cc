#include "scanner/advisories/evaluate.h"

#include <algorithm>

namespace landwaiter::advisories {
namespace {

using versions::Scheme;

/// Compare with "0" as the least of all, also below "0~1". `version` itself is an installed one.
Result<int> CompareWithEvent(Scheme scheme, std::string_view version, const Event& event) {
  if (event.version == "0") return 1;
  return versions::Compare(scheme, version, event.version);
}

/// The schema's BeforeLimits: without limits all versions are before them.
Result<bool> BeforeLimits(Scheme scheme, const Range& range, std::string_view version) {
  bool limited = false;
  for (const Event& event : range.events) {
    if (event.kind != EventKind::kLimit) continue;
    if (event.version == "*") return true;
    limited = true;
    const auto order = CompareWithEvent(scheme, version, event);
    if (!order) return order.error();
    if (*order < 0) return true;
  }
  return !limited;
}

/// What an event does to a version at or above it. Sorting events and walking them is the same as
/// asking which of them is the greatest that applies: that one decides. At equal versions the
/// walk's later one wins, and a stable sort leaves them in the record's order. nullptr where none
/// applies or a limit ends the range before.
Result<const Event*> Decisive(Scheme scheme, const Range& range, std::string_view version) {
  const auto before = BeforeLimits(scheme, range, version);
  if (!before) return before.error();
  const Event* decisive = nullptr;
  if (!*before) return decisive;
  for (const Event& event : range.events) {
    if (event.kind == EventKind::kLimit) continue;
    const auto order = CompareWithEvent(scheme, version, event);
    if (!order) return order.error();
    const bool applies = event.kind == EventKind::kLastAffected ? *order > 0 : *order >= 0;
    if (!applies) continue;
    if (decisive != nullptr) {
      const bool least = event.version == "0";
      if (least && decisive->version != "0") continue;
      if (!least && decisive->version != "0") {
        const auto later = versions::Compare(scheme, event.version, decisive->version);
        if (!later) return later.error();
        if (*later < 0) continue;
      }
    }
    decisive = &event;
  }
  return decisive;
}

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsAlphanumeric(char c) {
  return IsDigit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/// Lists are as long as a package's history and may hold versions that no scheme reads (PyPI's
/// legacy ones); those can only be equal as text.
bool Listed(Scheme scheme, const std::vector<std::string>& versions, std::string_view version) {
  return std::any_of(versions.begin(), versions.end(), [&](const std::string& listed) {
    if (listed == version) return true;
    if (scheme != Scheme::kPep440) return false;
    const auto order = versions::Compare(scheme, listed, version);
    return order.has_value() && *order == 0;
  });
}

/// Where ranges are kept apart by minor release, the stream whose ranges count; "" for the others.
std::string_view CountedStream(const Affected& affected, std::string_view version) {
  const auto has = [&](std::string_view stream) {
    return std::any_of(affected.ranges.begin(), affected.ranges.end(),
                       [&](const Range& range) { return range.stream == stream; });
  };
  if (std::all_of(affected.ranges.begin(), affected.ranges.end(),
                  [](const Range& range) { return range.stream.empty(); })) {
    return {};
  }
  const std::string_view stream = MinorStreamOf(version);
  return has(stream) ? stream : std::string_view();
}

/// Whether a version is among those that are meant, and if not whether a fix is why.
struct Place {
  bool within = false;
  const Event* fix = nullptr;  // "0": never affected
};

Result<Place> PlaceOf(Scheme scheme, const Affected& affected, std::string_view version) {
  Place place;
  if (Listed(scheme, affected.versions, version)) {
    place.within = true;
    return place;
  }
  const std::string_view stream = CountedStream(affected, version);
  for (const Range& range : affected.ranges) {
    if (range.stream != stream) continue;
    const auto decisive = Decisive(scheme, range, version);
    if (!decisive) return decisive.error();
    if (*decisive == nullptr) continue;
    if ((*decisive)->kind == EventKind::kIntroduced) return Place{true, nullptr};
    if ((*decisive)->kind == EventKind::kFixed) place.fix = *decisive;
  }
  return place;
}

Status AddFixes(Scheme scheme, const Affected& affected, std::string_view version,
                std::vector<std::string>* fixes) {
  const std::string_view stream = CountedStream(affected, version);
  for (const Range& range : affected.ranges) {
    if (range.stream != stream) continue;
    for (const Event& event : range.events) {
      if (event.kind != EventKind::kFixed || event.version == "0") continue;
      const auto order = versions::Compare(scheme, event.version, version);
      if (!order) return order.error();
      if (*order <= 0) continue;
      const auto still = PlaceOf(scheme, affected, event.version);
      if (!still) return still.error();
      if (!still->within) fixes->push_back(event.version);
    }
  }
  std::stable_sort(fixes->begin(), fixes->end(), [&](const auto& a, const auto& b) {
    const auto order = versions::Compare(scheme, a, b);  // both were compared above
    return order.has_value() && *order < 0;
  });
  fixes->erase(std::unique(fixes->begin(), fixes->end()), fixes->end());
  return Ok();
}

}  // namespace

std::string_view MinorStreamOf(std::string_view version) {
  for (std::size_t at = version.find(".el"); at != std::string_view::npos;
       at = version.find(".el", at + 1)) {
    const std::string_view tag = version.substr(at + 1);
    std::size_t size = 2;
    while (size < tag.size() && IsDigit(tag[size])) ++size;
    const std::size_t major = size;
    if (major == 2 || size == tag.size() || tag[size] != '_') continue;
    do ++size;
    while (size < tag.size() && IsDigit(tag[size]));
    if (size > major + 1) return tag.substr(0, size);
  }
  return {};
}

std::string_view ModuleTagOf(std::string_view version) {
  constexpr std::string_view kMark = ".module";
  for (std::size_t at = version.find(kMark); at != std::string_view::npos;
       at = version.find(kMark, at + 1)) {
    const std::string_view tag = version.substr(at + 1);
    std::size_t size = kMark.size() - 1;
    const std::string_view release = tag.substr(size);
    if (!release.starts_with("+el") && !release.starts_with("_el")) continue;
    size += 3;
    // "8.4.0", then at most a build's number and its digest, which no "." ends.
    while (size < tag.size() && (IsDigit(tag[size]) || tag[size] == '.')) ++size;
    while (tag[size - 1] == '.') --size;
    for (int part = 0; part < 2 && size < tag.size() && tag[size] == '+'; ++part) {
      ++size;
      while (size < tag.size() && IsAlphanumeric(tag[size])) ++size;
    }
    return tag.substr(0, size);
  }
  return {};
}

bool NamesModuleBuild(std::string_view tag) {
  const std::size_t digest = tag.rfind('+');
  if (digest == std::string_view::npos || digest + 1 == tag.size()) return false;
  const std::size_t build = tag.rfind('+', digest - 1);
  return build != std::string_view::npos && build + 1 < digest && tag.find("el") < build;
}

Result<Evaluation> Evaluate(Scheme scheme, const Affected& affected, std::string_view version) {
  Evaluation evaluation;
  const auto place = PlaceOf(scheme, affected, version);
  if (!place) return place.error();
  if (affected.claim == Claim::kNotAffected) {
    if (place->within) evaluation.standing = Standing::kNotAffected;
    return evaluation;
  }
  if (place->within) {
    evaluation.standing = Standing::kAffected;
    if (Status status = AddFixes(scheme, affected, version, &evaluation.fixes); !status) {
      return status.error();
    }
  } else if (place->fix != nullptr) {
    const bool never = place->fix->version == "0";
    evaluation.standing = never ? Standing::kNotAffected : Standing::kFixed;
    if (!never) evaluation.fixed_in = place->fix->version;
  }
  return evaluation;
}

}  // namespace landwaiter::advisories
