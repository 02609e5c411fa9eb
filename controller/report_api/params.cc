#include "controller/report_api/params.h"

#include <algorithm>

#include "lib/base/text.h"

namespace landwaiter::controller::report_api {
namespace {

int HexValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

Error BadParameter(const std::string& why) {
  return InvalidArgument(why).WithReason("InvalidParameter");
}

}  // namespace

Result<std::string> PercentDecoded(std::string_view text, bool plus_is_blank) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+' && plus_is_blank) {
      out += ' ';
    } else if (text[i] != '%') {
      out += text[i];
    } else if (i + 2 < text.size() && HexValue(text[i + 1]) >= 0 && HexValue(text[i + 2]) >= 0) {
      out += static_cast<char>(HexValue(text[i + 1]) * 16 + HexValue(text[i + 2]));
      i += 2;
    } else {
      return InvalidArgument("a '%' is not followed by two hexadecimal digits");
    }
  }
  // Control characters have no place in what is looked for, nor in what an answer repeats.
  if (text::Printable(out) != out) return InvalidArgument("control characters or broken UTF-8");
  return out;
}

Result<std::vector<std::string>> PathSegments(std::string_view path) {
  std::vector<std::string> out;
  if (!path.starts_with('/')) return InvalidArgument("a path begins with '/'");
  for (const std::string_view part : text::Split(path.substr(1), '/')) {
    if (out.size() == kMaxSegments) return InvalidArgument("a path of too many parts");
    auto decoded = PercentDecoded(part, false);
    if (!decoded) return std::move(decoded).error().Context("path");
    if (decoded->empty() || *decoded == "." || *decoded == ".." ||
        decoded->find('/') != std::string::npos) {
      return InvalidArgument("a path with an empty part, '.', '..' or an encoded '/'");
    }
    out.push_back(*std::move(decoded));
  }
  return out;
}

void Params::Read(std::string_view query) {
  if (query.size() > kMaxQueryBytes) return Fail("the query has more than 8 KiB");
  if (query.empty()) return;
  std::size_t count = 0;
  for (const std::string_view pair : text::Split(query, '&')) {
    if (++count > kMaxParams) return Fail("more than 32 parameters");
    const std::size_t equals = std::min(pair.find('='), pair.size());
    auto name = PercentDecoded(pair.substr(0, equals), true);
    if (!name || name->empty() || name->size() > 64)
      return Fail("a parameter without a plain name");
    auto value = PercentDecoded(pair.substr(std::min(equals + 1, pair.size())), true);
    if (!value) return Fail(*name + ": " + value.error().message);
    if (value->size() > kMaxParamBytes) return Fail(*name + ": longer than 4096 bytes");
    if (!left_.emplace(*name, *std::move(value)).second) return Fail(*name + ": given twice");
  }
}

void Params::Fail(const std::string& why) {
  if (status_) status_ = BadParameter(why);
}

std::optional<std::string> Params::Take(const std::string& name) {
  const auto found = left_.find(name);
  if (found == left_.end()) return std::nullopt;
  std::string value = std::move(found->second);
  left_.erase(found);
  return value;
}

std::string Params::Text(const std::string& name, std::size_t max_characters) {
  std::string value = Take(name).value_or("");
  const auto characters = std::count_if(value.begin(), value.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  });
  if (static_cast<std::size_t>(characters) > max_characters) {
    Fail(name + ": longer than " + std::to_string(max_characters) + " characters");
    return {};
  }
  return value;
}

std::string Params::Required(const std::string& name, std::size_t max_characters) {
  std::string value = Text(name, max_characters);
  if (value.empty()) Fail(name + ": is missing");
  return value;
}

std::string Params::OneOf(const std::string& name, std::initializer_list<std::string_view> words) {
  const auto value = Take(name);
  if (!value) return {};
  std::string list;
  for (const std::string_view word : words) {
    if (text::EqualsIgnoreCase(*value, word)) return std::string(word);
    list += (list.empty() ? "" : ", ") + std::string(word);
  }
  Fail(name + ": must be one of " + list);
  return {};
}

std::size_t Params::Count(const std::string& name, std::size_t otherwise, std::size_t most) {
  const auto value = Take(name);
  if (!value) return otherwise;
  std::size_t count = 0;
  bool good = !value->empty() && value->size() <= 6;
  for (const char c : *value) {
    good = good && c >= '0' && c <= '9';
    if (good) count = count * 10 + static_cast<std::size_t>(c - '0');
  }
  if (good && count >= 1 && count <= most) return count;
  Fail(name + ": must be 1 to " + std::to_string(most));
  return otherwise;
}

std::optional<bool> Params::Flag(const std::string& name) {
  const auto value = Take(name);
  if (!value) return std::nullopt;
  if (*value == "true") return true;
  if (*value == "false") return false;
  Fail(name + ": must be true or false");
  return std::nullopt;
}

Status Params::Done() const {
  if (!status_) return status_;
  if (left_.empty()) return Ok();
  return BadParameter(left_.begin()->first + ": there is no such parameter here");
}

}  // namespace landwaiter::controller::report_api
