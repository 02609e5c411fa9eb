// Values of the advisory database, as a damaged file may hold them. A checksum guards them, so the
// input is read as it is and once more behind a checksum that fits.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "scanner/advisories/codec.h"
#include "scanner/advisories/value_bytes.h"

namespace {

std::string WithChecksum(std::string_view payload) {
  const std::uint32_t sum = landwaiter::advisories::ValueChecksum(payload);
  std::string value;
  for (int shift = 0; shift < 32; shift += 8) value += static_cast<char>(sum >> shift);
  return value.append(payload);
}

/// Rows that are looked at before they are decoded are the same rows.
void LookAhead(std::string_view value, const std::vector<landwaiter::advisories::Affected>& rows) {
  using namespace landwaiter::advisories;
  for (const bool leave_out : {false, true}) {
    std::vector<Affected> taken;
    std::size_t left_out = 0;
    const landwaiter::Status read = EachAffected(
        value,
        [&](Affected& row) {
          taken.push_back(row);
          return landwaiter::Ok();
        },
        [&](const PlainRow& row) {
          const std::size_t at = taken.size() + left_out;
          if (at >= rows.size() || rows[at].advisory != row.advisory) std::abort();
          if (leave_out) ++left_out;
          return leave_out;
        });
    if (!read || taken.size() + left_out != rows.size()) std::abort();
    if (!leave_out && taken != rows) std::abort();
  }
}

void Decode(std::string_view value) {
  using namespace landwaiter::advisories;
  if (const auto facts = DecodeCveFacts(value)) {
    const auto again = DecodeCveFacts(Encode(*facts));
    if (!again || !(*again == *facts)) std::abort();
  }
  DecodeLifecycle(value).has_value();
  DecodeTexts(value).has_value();
  if (const auto affected = DecodeAffected(value)) {
    const auto again = DecodeAffected(Encode(*affected));
    if (!again || !(*again == *affected)) std::abort();
    LookAhead(value, *affected);
  }
  if (const auto advisory = DecodeAdvisory(value)) {
    const auto again = DecodeAdvisory(Encode(*advisory));
    if (!again || !(*again == *advisory)) std::abort();
  }
  DecodeStagedRecord(value).has_value();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  Decode(input);
  Decode(WithChecksum(input));
  return 0;
}
