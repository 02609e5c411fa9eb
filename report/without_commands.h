// JSON that may be shown where words in it would be obeyed.
#pragma once

#include <string>
#include <string_view>

namespace landwaiter::report {

/// The same JSON text as a job's log may hold it: "##[" and "##vso[" are commands to some services,
/// wherever in a line they stand. '#' stands in texts alone, where JSON may write it otherwise.
std::string WithoutCommands(std::string_view json);

}  // namespace landwaiter::report
