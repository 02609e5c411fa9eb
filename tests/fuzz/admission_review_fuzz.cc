// The AdmissionReview reader: any bytes give a request with a uid or an error with a message, and
// the answer made of either is JSON that names the same uid; each place of an image is where it is
// said to be. The ImageReview reader on the same bytes: images or an error.
#include <cstdint>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string_view>

#include "webhook/image_review.h"
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
    answer.patch = "[]";
    const nlohmann::json review = nlohmann::json::parse(body, nullptr, false);
    for (const auto& image : reading.request->object.images) {
      if (reading.request->subject != Subject::kPod) break;
      const nlohmann::json::json_pointer at("/request/object" +
                                            landwaiter::resources::PointerTo(image));
      Require(review.contains(at) && review.at(at) == image.reference);
    }
  } else {
    Require(!reading.problem.error.message.empty());
    answer = DenyUnreadable(reading.problem.uid, reading.problem.error.message);
    Require(answer.message.size() <= kMaxMessageBytes);
  }
  const std::string text = WriteReview(answer);
  const auto written = nlohmann::json::parse(text, nullptr, false);
  Require(written.is_object() && written["response"]["uid"].is_string());
  const auto image_review = ReadImageReview(body);
  Require(image_review.has_value() || !image_review.error().message.empty());
  return 0;
}
