// OSV records of any source: one record a member (https://ossf.github.io/osv-schema/).
#include "scanner/advisories/feeds/osv_record.h"
#include "scanner/advisories/feeds/readers.h"

namespace landwaiter::advisories {
namespace {

class OsvFeed final : public DocumentReader {
  Status Read(std::string_view /*name*/, std::string_view bytes, FeedSink& sink) override {
    auto record = reader_.Read(bytes);
    return record ? sink.Put(*std::move(record)) : sink.Broken(std::move(record).error());
  }
  OsvReader reader_;
};

}  // namespace

std::unique_ptr<FeedReader> MakeOsvFeed() { return std::make_unique<OsvFeed>(); }

}  // namespace landwaiter::advisories
