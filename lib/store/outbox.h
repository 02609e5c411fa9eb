// Messages that are to leave, and what was told last: kept until they have arrived, over restarts
// and failovers. Apart from Store, because what is in there can be made again and this cannot: a
// damaged store is begun anew, and its messages are not to go with it.
//
// Outbox is the port: SQLite in a file of its own, or tables of its own in the PostgreSQL database
// that controllers share; both pass the same contract test
// (tests/unit/lib/store/outbox_contract_test.cc). The contents are opaque here.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "lib/base/clock.h"
#include "lib/base/result.h"

namespace landwaiter::store {

/// Of a note, and of a message.
inline constexpr std::size_t kMaxOutboxBytes = 256u << 10;

struct OutboxMessage {
  std::string id;    // unique in its box
  std::string box;   // whose queue it is in
  TimePoint made{};  // to the millisecond
  std::string document;
  friend bool operator==(const OutboxMessage&, const OutboxMessage&) = default;
};

/// Thread-safe. Errors of all: ResourceExhausted (the disk; a document above its bound), DataLoss,
/// Unavailable (a server that cannot be reached), Internal.
class Outbox {
 public:
  virtual ~Outbox() = default;

  /// What was noted under a key; nullopt where nothing was.
  virtual Result<std::optional<std::string>> Note(const std::string& key) = 0;
  /// In one step: the note under `key` goes from `from` (nullopt: none) to `to`, and the messages
  /// are queued. False, and nothing is done, where the note is another: somebody else was there.
  virtual Result<bool> Advance(const std::string& key, const std::optional<std::string>& from,
                               const std::string& to,
                               const std::vector<OutboxMessage>& messages) = 0;
  virtual Status DropNote(const std::string& key) = 0;
  /// Of one box, in the order in which they were queued.
  virtual Result<std::vector<OutboxMessage>> Oldest(const std::string& box, std::size_t limit) = 0;
  virtual Result<std::uint64_t> Waiting(const std::string& box) = 0;
  /// It has arrived, or is given up. Ok where there is none.
  virtual Status Remove(const std::string& box, const std::string& id) = 0;
};

/// In `folder`/outbox.db. Errors: DataLoss for a file that is no outbox: it is left as it is.
Result<std::unique_ptr<Outbox>> OpenSqliteOutbox(const std::string& folder);
/// `dsn_file`: as OpenPostgresStore's. Reached lazily save for the schema. Errors: as its.
Result<std::unique_ptr<Outbox>> OpenPostgresOutbox(const std::string& dsn_file);

}  // namespace landwaiter::store
