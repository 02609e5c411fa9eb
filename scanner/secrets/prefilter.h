// One pass over a text for all keywords at once, whatever their case: Aho and Corasick, "Efficient
// string matching" (1975), as a whole automaton over classes of bytes. What it costs does not
// depend on the number of rules, and each byte is looked at once.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

namespace landwaiter::secrets {

class Prefilter {
 public:
  /// Keywords in lower case with the number that is told when one is found.
  explicit Prefilter(const std::vector<std::pair<std::string_view, std::uint16_t>>& keywords);

  /// Calls `found(number, end)` for every keyword in the text; `end` is the place behind it.
  template <class Fn>
  void Search(std::string_view text, Fn found) const {
    std::uint32_t state = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
      state = next_[state + classes_[static_cast<unsigned char>(text[i])]];
      if (state < first_telling_) [[likely]]
        continue;
      for (const std::uint16_t number : tells_[(state - first_telling_) / width_]) {
        found(number, i + 1);
      }
    }
  }

 private:
  std::array<std::uint8_t, 256> classes_{};  // 0: in no keyword
  std::uint32_t width_ = 1;                  // classes
  /// By state (times width_) and class; the states that tell something come last.
  std::vector<std::uint32_t> next_;
  std::uint32_t first_telling_ = 0;
  std::vector<std::vector<std::uint16_t>> tells_;
};

}  // namespace landwaiter::secrets
