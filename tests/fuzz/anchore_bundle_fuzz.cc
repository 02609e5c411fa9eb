// Bundles that people hand over. What is printed must be read by the reader of policies.
#include <cstdint>
#include <string_view>

#include "policy/anchore/convert.h"
#include "policy/policy.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace landwaiter;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto converted = policy::ConvertAnchoreBundle(text, TimePoint());
  if (!converted || converted->yaml.empty()) return 0;
  if (!policy::ParsePolicyYaml(converted->yaml)) __builtin_trap();
  return 0;
}
