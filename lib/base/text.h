// Small text helpers that more than one room needs.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace landwaiter::text {

std::vector<std::string_view> Split(std::string_view text, char separator);
std::string_view Trim(std::string_view text);
std::string ToLower(std::string_view text);
bool EqualsIgnoreCase(std::string_view a, std::string_view b);
std::string Join(const std::vector<std::string>& parts, std::string_view separator);

/// What a hostile author wrote, made fit for a terminal, an Event or a log: control characters
/// (C0, DEL, C1, bidirectional overrides U+202A–E and U+2066–9) and broken UTF-8 become "?".
std::string Printable(std::string_view text);
/// At most `max_bytes`, cut at a UTF-8 boundary, the cut shown by "…".
std::string Truncate(std::string_view text, std::size_t max_bytes);
/// A JSON string with its quotes; invalid UTF-8 becomes U+FFFD.
std::string JsonQuote(std::string_view text);

/// Glob over '/'-separated text: '*' within a part, '**' across parts, '?' one character that is
/// not '/'. Linear in |pattern| × |text|, no recursion.
bool GlobMatch(std::string_view pattern, std::string_view text);

std::string Base64Encode(std::string_view bytes);
/// Standard alphabet, padding optional, white space skipped; nullopt for anything else.
std::optional<std::string> Base64Decode(std::string_view text);

}  // namespace landwaiter::text
