// Policies out of files, and what they say of one image, for `scan` and `policy test`.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "lib/base/clock.h"
#include "lib/base/result.h"
#include "model/image_reference.h"
#include "policy/evaluate.h"
#include "policy/policy.h"
#include "report/scan_report.h"

namespace landwaiter::cli {

struct PolicyFiles {
  std::vector<policy::ScanPolicy> policies;  // with the ScanExceptions that they take
  std::string ns;                            // where the image is to run; "" where nobody says
  std::vector<std::string> notes;            // for standard error
};
/// ScanPolicies and ScanExceptions of the files, in their order. `ns`: where the image is to run;
/// "": where the ScanExceptions are. `now`: when an exception without a date was created.
/// Errors: of the first file that cannot be read; InvalidArgument where exceptions are of several
/// namespaces and nobody says which one is meant.
Result<PolicyFiles> ReadPolicies(const std::vector<std::string>& policies,
                                 const std::vector<std::string>& exceptions, const std::string& ns,
                                 TimePoint now);

struct Judging {
  const std::vector<policy::ScanPolicy>& policies;
  std::vector<ImageReference> references;  // that name the image; none for a file
  std::string ns;
  TimePoint now;
  const BaseBook* bases = nullptr;  // null: none were named
};

/// The command line keeps no history: what is found there is seen for the first time at `now`.
void NoteFirstSeen(report::ScanReport& scan, TimePoint now);

/// The image as rules see it; borrows `scan`.
policy::ContentInput ContentOf(const report::ScanReport& scan, const Judging& judging);

/// One policy's verdict of content and name together; nullopt where it is not about this image.
std::optional<PolicyVerdict> VerdictOf(const policy::ScanPolicy& policy,
                                       const policy::ContentInput& input, const Judging& judging);

/// Adds to the report what each policy that is about the image says, and what exceptions excuse.
void Judge(report::ScanReport& scan, const Judging& judging);

}  // namespace landwaiter::cli
