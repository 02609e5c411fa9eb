// How a scanned image becomes what rules are evaluated on. Everybody who judges one begins here, so
// that a fact is added once.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "lib/base/clock.h"
#include "model/base_image.h"
#include "model/inventory.h"
#include "policy/evaluate.h"

namespace landwaiter::policy {

/// All of what was scanned and matched; names and namespaces are the caller's. Borrows `inventory`,
/// `matched` and `bases`, which may be null (ContentInput::bases).
/// `matched`: findings, coverage and os_end_of_life of each platform, in the inventory's order;
/// rules of vulnerabilities are Unknown for the platforms that have none. `database_built_at`: as
/// ParseTime reads it; "" where nobody says.
template <class PlatformMatch>
ContentInput ContentOf(const ImageInventory& inventory, const std::vector<PlatformMatch>& matched,
                       std::string_view database_built_at, const BaseBook* bases) {
  ContentInput content;
  content.collected = &inventory.collected;
  content.bases = bases;
  if (const auto built = ParseTime(database_built_at)) content.database_built_at = *built;
  for (std::size_t i = 0; i < inventory.platforms.size(); ++i) {
    PlatformContent& platform = content.platforms.emplace_back();
    platform.inventory = &inventory.platforms[i];
    if (i >= matched.size()) continue;
    platform.findings = &matched[i].findings;
    platform.coverage = &matched[i].coverage;
    platform.os_end_of_life = matched[i].os_end_of_life;
  }
  return content;
}

}  // namespace landwaiter::policy
