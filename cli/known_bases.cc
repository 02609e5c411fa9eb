#include "cli/known_bases.h"

#include <iterator>
#include <utility>

#include "cli/image_argument.h"
#include "lib/base/file.h"
#include "lib/base/text.h"

namespace landwaiter::cli {
namespace {

/// A thousand references of the longest kind.
constexpr std::size_t kMaxListBytes = 1u << 20;

Result<std::vector<KnownBase>> ReadOne(const std::string& text, const RegistryFlags& flags,
                                       const service::ScanOptions& options,
                                       const Cancellation& cancel) {
  auto image = ParseImageArgument(text);
  if (!image) return std::move(image).error();
  if (image->kind == ImageKind::kFolder || image->kind == ImageKind::kDocument) {
    return InvalidArgument(
        "is no image but a folder or a document, which has no layers to compare");
  }
  auto read = ScanImageArgument(*image, "", flags, options, {}, cancel);
  if (!read) return std::move(read).error();
  return BasesOf(text, *read);
}

}  // namespace

Result<std::vector<std::string>> ReadBaseList(const std::string& path) {
  auto bytes = ReadFile(path, kMaxListBytes);
  if (!bytes) return std::move(bytes).error();
  std::vector<std::string> images;
  for (std::string_view line : text::Split(*bytes, '\n')) {
    line = text::Trim(line.substr(0, line.find('#')));
    if (!line.empty()) images.emplace_back(line);
  }
  return images;
}

Result<std::vector<KnownBase>> ReadKnownBases(const std::vector<std::string>& images,
                                              const RegistryFlags& flags,
                                              service::ScanOptions options,
                                              const Cancellation& cancel) {
  options.subject = service::Subject::kConfiguration;
  options.on_progress = nullptr;
  std::vector<KnownBase> bases;
  for (const std::string& image : images) {
    auto read = ReadOne(image, flags, options, cancel);
    if (!read) return std::move(read).error().Context("base image " + image);
    bases.insert(bases.end(), std::make_move_iterator(read->begin()),
                 std::make_move_iterator(read->end()));
  }
  return bases;
}

}  // namespace landwaiter::cli
