#include "scanner/packages/rpm_records.h"

#include <utility>

#include "scanner/packages/rpm_header.h"

namespace landwaiter::packages {
namespace {

// Links to debug information: 20,000 names in a large image, none of them a program.
constexpr std::string_view kBuildIds = "/usr/lib/.build-id/";

}  // namespace

RpmRow RpmRecords::AddBroken(std::uint64_t number, std::string_view fault) {
  ++rows_;
  RpmRow row{.kind = RpmRow::Kind::kBroken,
             .fault = "package number " + std::to_string(number) + ": " + std::string(fault)};
  out_.Fail(row.fault);
  return row;
}

RpmRow RpmRecords::Add(std::uint64_t number, std::string_view header) {
  auto parsed = ParseRpmHeader(header);
  if (!parsed) return AddBroken(number, parsed.error().message);
  if (parsed->name.empty() || parsed->version.empty() || parsed->release.empty()) {
    return AddBroken(number, "it lacks a name, version or release");
  }
  ++rows_;
  if (parsed->name == kRpmPublicKey) return {};
  RpmRow row{.kind = RpmRow::Kind::kPackage,
             .package = static_cast<std::uint32_t>(out_.reading().packages.size()),
             .owned_first = static_cast<std::uint32_t>(out_.reading().owned.size())};
  if (!out_.Add(MakeRpmPackage(*parsed))) {
    return {
        .kind = RpmRow::Kind::kBroken,
        .fault = "package number " + std::to_string(number) + ": its name or version is not one"};
  }
  bool kept = true;
  auto files = ForEachRpmFile(*parsed, [&](std::string_view path) {
    kept = path.starts_with(kBuildIds) || out_.AddOwned(path, parsed->name);
    return kept;
  });
  if (!kept) files = ResourceExhausted("its files are too many to be kept");
  row.owned_count = static_cast<std::uint32_t>(out_.reading().owned.size()) - row.owned_first;
  row.records_first = static_cast<std::uint32_t>(out_.reading().records.size());
  if (files_ && files) {
    files = ForEachRpmRecord(*parsed,
                             [&](FileRecord record) { return out_.AddRecord(std::move(record)); });
  }
  row.records_count = static_cast<std::uint32_t>(out_.reading().records.size()) - row.records_first;
  if (!files) {
    // The package is there all the same.
    row.fault = "package number " + std::to_string(number) + ": " + files.error().message;
    out_.Fail(row.fault);
  }
  return row;
}

}  // namespace landwaiter::packages
