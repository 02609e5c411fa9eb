// Well-formed UTF-8 (RFC 3629, section 4).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace landwaiter {

/// Length of the well-formed sequence at `at`, 0 where there is none.
std::size_t Utf8SequenceLength(std::string_view text, std::size_t at, std::uint32_t* code_point);
bool IsUtf8(std::string_view text);

}  // namespace landwaiter
