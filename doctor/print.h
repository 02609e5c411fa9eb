// What the checks found, for people and for programs.
#pragma once

#include "doctor/examine.h"
#include "doctor/installation.h"

namespace landwaiter::doctor {

/// Runs every check whose name is not in `skip`.
Diagnosis Diagnose(const Installation& installation, const std::vector<std::string>& skip,
                   bool json);

}  // namespace landwaiter::doctor
