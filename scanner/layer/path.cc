#include "scanner/layer/path.h"

#include <sys/random.h>

#include <array>
#include <bit>
#include <cstring>
#include <random>
#include <vector>

namespace landwaiter::layer {
namespace {

NameKey& ProcessKey() {
  static NameKey key = DrawNameKey();
  return key;
}

struct SipState {
  std::uint64_t a, b, c, d;
  void Round() {
    a += b;
    b = std::rotl(b, 13) ^ a;
    a = std::rotl(a, 32);
    c += d;
    d = std::rotl(d, 16) ^ c;
    a += d;
    d = std::rotl(d, 21) ^ a;
    c += b;
    b = std::rotl(b, 17) ^ c;
    c = std::rotl(c, 32);
  }
  void Word(std::uint64_t word) {
    d ^= word;
    Round();
    Round();
    a ^= word;
  }
};

}  // namespace

std::string CleanPath(std::string_view raw) {
  std::vector<std::string_view> parts;
  std::size_t at = 0;
  while (at < raw.size()) {
    const std::size_t slash = std::min(raw.find('/', at), raw.size());
    const std::string_view part = raw.substr(at, slash - at);
    at = slash + 1;
    if (part.empty() || part == ".") continue;
    if (part != "..") {
      parts.push_back(part);
    } else if (!parts.empty()) {
      parts.pop_back();
    }
  }
  std::string clean;
  clean.reserve(raw.size());
  for (const auto part : parts) {
    if (!clean.empty()) clean += '/';
    clean += part;
  }
  return clean;
}

SplitName Split(std::string_view clean) {
  const std::size_t slash = clean.rfind('/');
  if (slash == std::string_view::npos) return {"", clean};
  return {clean.substr(0, slash), clean.substr(slash + 1)};
}

std::string JoinPath(std::string_view folder, std::string_view name) {
  std::string path;
  path.reserve(folder.size() + 1 + name.size());
  path += folder;
  if (!path.empty() && !name.empty()) path += '/';
  path += name;
  return path;
}

NameKey DrawNameKey() {
  NameKey drawn{};
  if (getrandom(drawn.data(), sizeof(drawn), 0) != static_cast<ssize_t>(sizeof(drawn))) {
    std::random_device device;
    for (auto& word : drawn) word = (std::uint64_t{device()} << 32) | device();
  }
  return drawn;
}

void UseNameKey(const NameKey& key) { ProcessKey() = key; }

std::uint64_t HashName(std::string_view name) {
  const NameKey& key = ProcessKey();
  SipState state{key[0] ^ 0x736f6d6570736575u, key[1] ^ 0x646f72616e646f6du,
                 key[0] ^ 0x6c7967656e657261u, key[1] ^ 0x7465646279746573u};
  std::size_t at = 0;
  for (; at + 8 <= name.size(); at += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, name.data() + at, 8);
    state.Word(word);
  }
  std::uint64_t last = std::uint64_t{name.size() & 0xff} << 56;
  if (at < name.size()) {
    std::uint64_t rest = 0;
    std::memcpy(&rest, name.data() + at, name.size() - at);
    last |= rest;
  }
  state.Word(last);
  state.c ^= 0xff;
  for (int i = 0; i < 4; ++i) state.Round();
  return state.a ^ state.b ^ state.c ^ state.d;
}

}  // namespace landwaiter::layer
