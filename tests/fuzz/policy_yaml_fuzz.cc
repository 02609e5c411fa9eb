// Policy files: whatever the bytes, an answer and no crash; what is taken can be judged by.
#include <cstdint>
#include <string_view>

#include "policy/evaluate.h"
#include "policy/policy.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace landwaiter;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto policies = policy::ParsePolicyYaml(text);
  if (!policies) return policies.error().message.empty() ? __builtin_trap(), 0 : 0;
  const auto reference = ImageReference::Parse("registry.example.com/shop/cart:1.4");
  const Inventory inventory;
  for (const policy::ScanPolicy& one : *policies) {
    if (one.rules.empty() || one.name.empty()) __builtin_trap();
    policy::MatchesImage(one, *reference);
    policy::EvaluateReference(one, *reference, "", TimePoint());
    policy::EvaluateContent(one, {{{&inventory, nullptr, nullptr}}, {*reference}, {}}, TimePoint());
  }
  return 0;
}
