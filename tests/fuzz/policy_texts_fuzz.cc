// What rules read of an image's own texts: licenses of packages and lines of history.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "policy/history.h"
#include "policy/spdx.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace landwaiter::policy;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const Instruction step = ParseInstruction(text);
  // The older form of a line, "|2 A=1 /bin/sh -c …", names no instruction and is RUN.
  const bool named = step.name == "RUN" || step.name.size() <= text.size();
  if (step.value.size() > text.size() || !named) std::abort();
  for (const auto& expression : {ParseLicenseExpression(text), ParsePackageLicense(text)}) {
    if (!expression) continue;
    if (expression->terms().empty() || expression->terms().size() > kMaxLicenseTerms) std::abort();
    const auto all = [](const LicenseTerm&) { return true; };
    const auto none = [](const LicenseTerm&) { return false; };
    // Whatever is asked of all terms holds for the whole, however they are joined.
    if (!expression->Holds(all) || !expression->Unavoidable(all)) std::abort();
    if (expression->Holds(none) || expression->Unavoidable(none)) std::abort();
  }
  return 0;
}
