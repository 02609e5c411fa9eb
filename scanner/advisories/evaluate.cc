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
/// walk's later one wins, and a stable sort leaves them in the record's order.
Result<bool> InRange(Scheme scheme, const Range& range, std::string_view version) {
  const auto before = BeforeLimits(scheme, range, version);
  if (!before) return before.error();
  if (!*before) return false;
  const Event* decisive = nullptr;
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
  return decisive != nullptr && decisive->kind == EventKind::kIntroduced;
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

Result<bool> IsAffected(Scheme scheme, const Affected& affected, std::string_view version) {
  if (Listed(scheme, affected.versions, version)) return true;
  for (const Range& range : affected.ranges) {
    const auto inside = InRange(scheme, range, version);
    if (!inside) return inside.error();
    if (*inside) return true;
  }
  return false;
}

Status AddFixes(Scheme scheme, const Affected& affected, std::string_view version,
                std::vector<std::string>* fixes) {
  for (const Range& range : affected.ranges) {
    for (const Event& event : range.events) {
      if (event.kind != EventKind::kFixed || event.version == "0") continue;
      const auto order = versions::Compare(scheme, event.version, version);
      if (!order) return order.error();
      if (*order <= 0) continue;
      const auto still = IsAffected(scheme, affected, event.version);
      if (!still) return still.error();
      if (!*still) fixes->push_back(event.version);
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

Result<Evaluation> Evaluate(Scheme scheme, const Affected& affected, std::string_view version) {
  Evaluation evaluation;
  const auto hit = IsAffected(scheme, affected, version);
  if (!hit) return hit.error();
  evaluation.affected = *hit;
  if (*hit) {
    if (Status status = AddFixes(scheme, affected, version, &evaluation.fixes); !status) {
      return status.error();
    }
  }
  return evaluation;
}

}  // namespace landwaiter::advisories
