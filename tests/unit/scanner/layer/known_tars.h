// The tars that this program's tests have made, for the second reader (second_reader.h).
#pragma once

#include <map>
#include <mutex>
#include <string>
#include <string_view>

namespace landwaiter::layer::testing {

struct KnownTars {
  std::mutex lock;
  std::map<std::string, std::string> differs;  // bytes → why a second reader reads them otherwise
};

inline KnownTars& AllKnownTars() {
  static KnownTars* const tars = new KnownTars;  // outlives all tests
  return *tars;
}

/// Keeps a tar for the second reader; the same bytes once. `differs`: why it is known to read them
/// otherwise, "" where it must agree.
inline void NoteTar(std::string_view tar, std::string_view differs = {}) {
  KnownTars& known = AllKnownTars();
  const std::scoped_lock guard(known.lock);
  std::string& why = known.differs[std::string(tar)];
  if (why.empty()) why = differs;
}

}  // namespace landwaiter::layer::testing
