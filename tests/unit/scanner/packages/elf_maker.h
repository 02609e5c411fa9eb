// An ELF file with one named section, made by code.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace landwaiter::packages {

struct ElfShape {
  bool is_64 = true;
  bool big_endian = false;
};

class ElfMaker {
 public:
  explicit ElfMaker(const ElfShape& shape) : shape_(shape) {}
  ElfMaker& Section(std::string name, std::string content) {
    name_ = std::move(name);
    content_ = std::move(content);
    return *this;
  }
  /// What the header says of the section's size, if not the truth.
  ElfMaker& Claim(std::uint64_t size) { return claimed_ = size, *this; }

  std::string Build() const {
    const std::size_t header_size = shape_.is_64 ? 64 : 52;
    const std::string names = std::string(1, '\0') + name_ + '\0' + ".shstrtab" + '\0';
    const std::uint64_t names_at = header_size + content_.size();
    const std::uint64_t table_at = names_at + names.size();
    std::string out = std::string(
                          "\x7f"
                          "ELF") +
                      (shape_.is_64 ? '\2' : '\1') + (shape_.big_endian ? '\2' : '\1') + '\1' +
                      std::string(9, '\0');
    out += Number(3, 2) + Number(62, 2) + Number(1, 4);           // ET_DYN
    out += Word(0) + Word(0) + Word(table_at) + Number(0, 4);     // entry, segments, sections
    out += Number(header_size, 2) + Number(0, 2) + Number(0, 2);  // no segments
    out += Number(shape_.is_64 ? 64 : 40, 2) + Number(3, 2) + Number(2, 2);
    out += content_ + names;
    const std::uint64_t size = claimed_ != 0 ? claimed_ : content_.size();
    return out + Entry(0, 0, 0, 0) + Entry(1, 1, header_size, size) +
           Entry(static_cast<std::uint32_t>(name_.size() + 2), 3, names_at, names.size());
  }

 private:
  std::string Number(std::uint64_t value, std::size_t size) const {
    std::string out(size, '\0');
    for (std::size_t i = 0; i < size; ++i) {
      out[shape_.big_endian ? size - 1 - i : i] = static_cast<char>(value >> (8 * i));
    }
    return out;
  }
  std::string Word(std::uint64_t value) const { return Number(value, shape_.is_64 ? 8 : 4); }
  std::string Entry(std::uint32_t name, std::uint32_t type, std::uint64_t offset,
                    std::uint64_t size) const {
    return Number(name, 4) + Number(type, 4) + Word(0) + Word(0) + Word(offset) + Word(size) +
           Number(0, 4) + Number(0, 4) + Word(0) + Word(0);
  }

  ElfShape shape_;
  std::string name_;
  std::string content_;
  std::uint64_t claimed_ = 0;
};

}  // namespace landwaiter::packages
