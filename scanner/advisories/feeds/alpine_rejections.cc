// Alpine's security-rejections: what its security team holds to be no vulnerability of a package,
// in any release. One YAML mapping a repository, from package to ids. It goes before secdb, which
// does not carry all of them.
//
// Read by yaml-cpp's events, without its graph of nodes: that took 2.5 kB for each package. Aliases
// are not followed: an entry that is one is broken.
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include <functional>
#include <map>
#include <sstream>
#include <utility>

#include "lib/base/text.h"
#include "scanner/advisories/feeds/make_row.h"
#include "scanner/advisories/feeds/readers.h"
#include "scanner/advisories/ids.h"

namespace landwaiter::advisories {
namespace {

/// Without a suffix: of every release.
constexpr std::string_view kEcosystem = "Alpine";

/// One key of the mapping and its value.
struct Rejection {
  std::string package;
  bool named = false;            // the key is a scalar
  bool listed = false;           // the value is a list
  std::vector<std::string> ids;  // "" for an entry that is no scalar
};

/// Leaves the parser; yaml-cpp knows no other way.
struct Stop {
  Error error;
};

/// Calls `take` with each rejection of a document; throws Stop.
class RejectionEvents final : public YAML::EventHandler {
 public:
  explicit RejectionEvents(std::function<Status(const Rejection&)> take) : take_(std::move(take)) {}

  void OnDocumentStart(const YAML::Mark&) override { depth_ = 0; }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark&, YAML::anchor_t) override { Leaf({}); }
  void OnAlias(const YAML::Mark&, YAML::anchor_t) override { Leaf({}); }
  void OnScalar(const YAML::Mark&, const std::string&, YAML::anchor_t,
                const std::string& value) override {
    Leaf(&value);
  }
  void OnSequenceStart(const YAML::Mark&, const std::string&, YAML::anchor_t,
                       YAML::EmitterStyle::value) override {
    Open(Container::kList);
  }
  void OnSequenceEnd() override { Close(); }
  void OnMapStart(const YAML::Mark&, const std::string&, YAML::anchor_t,
                  YAML::EmitterStyle::value) override {
    Open(Container::kMap);
  }
  void OnMapEnd() override { Close(); }

 private:
  enum class Container { kList, kMap };

  /// nullptr: what is there is no scalar.
  void Leaf(const std::string* text) {
    if (depth_ == 0) Refuse();
    if (depth_ == 1) {
      if (!in_value_ && text != nullptr) {
        rejection_.package = *text;
        rejection_.named = true;
      }
      EndOfItem();
    } else if (depth_ == 2 && rejection_.listed) {
      rejection_.ids.push_back(text == nullptr ? std::string() : *text);
    }
  }

  void Open(Container container) {
    if (depth_ == 0 && container != Container::kMap) Refuse();
    if (depth_ == 1) rejection_.listed = in_value_ && container == Container::kList;
    if (depth_ == 2 && rejection_.listed) rejection_.ids.emplace_back();
    ++depth_;
  }

  void Close() {
    if (--depth_ == 1) EndOfItem();
  }

  /// A key or a value of the root is over.
  void EndOfItem() {
    in_value_ = !in_value_;
    if (in_value_) return;
    if (Status status = take_(std::exchange(rejection_, {})); !status) throw Stop{status.error()};
  }

  [[noreturn]] static void Refuse() {
    throw Stop{InvalidArgument("is no YAML mapping from packages to ids")};
  }

  const std::function<Status(const Rejection&)> take_;
  std::size_t depth_ = 0;  // of lists and mappings, the root among them; yaml-cpp bounds it
  bool in_value_ = false;  // of the root's item
  Rejection rejection_;
};

/// All documents. yaml-cpp throws; nothing of it leaves this function.
Status ReadDocuments(std::string_view bytes, std::function<Status(const Rejection&)> take) {
  try {
    std::istringstream input{std::string(bytes)};
    YAML::Parser parser(input);
    RejectionEvents events(std::move(take));
    bool any = false;
    while (parser.HandleNextDocument(events)) any = true;
    if (!any) return InvalidArgument("is no YAML mapping from packages to ids");
    return Ok();
  } catch (Stop& stop) {
    return std::move(stop.error);
  } catch (const YAML::Exception& fault) {
    return InvalidArgument(std::string("is not YAML: ") + fault.what());
  }
}

class RejectionsFeed final : public DocumentReader {
  Status Read(std::string_view name, std::string_view bytes, FeedSink& sink) override {
    std::map<std::string, StagedRecord> records;
    Status read = ReadDocuments(bytes, [&](const Rejection& rejection) {
      Status status = TakeRejection(rejection, name, &records);
      return status ? status : sink.Broken(std::move(status).error());
    });
    if (!read) return read;
    for (auto& [id, record] : records) {
      if (Status status = sink.Put(std::move(record)); !status) return status;
    }
    return Ok();
  }

  static Status TakeRejection(const Rejection& rejection, std::string_view part,
                              std::map<std::string, StagedRecord>* records) {
    const std::string& package = rejection.package;
    if (!rejection.named) return InvalidArgument("a key is no name of a package");
    if (Status status = CheckPackageName(package); !status) return status;
    if (!rejection.listed) return InvalidArgument("package " + package + ": has no list of ids");
    for (const std::string& entry : rejection.ids) {
      const std::string id(text::Trim(entry));
      if (!IsId("ALPINE-" + id) || id.empty()) {
        return InvalidArgument("package " + package + ": has an entry that is no id");
      }
      StagedRecord& record = (*records)[id];
      if (record.packages.empty()) {
        record = RecordOfCve("ALPINE-", id, "alpine-rejections");
        record.part = "rejected/" + std::string(part);
      }
      record.packages.push_back(MakeRow(kEcosystem, package, Everything(), Claim::kNotAffected));
    }
    return Ok();
  }
};

}  // namespace

std::unique_ptr<FeedReader> MakeRejectionsFeed() { return std::make_unique<RejectionsFeed>(); }

}  // namespace landwaiter::advisories
