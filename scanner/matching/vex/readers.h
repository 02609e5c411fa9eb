// The readers of the three formats. Inside this folder only.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "scanner/matching/vex/vex.h"

namespace landwaiter::matching::vex {

/// Each takes a document whose format is known; errors as ParseVex.
Status ReadOpenVex(const nlohmann::json& document, VexDocument& out);
Status ReadCsafVex(const nlohmann::json& document, VexDocument& out);
Status ReadCycloneDxVex(const nlohmann::json& document, VexDocument& out);

/// A member, or null.
const nlohmann::json& At(const nlohmann::json& object, const char* field);
/// A member's items; empty where it is absent. Errors: InvalidArgument where it is no list.
Result<const nlohmann::json*> ListAt(const nlohmann::json& object, const char* field);
/// A text of at most `most` bytes; "" where it is absent or no text.
std::string TextAt(const nlohmann::json& object, const char* field, std::size_t most = 4096);
/// Fit for one line of a report.
std::string Words(const std::string& text);
/// Adds the statement where its product is a package URL, else counts it.
/// Errors: ResourceExhausted.
Status Add(VexStatement statement, VexDocument& out);

}  // namespace landwaiter::matching::vex
