#include "lib/store/postgres_first_seen.h"

#include <map>
#include <string_view>

namespace landwaiter::store {

Result<std::vector<TimePoint>> NoteFirstIn(PostgresConnection& connection,
                                           const std::vector<std::string>& keys, TimePoint at) {
  const std::int64_t now = at.time_since_epoch().count();
  std::map<std::string_view, std::int64_t> noted;
  for (const std::string& key : keys) noted.emplace(key, now + 1);  // not yet
  std::vector<std::string_view> asked;
  asked.reserve(noted.size());
  for (const auto& [key, time] : noted) asked.push_back(key);
  const auto rows = connection.Run("SELECT key, at FROM landwaiter_first_seen WHERE key = ANY ($1)",
                                   PostgresValues().BytesArray(asked));
  if (!rows) return rows.error();
  for (int row = 0; row < rows->size(); ++row) {
    const auto time = rows->Int(row, 1);
    if (!time) return time.error();
    if (const auto place = noted.find(rows->Bytes(row, 0)); place != noted.end()) {
      place->second = *time;
    }
  }
  std::vector<std::string_view> later;  // sorted: locks are taken in one order
  for (auto& [key, time] : noted) {
    if (time <= now) continue;
    later.push_back(key);
    time = now;
  }
  if (!later.empty()) {
    const auto written = connection.Run(
        "INSERT INTO landwaiter_first_seen (key, at) SELECT unnest($1), $2"
        " ON CONFLICT (key) DO UPDATE SET at = LEAST(landwaiter_first_seen.at, EXCLUDED.at)",
        PostgresValues().BytesArray(later).Int(now));
    if (!written) return written.error();
  }
  std::vector<TimePoint> times;
  times.reserve(keys.size());
  for (const std::string& key : keys) {
    times.emplace_back(std::chrono::milliseconds(noted.at(key)));
  }
  return times;
}

}  // namespace landwaiter::store
