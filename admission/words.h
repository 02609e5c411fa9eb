// What a decision says to people, one line an image. What others wrote (image names, findings) is
// made printable.
#pragma once

#include <cstddef>
#include <string>

#include "admission/decide.h"

namespace landwaiter::admission {

/// A denial has room for both; in a warning what is wrong goes before where to read on.
enum class Hint { kWhole, kWhereItFits };

/// Whether a judgement is one of those that a line about this action names: with Allow, those that
/// the pod waits for.
bool Tells(const Judgement& judgement, Action action);

/// "image X (container web): policy baseline: rule no-critical: …; kubectl describe imagescan …",
/// with the judgements of this action. The middle is cut.
std::string LineFor(const ImageFacts& image, const ImageDecision& decision, Action action,
                    std::size_t max_bytes, Hint when);

/// The lines of all images that are denied, as many as fit, and how many more there are.
std::string DenialLines(const Facts& facts, const Decision& decision, std::size_t max_bytes);

}  // namespace landwaiter::admission
