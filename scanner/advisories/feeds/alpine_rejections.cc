// Alpine's security-rejections: what its security team holds to be no vulnerability of a package,
// in any release. One YAML mapping a repository, from package to ids. It goes before secdb, which
// does not carry all of them.
#include <yaml-cpp/yaml.h>

#include <map>

#include "lib/base/text.h"
#include "scanner/advisories/feeds/make_row.h"
#include "scanner/advisories/feeds/readers.h"
#include "scanner/advisories/ids.h"

namespace landwaiter::advisories {
namespace {

/// Without a suffix: of every release.
constexpr std::string_view kEcosystem = "Alpine";

class RejectionsFeed final : public DocumentReader {
  Status Read(std::string_view name, std::string_view bytes, FeedSink& sink) override {
    std::map<std::string, StagedRecord> records;
    // yaml-cpp throws; nothing of it leaves this function.
    try {
      const YAML::Node root = YAML::Load(std::string(bytes));
      if (!root.IsMap()) return InvalidArgument("is no YAML mapping from packages to ids");
      for (const auto& entry : root) {
        Status status = ReadPackage(entry.first, entry.second, name, &records);
        if (!status) status = sink.Broken(std::move(status).error());
        if (!status) return status;
      }
    } catch (const YAML::Exception& fault) {
      return InvalidArgument(std::string("is not YAML: ") + fault.what());
    }
    for (auto& [id, record] : records) {
      if (Status status = sink.Put(std::move(record)); !status) return status;
    }
    return Ok();
  }

  static Status ReadPackage(const YAML::Node& name, const YAML::Node& ids, std::string_view part,
                            std::map<std::string, StagedRecord>* records) {
    if (!name.IsScalar()) return InvalidArgument("a key is no name of a package");
    if (Status status = CheckPackageName(name.Scalar()); !status) return status;
    if (!ids.IsSequence()) {
      return InvalidArgument("package " + name.Scalar() + ": has no list of ids");
    }
    for (const YAML::Node& node : ids) {
      const std::string id = node.IsScalar() ? std::string(text::Trim(node.Scalar())) : "";
      if (!IsId("ALPINE-" + id) || id.empty()) {
        return InvalidArgument("package " + name.Scalar() + ": has an entry that is no id");
      }
      StagedRecord& record = (*records)[id];
      if (record.packages.empty()) {
        record = RecordOfCve("ALPINE-", id, "alpine-rejections");
        record.part = "rejected/" + std::string(part);
      }
      record.packages.push_back(
          MakeRow(kEcosystem, name.Scalar(), Everything(), Claim::kNotAffected));
    }
    return Ok();
  }
};

}  // namespace

std::unique_ptr<FeedReader> MakeRejectionsFeed() { return std::make_unique<RejectionsFeed>(); }

}  // namespace landwaiter::advisories
