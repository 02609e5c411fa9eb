// What each scheme's file gives to the table in scheme.cc. Inside this room only.
#pragma once

#include <string>
#include <string_view>

#include "lib/base/result.h"
#include "scanner/versions/scheme.h"

namespace landwaiter::versions {

inline bool IsDigit(char c) { return c >= '0' && c <= '9'; }
inline bool IsLower(char c) { return c >= 'a' && c <= 'z'; }
inline bool IsAlpha(char c) { return IsLower(c) || (c >= 'A' && c <= 'Z'); }
inline bool IsAlnum(char c) { return IsDigit(c) || IsAlpha(c); }

/// The digits that `text` starts with; taken off it.
std::string_view TakeDigits(std::string_view& text);
/// Numbers of any length, leading zeros without weight, empty as 0: -1, 0 or 1.
int CompareNumbers(std::string_view a, std::string_view b);
/// -1, 0 or 1 by bytes.
int CompareText(std::string_view a, std::string_view b);
/// "version \"x\" is no dpkg version: why", the version made printable and cut.
Error BadVersion(Scheme scheme, std::string_view version, std::string_view why);
Error BadRange(Scheme scheme, std::string_view range, std::string_view why);
/// True where every byte is printable ASCII and no blank; `also_utf8` lets bytes from 0x80 pass.
bool IsGraphic(std::string_view text, bool also_utf8 = false);

Result<int> CompareDpkg(std::string_view a, std::string_view b);
Result<int> CompareApk(std::string_view a, std::string_view b);
Result<int> CompareRpm(std::string_view a, std::string_view b);
Result<int> CompareSemver(std::string_view a, std::string_view b);
Result<int> CompareNpm(std::string_view a, std::string_view b);
Result<int> ComparePep440(std::string_view a, std::string_view b);
Result<int> CompareGo(std::string_view a, std::string_view b);

using Satisfier = Result<bool> (*)(Scheme, std::string_view range, std::string_view version,
                                   const RangeOptions& options);
Result<bool> SatisfiesApk(Scheme, std::string_view range, std::string_view version,
                          const RangeOptions& options);
Result<bool> SatisfiesNpm(Scheme, std::string_view range, std::string_view version,
                          const RangeOptions& options);
Result<bool> SatisfiesPep440(Scheme, std::string_view range, std::string_view version,
                             const RangeOptions& options);
/// Comparators of any scheme: `>=1.0, <2.0 || =3.1`.
Result<bool> SatisfiesComparators(Scheme, std::string_view range, std::string_view version,
                                  const RangeOptions& options);

}  // namespace landwaiter::versions
