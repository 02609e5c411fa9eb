// The OSV record reader: whatever comes, a record or an error that names a field, and what it takes
// for a record survives the way through the database.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "scanner/advisories/feeds/osv_record.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using landwaiter::advisories::DecodeStagedRecord;
  using landwaiter::advisories::Encode;
  landwaiter::advisories::OsvReader reader;
  const auto record = reader.Read({reinterpret_cast<const char*>(data), size});
  if (!record) {
    if (record.error().message.empty()) std::abort();
    return 0;
  }
  const auto again = DecodeStagedRecord(Encode(*record));
  if (!again || !(again->advisory == record->advisory)) std::abort();
  if (again->packages.size() != record->packages.size()) std::abort();
  return 0;
}
