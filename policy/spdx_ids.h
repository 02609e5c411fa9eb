// The SPDX License List: identifiers of licenses and of exceptions to them.
#pragma once

#include <span>
#include <string_view>

namespace landwaiter::policy {

/// As the list writes it, asked for in any case; "" where the list has none such.
std::string_view SpdxLicense(std::string_view id);
std::string_view SpdxException(std::string_view id);

std::span<const std::string_view> AllSpdxLicenses();
std::span<const std::string_view> AllSpdxExceptions();

}  // namespace landwaiter::policy
