// The version tables among the shared test data, and how to read them.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "scanner/versions/scheme.h"

namespace landwaiter::versions {

struct SharedTable {
  std::optional<Scheme> scheme;  // none: the rows name their scheme
  std::string file;
};

/// Every table, under every scheme that it is one of.
std::vector<SharedTable> SharedTables();
/// Those of "left op right" rows.
std::vector<SharedTable> SharedTablesOfPairs();
/// "npm_as_semver": fit for the name of a test.
std::string NameOf(const SharedTable& table);
/// The file's path, and its content where it is there. LANDWAITER_TESTDATA names the folder of the
/// shared test data, else it lies beside the checkout.
std::pair<std::string, std::optional<std::string>> ReadShared(const SharedTable& table);
/// The versions of a table's pairs, each once, sorted by bytes.
std::vector<std::string> VersionsOf(const std::string& table);
/// The whole file; nullopt where it cannot be read.
std::optional<std::string> ReadWhole(const std::string& path);

}  // namespace landwaiter::versions
