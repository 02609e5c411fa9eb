// Policies from the API server. The lenient reader may never take less than the strict one: without
// complaints the two agree, and with complaints the policy is still one that judges.
#include <cstdint>
#include <string_view>

#include "policy/evaluate.h"
#include "policy/policy.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace landwaiter;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto strict = policy::ParsePolicyJson(text);
  const auto lenient = policy::ParsePolicyJsonLeniently(text);
  if (strict && (!lenient || !lenient->errors.empty())) __builtin_trap();
  if (!lenient) return 0;
  if (!strict && lenient->errors.empty()) __builtin_trap();
  if (lenient->policy.rules.empty()) __builtin_trap();
  const PolicyVerdict verdict = policy::EvaluateContent(lenient->policy, {}, TimePoint());
  // Nothing was read of this image: a policy that asks about content cannot call it good.
  const bool excused = !verdict.exceptions_used.empty();
  if (policy::NeedsScan(lenient->policy) && verdict.verdict == Verdict::kPass && !excused) {
    __builtin_trap();
  }
  return 0;
}
