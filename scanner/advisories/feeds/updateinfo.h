// updateinfo.xml, the errata of an rpm repository as createrepo_c and dnf know them: for each
// advisory its kind, severity, CVEs and the packages of the update. They are lists of fixes.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "scanner/advisories/feed.h"

namespace landwaiter::advisories {

/// One <package>.
struct UpdatedPackage {
  std::string name;
  std::string evr;  // "10:1.5.3-141.amzn2.5.3"; without the epoch where that is 0 or not given
  std::string architecture;
  std::string module;  // "nodejs:14" of the collection's <module>, "" for none
};

/// One <update>.
struct Update {
  std::string id;
  std::string type;  // "security", "bugfix", …
  std::string title;
  std::string severity;
  std::string issued;  // as written
  std::string url;
  std::string release;     // <release>
  std::string collection;  // name of the (last) collection
  std::vector<std::string> cves;
  std::vector<UpdatedPackage> packages;
};

/// What a distribution makes of its updates.
struct UpdateRules {
  std::string_view feed;
  std::string_view severity_source;
  /// The ecosystem with its suffix; "" for an update that is left out.
  std::string (*ecosystem)(const Update& update);
  /// The lowest version that a fix ("1:8.2.15-1") speaks of; "" for all below it. nullptr where
  /// each speaks of all.
  std::string (*first)(const Update& update, std::string_view fix) = nullptr;
};

/// A reader of updateinfo.xml by these rules. Updates that name no CVE and are not of the type
/// "security" are left out.
std::unique_ptr<FeedReader> MakeUpdateinfoReader(UpdateRules rules);

/// The record of an update; its rows are kept apart by architecture where an update gives one
/// package several versions. Errors: InvalidArgument.
Result<StagedRecord> RecordOfUpdate(const Update& update, const UpdateRules& rules);

}  // namespace landwaiter::advisories
