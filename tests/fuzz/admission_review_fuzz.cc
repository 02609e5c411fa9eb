// The AdmissionReview reader: any bytes give a request with a uid or an error with a message, and
// the answer made of either is JSON that names the same uid.
#include <cstdint>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string_view>

#include "webhook/messages.h"
#include "webhook/review.h"

namespace {

void Require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace landwaiter::webhook;
  const std::string_view body(reinterpret_cast<const char*>(data), size);
  const ReviewReading reading = ReadReview(body);
  ReviewAnswer answer;
  if (reading.request) {
    Require(!reading.request->uid.empty());
    answer = AllowWithNote(reading.request->uid, "read");
  } else {
    Require(!reading.problem.error.message.empty());
    answer = DenyUnreadable(reading.problem.uid, reading.problem.error.message);
    Require(answer.message.size() <= kMaxMessageBytes);
  }
  const std::string text = WriteReview(answer);
  const auto written = nlohmann::json::parse(text, nullptr, false);
  Require(written.is_object() && written["response"]["uid"].is_string());
  return 0;
}
