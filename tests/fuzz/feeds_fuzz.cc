// The readers of all feeds but OSV's (osv_record_fuzz): whatever comes, advisories that the
// database can hold, or errors that say why. The first line names the feed, the second the member.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "scanner/advisories/feed.h"
#include "scanner/advisories/limits.h"

namespace {

using namespace landwaiter;
using namespace landwaiter::advisories;

void Require(bool holds) {
  if (!holds) std::abort();
}

class CheckingSink final : public FeedSink {
 public:
  Status Put(StagedRecord record) override {
    Require(!record.advisory.id.empty() && record.advisory.id.size() <= kMaxIdBytes);
    for (const StagedPackage& package : record.packages) {
      Require(!package.package.empty() && package.package.size() <= kMaxPackageBytes);
      Require(!package.ecosystem.empty() && package.ecosystem.size() <= kMaxEcosystemBytes);
      Require(!package.affected.ranges.empty() || !package.affected.versions.empty());
    }
    const auto again = DecodeStagedRecord(Encode(record));
    Require(again.has_value() && again->advisory == record.advisory);
    Require(again->packages.size() == record.packages.size());
    return Ok();
  }
  Status Put(std::string_view cve, const CveFacts& facts) override {
    Require(!cve.empty() && cve.size() <= kMaxIdBytes);
    Require(DecodeCveFacts(Encode(facts)).has_value());
    return Ok();
  }
  Status Put(const Lifecycle& lifecycle) override {
    Require(!lifecycle.product.empty() && !lifecycle.release.empty());
    return Ok();
  }
  Status PutRepository(std::string_view name, const std::vector<std::string>&) override {
    Require(!name.empty());
    return Ok();
  }
  void Released(std::string_view) override {}
  Status Broken(Error error) override {
    Require(!error.message.empty());
    return Ok();
  }
};

std::string_view TakeLine(std::string_view& text) {
  const std::size_t end = text.find('\n');
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return line;
}

/// In pieces of different sizes, as archives give them.
void Read(const Feed& feed, std::string_view name, std::string_view bytes,
          std::size_t piece_bytes) {
  CheckingSink sink;
  const auto reader = feed.make();
  for (bool first = true;; first = false) {
    const std::string_view part = bytes.substr(0, piece_bytes);
    bytes.remove_prefix(part.size());
    const Status status =
        reader->Take({std::string(name), std::string(part), first, bytes.empty()}, sink);
    if (!status) Require(!status.error().message.empty());
    if (!status || bytes.empty()) break;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view input(reinterpret_cast<const char*>(data), size);
  const Feed* const feed = FindFeed(TakeLine(input));
  if (feed == nullptr) return 0;
  const std::string_view name = TakeLine(input);
  Read(*feed, name, input, kPieceBytes);
  Read(*feed, name, input, 13);
  return 0;
}
