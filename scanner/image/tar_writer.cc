#include "scanner/image/tar_writer.h"

#include <cstdio>

namespace landwaiter::image {
namespace {

constexpr std::size_t kBlock = 512;
constexpr std::size_t kNameBytes = 100;
// Eleven octal digits; what is larger stands in the extended header.
constexpr std::uint64_t kMaxSize = (1ull << 33) - 1;
constexpr std::uint64_t kMaxId = (1u << 21) - 1;

std::string Octal(std::uint64_t value, int digits) {
  char text[24];
  std::snprintf(text, sizeof text, "%0*llo", digits, static_cast<unsigned long long>(value));
  return text;
}

std::string Block(std::string_view name, char type, const MemberFacts& member, std::uint64_t size) {
  std::string block(kBlock, '\0');
  const auto put = [&](std::size_t at, std::string_view text) {
    block.replace(at, text.size(), text);
  };
  put(0, name.substr(0, kNameBytes));
  put(100, Octal(member.mode & 07777, 7));
  put(108, Octal(member.uid > kMaxId ? 0 : member.uid, 7));
  put(116, Octal(member.gid > kMaxId ? 0 : member.gid, 7));
  put(124, Octal(size > kMaxSize ? 0 : size, 11));
  put(136, Octal(0, 11));  // no time: the same files are the same bytes
  put(148, "        ");
  block[156] = type;
  if (type == '2') put(157, member.link.substr(0, kNameBytes));
  put(257, std::string_view("ustar\00000", 8));
  unsigned sum = 0;
  for (const char c : block) sum += static_cast<unsigned char>(c);
  put(148, Octal(sum, 6));
  block[154] = '\0';
  return block;
}

// "LENGTH KEY=VALUE\n", the length its own digits included.
std::string Record(std::string_view key, std::string_view value) {
  const std::size_t body = key.size() + value.size() + 3;
  std::size_t length = body + std::to_string(body).size();
  length = body + std::to_string(length).size();
  return std::to_string(length) + " " + std::string(key) + "=" + std::string(value) + "\n";
}

}  // namespace

std::uint64_t TarPadding(std::uint64_t size) { return (kBlock - size % kBlock) % kBlock; }

std::string TarHeaderOf(const MemberFacts& member) {
  std::string records;
  if (member.path.size() > kNameBytes) records += Record("path", member.path);
  if (member.link.size() > kNameBytes) records += Record("linkpath", member.link);
  if (member.size > kMaxSize) records += Record("size", std::to_string(member.size));
  if (member.uid > kMaxId) records += Record("uid", std::to_string(member.uid));
  if (member.gid > kMaxId) records += Record("gid", std::to_string(member.gid));
  std::string blocks;
  if (!records.empty()) {
    blocks = Block("PaxHeader", 'x', {.path = {}}, records.size()) + records;
    blocks.append(TarPadding(records.size()), '\0');
  }
  return blocks + Block(member.path, member.link.empty() ? '0' : '2', member, member.size);
}

std::string TarEnd() { return std::string(2 * kBlock, '\0'); }

}  // namespace landwaiter::image
