// What clamd answers, and what the process that reads a layer is told of it, from any bytes.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "scanner/malware/clamd.h"
#include "scanner/malware/clamd_answer.h"
#include "scanner/service/malware_channel.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace landwaiter;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (const auto answer = malware::ParseScanAnswer(bytes)) {
    // Clean is one text alone.
    const bool clean = answer->signature.empty() && answer->unscanned.empty();
    if (clean != (bytes == "stream: OK")) std::abort();
    if (!answer->signature.empty() && !answer->unscanned.empty()) std::abort();
    for (const char c : answer->signature + answer->unscanned) {
      if (c < ' ' || c > '~') std::abort();
    }
  }
  if (const auto version = malware::ParseVersion(bytes)) {
    if (version->text != bytes || version->database.size() > 12) std::abort();
  }
  if (const auto address = malware::ClamdAddress::Parse(bytes)) {
    const auto again = malware::ClamdAddress::Parse(address->ToString());
    if (!again || *again != *address) std::abort();
  }
  const layer::MalwareAnswer answer = service::MalwareAnswerFromJson(bytes);
  const layer::MalwareAnswer again = service::MalwareAnswerFromJson(service::ToJson(answer));
  if (again != answer) std::abort();
  return 0;
}
