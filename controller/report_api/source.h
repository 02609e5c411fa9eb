// What the report API tells of. The port: ClusterSource (cluster_source.h) has the role's informers
// and its store, tests have their own.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "controller/judge.h"
#include "controller/records.h"
#include "controller/runtime/history.h"
#include "controller/stored_image.h"
#include "lib/base/cancellation.h"
#include "lib/base/clock.h"
#include "model/image_reference.h"

namespace landwaiter::controller::report_api {

/// Reason of an error: another replica knows.
inline constexpr char kReasonNotTheLeader[] = "NotTheLeader";

struct DatabaseFacts {
  std::string id;  // "" where there is none
  std::string built_at;
  std::string problem;                       // why the folder's is not in use; "" where it is
  std::map<std::string, std::string> feeds;  // "osv:Debian" -> its newest record, RFC 3339 or ""
};

struct SystemFacts {
  std::string version;
  std::string identity;  // of this replica
  std::string leader;    // who holds the Lease; "" for nobody
  bool leading = false;
  std::string store;          // "sqlite" or "postgresql"
  bool reports_here = false;  // this replica may read reports
  std::vector<std::string> scanners;
  /// Of the leader; nullopt elsewhere.
  std::optional<std::map<std::string, std::size_t>> queued = {};  // by class
  std::size_t running = 0;
  std::size_t images = 0;
  std::size_t pods = 0;
  std::size_t policies = 0;
  DatabaseFacts database;
};

/// Thread-safe.
class ReportSource {
 public:
  virtual ~ReportSource() = default;

  virtual TimePoint Now() const = 0;
  /// Objects that are about one digest, in the order of their names.
  virtual std::vector<std::shared_ptr<const ScanRecord>> Images() const = 0;
  /// Null where there is none.
  virtual std::shared_ptr<const ScanRecord> Image(const Digest& digest) const = 0;
  /// Any ImageScan as the API server has it, with what informers leave out. Errors: the API's.
  virtual Result<resources::ImageScan> Whole(const std::string& name,
                                             const Cancellation& cancel) const = 0;
  /// Sorted by name, each with the ScanExceptions that it takes.
  virtual Policies AllPolicies() const = 0;
  /// What images may be built on; never null.
  virtual const BaseBook* Bases() const = 0;

  // Of the store. Errors: Unavailable with reason NotTheLeader where the store of another replica
  // has it, and the store's own.
  /// Without the findings that VEX documents of the cluster take out.
  virtual Result<std::optional<StoredImage>> Stored(const Digest& digest) const = 0;
  /// The findings' document as it is stored, with all of them.
  virtual Result<std::optional<std::string>> FindingsText(const Digest& digest) const = 0;
  virtual Result<std::vector<Digest>> ImagesWith(const store::PackageKey& package,
                                                 std::size_t limit) const = 0;

  /// Oldest first; empty where none is kept.
  virtual Result<VerdictHistory> History() const = 0;

  virtual DatabaseFacts Database() const = 0;
  virtual SystemFacts System() const = 0;
  /// Makes a person's ImageScan, or asks anew by the one that is there; its name. Errors: the
  /// API's.
  virtual Result<std::string> RequestScan(const ImageReference& image,
                                          const Cancellation& cancel) const = 0;
};

}  // namespace landwaiter::controller::report_api
