// What the controller keeps beside the API server: inventories and findings by image digest, and
// which image holds which package. All of that can be made again by scanning, so losing it costs
// time and never a verdict. When something was first met cannot: it begins anew with a new store
// (docs/adr/0026). The contents are opaque here (the model's own encodings), kept compressed.
//
// Store is the port: SQLite (sqlite_store.h), or PostgreSQL where controllers share one
// (postgres_store.h); every engine passes the same contract test
// (tests/unit/lib/store/store_contract_test.cc).
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/clock.h"
#include "lib/base/digest.h"
#include "lib/base/result.h"

namespace landwaiter::store {

/// 200,000 packages of some 300 bytes, and a margin; the model's own bound.
inline constexpr std::size_t kMaxDocumentBytes = 256u << 20;
/// Of one image in the package index.
inline constexpr std::size_t kMaxIndexedPackages = 200'000;

struct PackageKey {
  std::string type;
  std::string name;
  std::string version;
  friend auto operator<=>(const PackageKey&, const PackageKey&) = default;
};

struct InventoryRecord {
  std::string document;  // opaque bytes
  TimePoint scanned_at;
};

struct FindingsRecord {
  std::string database_id;
  std::string database_built_at;
  std::string json;
  TimePoint matched_at;
  std::string asked = {};  // FindingsBasis::asked
};

/// What findings rest on, known without reading them.
struct FindingsBasis {
  std::string database_id;
  std::string database_built_at;
  TimePoint matched_at;
  /// What the database was asked for, opaque bytes; "" where that is not known.
  std::string asked = {};
  friend bool operator==(const FindingsBasis&, const FindingsBasis&) = default;
};

/// Reason of an error: nothing more can be written before room is made.
inline constexpr std::string_view kReasonStoreFull = "StoreFull";
/// Reason of an error: the whole file was damaged, was moved aside and begun anew.
inline constexpr std::string_view kReasonStoreCorrupt = "StoreCorrupt";

/// Reason of an error: the store's server was not reached, has no room for another client, or ended
/// the connection. The same call may succeed later.
inline constexpr std::string_view kReasonStoreUnreachable = "StoreUnreachable";

/// Thread-safe. Errors of all: ResourceExhausted (reason StoreFull: the disk; else a document above
/// its bound), DataLoss (a row that cannot be read back; reason StoreCorrupt: everything is gone),
/// Unavailable (a server that cannot be reached), Internal.
class Store {
 public:
  virtual ~Store() = default;

  /// Replaces what was there for the digest, its packages too; its findings are dropped, because
  /// they were made from another inventory.
  virtual Status PutInventory(const Digest& digest, const InventoryRecord& inventory,
                              const std::vector<PackageKey>& packages) = 0;
  virtual Result<std::optional<InventoryRecord>> GetInventory(const Digest& digest) = 0;
  /// The findings of the newest database; one a digest. Errors: NotFound without an inventory.
  virtual Status PutFindings(const Digest& digest, const FindingsRecord& findings) = 0;
  /// Without `asked`.
  virtual Result<std::optional<FindingsRecord>> GetFindings(const Digest& digest) = 0;
  virtual Result<std::optional<FindingsBasis>> GetFindingsBasis(const Digest& digest) = 0;
  /// The findings stay, and rest on `to` from now on. False: there are none, or what they rest on
  /// is not `from` in every byte (any more).
  virtual Result<bool> RenewFindings(const Digest& digest, const FindingsBasis& from,
                                     const FindingsBasis& to) = 0;
  virtual Status Delete(const Digest& digest) = 0;
  /// Of keys (opaque bytes), when each was first noted, in their order: `at` for those that are
  /// new, or were noted for a later time. They stay whatever becomes of the images.
  virtual Result<std::vector<TimePoint>> NoteFirst(const std::vector<std::string>& keys,
                                                   TimePoint at) = 0;
  virtual Result<std::vector<Digest>> Digests() = 0;
  /// Images that hold the package, sorted; any version where `version` is empty.
  virtual Result<std::vector<Digest>> ImagesWith(const PackageKey& package, std::size_t limit) = 0;
};

}  // namespace landwaiter::store
