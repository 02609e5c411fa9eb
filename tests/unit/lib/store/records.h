// Records to put into a store.
#pragma once

#include <string>

#include "lib/store/store.h"

namespace landwaiter::store::testing {

inline const Digest kOne = Sha256::Of("one");
inline const Digest kTwo = Sha256::Of("two");
inline const TimePoint kThen{std::chrono::milliseconds(1'700'000'000'123)};

inline InventoryRecord Inventory(const std::string& document) { return {document, kThen}; }
inline FindingsRecord Findings(const std::string& json) {
  return {"db-1", "2026-01-01", json, kThen};
}

}  // namespace landwaiter::store::testing
