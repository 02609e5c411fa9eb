// ScanExceptions from the API server: whoever may edit in a namespace writes them. One that names
// nothing, or another namespace, never changes a verdict.
#include <cstdint>
#include <string_view>

#include "policy/evaluate.h"
#include "policy/scan_exception.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace landwaiter;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto read = policy::ScanExceptionFromJson(text, TimePoint());
  if (!read) return 0;
  static const auto written = policy::ParsePolicyJson(
      R"({"apiVersion":"landwaiter.io/v1alpha1","kind":"ScanPolicy","metadata":{"name":"p"},
          "spec":{"rules":[{"name":"none","vulnerabilities":{}}],"allowExceptions":{}}})");
  const policy::ScanPolicy policy = policy::WithScanExceptions(*written, {*read});
  if (!read->error.empty() && !policy.exceptions.empty()) __builtin_trap();
  Inventory inventory;
  std::vector<Finding> findings(1);
  findings[0].id = "CVE-2023-1";
  findings[0].package = "openssl";
  policy::ContentInput input;
  input.platforms.push_back({&inventory, &findings, nullptr});
  input.namespaces = {"n", "m"};  // in two namespaces at once no exception of one counts
  if (policy::EvaluateContent(policy, input, TimePoint()).verdict != Verdict::kFail) {
    __builtin_trap();
  }
  return 0;
}
