// Builds tars byte by byte, broken ones too.
#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include "lib/base/file.h"

namespace landwaiter::testing {

class TarMaker {
 public:
  TarMaker& File(const std::string& name, const std::string& bytes) {
    return Member('0', name, "", bytes);
  }
  TarMaker& Folder(const std::string& name) { return Member('5', name, "", ""); }
  TarMaker& Link(const std::string& name, const std::string& target) {
    return Member('2', name, target, "");
  }
  TarMaker& HardLink(const std::string& name, const std::string& target) {
    return Member('1', name, target, "");
  }
  TarMaker& Pax(const std::string& key, const std::string& value, char type = 'x') {
    std::size_t length = key.size() + value.size() + 3;
    length += std::to_string(length + 3).size();
    const std::string record = std::to_string(length) + " " + key + "=" + value + "\n";
    return Member(type, "PaxHeaders/x", "", record);
  }
  TarMaker& Member(char type, const std::string& name, const std::string& link,
                   const std::string& bytes) {
    char header[512] = {};
    std::strncpy(header, name.c_str(), 100);
    std::snprintf(header + 100, 8, "%07o", 0644U);
    std::snprintf(header + 124, 12, "%011o", static_cast<unsigned>(bytes.size()));
    header[156] = type;
    std::strncpy(header + 157, link.c_str(), 100);
    std::memcpy(header + 257,
                "ustar\0"
                "00",
                8);
    Seal(header);
    tar_.append(header, sizeof header);
    tar_ += bytes;
    tar_.append((512 - bytes.size() % 512) % 512, '\0');
    return *this;
  }
  static void Seal(char* header) {
    std::memset(header + 148, ' ', 8);
    unsigned sum = 0;
    for (int i = 0; i < 512; ++i) sum += static_cast<unsigned char>(header[i]);
    std::snprintf(header + 148, 8, "%06o", sum);
  }
  std::string Open() const { return tar_; }  // without its end marker
  std::string Done() const { return tar_ + std::string(1024, '\0'); }

 private:
  std::string tar_;
};

/// An unlinked file with these bytes.
inline FileDescriptor FileOf(const std::string& bytes) {
  FileDescriptor file(open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
  if (!file ||
      write(file.get(), bytes.data(), bytes.size()) != static_cast<ssize_t>(bytes.size())) {
    std::abort();
  }
  return file;
}

}  // namespace landwaiter::testing
