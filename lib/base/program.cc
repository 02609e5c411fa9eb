#include "lib/base/program.h"

#include <random>

#include "lib/base/file_digest.h"

namespace landwaiter {

const std::string& ProgramIdentity() {
  static const std::string kIdentity = [] {
    const auto program = DigestOfFile("/proc/self/exe");
    if (program) return program->digest.ToString();
    std::random_device random;
    return std::to_string(random()) + "-" + std::to_string(random());
  }();
  return kIdentity;
}

}  // namespace landwaiter
