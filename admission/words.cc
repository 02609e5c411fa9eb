#include "admission/words.h"

#include <algorithm>
#include <vector>

#include "lib/base/text.h"

namespace landwaiter::admission {
namespace {

/// Of a message line; three of them fit into a message with room for the count of the rest.
constexpr std::size_t kMaxLineBytes = 640;
constexpr std::size_t kMaxReferenceBytes = 200;
/// For "and 199 more images" on a line of its own.
constexpr std::size_t kRoomForCount = 32;

std::string Shown(std::string_view text, std::size_t max_bytes) {
  return text::Truncate(text::Printable(text), max_bytes);
}

std::string HintFor(const ImageFacts& image) {
  if (!image.digest) return {};
  return "kubectl describe imagescan " + resources::ScanName(*image.digest);
}

/// As the user wrote it. A digest is cut to what tells it from others at a glance: the hint has the
/// whole of it, and a warning has room for 256 bytes.
std::string Written(const ImageFacts& image) {
  constexpr std::size_t kGlance = 12;
  std::string written = image.written;
  const auto at = written.find('@');
  const auto colon = written.find(':', at == std::string::npos ? 0 : at);
  if (at != std::string::npos && colon != std::string::npos && image.digest &&
      written.size() > colon + 1 + kGlance) {
    written.resize(colon + 1 + kGlance);
    written += "…";
  }
  return Shown(written, kMaxReferenceBytes);
}

}  // namespace

bool Tells(const Judgement& judgement, Action action) {
  return judgement.action == action && (action != Action::kAllow || judgement.held);
}

std::string LineFor(const ImageFacts& image, const ImageDecision& decision, Action action,
                    std::size_t max_bytes, Hint when) {
  std::string head = "image " + Written(image);
  if (!image.where.empty()) head += " (" + Shown(image.where, 80) + ")";
  std::string body;
  for (const Judgement& judgement : decision.judgements) {
    if (!Tells(judgement, action)) continue;
    body += (body.empty() ? ": policy " : "; policy ") + judgement.policy + ": " + judgement.text;
  }
  const std::string hint = HintFor(image);
  std::string tail = hint.empty() ? "" : "; " + hint;
  const bool fits = head.size() + body.size() + tail.size() <= max_bytes;
  if (when == Hint::kWhereItFits && !fits) tail.clear();
  const std::size_t room = max_bytes > tail.size() ? max_bytes - tail.size() : 0;
  return Shown(head + body, room) + tail;
}

std::string DenialLines(const Facts& facts, const Decision& decision, std::size_t max_bytes) {
  std::vector<std::string> lines;
  for (const ImageDecision& image : decision.images) {
    if (image.action != Action::kDeny) continue;
    lines.push_back(
        LineFor(facts.images[image.image], image, Action::kDeny, kMaxLineBytes, Hint::kWhole));
  }
  std::string out;
  const std::size_t room = max_bytes - std::min(max_bytes, kRoomForCount);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (out.size() + lines[i].size() + 1 > room) {
      out += "\nand " + std::to_string(lines.size() - i) + " more images";
      break;
    }
    out += (i == 0 ? "" : "\n") + lines[i];
  }
  return out;
}

}  // namespace landwaiter::admission
