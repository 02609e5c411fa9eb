// Header blobs as rpm keeps them in its databases, made by code: whole ones, and ones that lie.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace landwaiter::testing {

inline std::string BytesOf(std::uint64_t value, std::size_t size, bool big_endian) {
  std::string out(size, '\0');
  for (std::size_t i = 0; i < size; ++i) {
    out[big_endian ? size - 1 - i : i] = static_cast<char>(value >> (8 * i));
  }
  return out;
}
inline std::string Big32(std::uint64_t value) { return BytesOf(value, 4, true); }
inline std::string Little32(std::uint64_t value) { return BytesOf(value, 4, false); }

/// Index and data, tag by tag. rpm's "RPM V4 Package format", Header Structure.
class RpmHeaderMaker {
 public:
  RpmHeaderMaker& Text(std::uint32_t tag, std::string_view text) {
    return Raw(tag, 6, 1, std::string(text) + '\0');
  }
  RpmHeaderMaker& Texts(std::uint32_t tag, const std::vector<std::string>& texts) {
    std::string data;
    for (const auto& text : texts) data += text + '\0';
    return Raw(tag, 8, static_cast<std::uint32_t>(texts.size()), data);
  }
  RpmHeaderMaker& Numbers(std::uint32_t tag, const std::vector<std::uint32_t>& numbers) {
    std::string data;
    for (const auto number : numbers) data += Big32(number);
    return Raw(tag, 4, static_cast<std::uint32_t>(numbers.size()), data);
  }
  RpmHeaderMaker& Shorts(std::uint32_t tag, const std::vector<std::uint32_t>& numbers) {
    std::string data;
    for (const auto number : numbers) data += BytesOf(number, 2, true);
    return Raw(tag, 3, static_cast<std::uint32_t>(numbers.size()), data);
  }
  /// An entry whatever it says; `data` is put where its offset leads.
  RpmHeaderMaker& Raw(std::uint32_t tag, std::uint32_t type, std::uint32_t count,
                      const std::string& data) {
    return Entry(tag, type, static_cast<std::uint32_t>(data_.size()), count, data);
  }
  RpmHeaderMaker& Entry(std::uint32_t tag, std::uint32_t type, std::uint32_t offset,
                        std::uint32_t count, const std::string& data = "") {
    index_ += Big32(tag) + Big32(type) + Big32(offset) + Big32(count);
    data_ += data;
    return *this;
  }
  std::string Build() const {
    return Big32(index_.size() / 16) + Big32(data_.size()) + index_ + data_;
  }

 private:
  std::string index_;
  std::string data_;
};

/// A package as its packager would describe it; what is empty is left out of the header.
struct RpmFixture {
  std::string name = "bash";
  std::string version = "5.1.8";
  std::string release = "6.el9";
  std::optional<std::uint32_t> epoch = {};
  std::string architecture = "x86_64";
  std::string source = {};
  std::string vendor = {};
  std::string license = {};
  std::string module = {};
  /// (folder with its last '/', name)
  std::vector<std::pair<std::string, std::string>> files = {};
  std::size_t padding = 0;  // bytes of a tag that nobody reads
};

inline RpmHeaderMaker HeaderOf(const RpmFixture& package) {
  RpmHeaderMaker header;
  header.Raw(63, 7, 16, std::string(16, 'r'));  // the region, first in every header
  const auto text = [&](std::uint32_t tag, const std::string& value) {
    if (!value.empty()) header.Text(tag, value);
  };
  text(1000, package.name);
  text(1001, package.version);
  text(1002, package.release);
  if (package.epoch) header.Numbers(1003, {*package.epoch});
  text(1011, package.vendor);
  text(1014, package.license);
  text(1022, package.architecture);
  text(1044, package.source);
  text(5096, package.module);
  if (!package.files.empty()) {
    std::vector<std::uint32_t> indexes;
    std::vector<std::string> names;
    std::vector<std::string> folders;
    for (const auto& [folder, name] : package.files) {
      indexes.push_back(static_cast<std::uint32_t>(folders.size()));
      names.push_back(name);
      folders.push_back(folder);
    }
    header.Numbers(1116, indexes).Texts(1117, names).Texts(1118, folders);
  }
  if (package.padding > 0) header.Text(9999, std::string(package.padding, 'p'));
  return header;
}

inline std::string HeaderBlob(const RpmFixture& package) { return HeaderOf(package).Build(); }

}  // namespace landwaiter::testing
