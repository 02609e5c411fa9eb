#include "scanner/advisories/ids.h"

#include <algorithm>

#include "lib/base/text.h"
#include "scanner/advisories/limits.h"

namespace landwaiter::advisories {
namespace {

constexpr std::size_t kYearDigits = 4;
constexpr std::size_t kLeastNumberDigits = 4;

bool AreDigits(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

bool IsId(std::string_view text) {
  return !text.empty() && text.size() <= kMaxIdBytes && text::Printable(text) == text;
}

bool IsCve(std::string_view text) {
  if (!text.starts_with("CVE-") || text.size() > kMaxIdBytes) return false;
  text.remove_prefix(4);
  if (text.size() < kYearDigits + 1 + kLeastNumberDigits || text[kYearDigits] != '-') return false;
  return AreDigits(text.substr(0, kYearDigits)) && AreDigits(text.substr(kYearDigits + 1));
}

std::string CveIn(std::string_view text) {
  for (std::size_t at = text.find("CVE"); at != std::string_view::npos;
       at = text.find("CVE", at + 3)) {
    std::string id(text.substr(at, kMaxIdBytes));
    if (id.size() > 3 && id[3] == '_') id[3] = '-';
    const std::size_t number = 4 + kYearDigits + 1;
    if (id.size() <= number) continue;
    id.resize(std::min(id.find_first_not_of("0123456789", number), id.size()));
    if (IsCve(id)) return id;
  }
  return {};
}

}  // namespace landwaiter::advisories
