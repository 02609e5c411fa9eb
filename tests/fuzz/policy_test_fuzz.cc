// Files of tests of policies: what is read says what is judged, by what, and what is expected.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "policy/test_file.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace landwaiter::policy;
  const auto cases = ParsePolicyTests({reinterpret_cast<const char*>(data), size});
  if (!cases) return 0;
  if (cases->empty() || cases->size() > kMaxTestCases) std::abort();
  for (const TestCase& one : *cases) {
    if (one.name.empty() || one.policies.empty() || !one.expect) std::abort();
    if (one.report.empty() == one.image.empty()) std::abort();
  }
  return 0;
}
