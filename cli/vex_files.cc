#include "cli/vex_files.h"

#include "lib/base/file.h"
#include "lib/base/text.h"

namespace landwaiter::cli {

Result<matching::VexBook> ReadVexFiles(const std::vector<std::string>& paths,
                                       std::vector<std::string>& notes) {
  matching::VexBook book;
  for (const std::string& path : paths) {
    const auto text = ReadFile(path, matching::kMaxVexBytes);
    if (!text) return text.error();
    auto document = matching::ParseVex(*text, path);
    if (!document) return Error(document.error()).Context(path);
    if (document->without_purl > 0) {
      notes.push_back(path + ": " + std::to_string(document->without_purl) +
                      " statements are about products without a package URL: they match nothing");
    }
    book.Add(*std::move(document));
  }
  return book;
}

void ApplyVexFiles(const matching::VexBook& book, const std::vector<ImageReference>& references,
                   report::ScanReport& scan) {
  for (std::size_t i = 0; i < scan.platforms.size(); ++i) {
    const Inventory& platform = scan.inventory.platforms[i];
    const matching::VexImage image{
        {scan.inventory.digest, platform.manifest_digest, platform.image_id}, references};
    scan.platforms[i].suppressed = matching::ApplyVex(book, image, scan.platforms[i].findings);
  }
}

}  // namespace landwaiter::cli
