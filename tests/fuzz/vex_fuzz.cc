// VEX documents. Whatever one says, findings only move: none is lost, none is made.
#include <cstdint>
#include <string_view>

#include "scanner/matching/vex/vex.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace landwaiter;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  auto document = matching::ParseVex(text, "file");
  if (!document) return 0;
  std::vector<Finding> findings(2);
  findings[0].id = "CVE-2023-1";
  findings[0].purl = "pkg:deb/debian/openssl@3.0.1-1?arch=amd64";
  findings[1].id = "CVE-2023-2";
  findings[1].aliases = {"GHSA-aaaa-bbbb-cccc"};
  findings[1].purl = "pkg:npm/%40scope/name@1.0.0";
  matching::VexBook book;
  book.Add(*std::move(document));
  const auto suppressed = matching::ApplyVex(book, {}, findings);
  if (findings.size() + suppressed.size() != 2) __builtin_trap();
  return 0;
}
