// Closed sets and their names, in both directions, from one table each.
#pragma once

#include <array>
#include <optional>
#include <string_view>
#include <utility>

#include "lib/base/text.h"

namespace landwaiter {

template <class E, std::size_t N>
using NameTable = std::array<std::pair<E, std::string_view>, N>;

template <class E, std::size_t N>
constexpr std::string_view NameOf(const NameTable<E, N>& table, E value) {
  for (const auto& [key, name] : table) {
    if (key == value) return name;
  }
  return "";
}

template <class E, std::size_t N>
std::optional<E> ValueOf(const NameTable<E, N>& table, std::string_view name) {
  for (const auto& [key, text] : table) {
    if (text::EqualsIgnoreCase(text, name)) return key;
  }
  return std::nullopt;
}

}  // namespace landwaiter
