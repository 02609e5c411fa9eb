// What each scheme's file gives to the table in scheme.cc. Inside this room only.
#pragma once

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

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
/// The number behind `digits`, of any length: "9" -> "10", "" -> "1".
std::string Increment(std::string_view digits);
/// Digits and nothing else, at least one.
bool AllDigits(std::string_view text);
/// Numbers with one of `separators` between each two: "1.0-2".
bool IsNumberList(std::string_view text, std::string_view separators);
/// Two number lists, number by number; where one goes on, it is the greater one.
int CompareNumberLists(std::string_view a, std::string_view b);
/// Whether `version` op `bound` where their order is `order`; "", "=" and "==" mean equal.
bool HoldsComparator(std::string_view op, int order);
/// The first of `operators` that `text` starts with, taken off it; "" where none does.
std::string_view TakeOperator(std::string_view& text,
                              std::initializer_list<std::string_view> operators);
/// A version of rpm's shape, [epoch:]version[-release]; the epoch is "" where none is written.
struct EpochVersionRelease {
  std::string_view epoch;
  std::string_view version;
  std::optional<std::string_view> release;
};
/// Errors: BadVersion of `scheme` for an empty one, a blank or a control character.
Result<EpochVersionRelease> SplitEpochVersionRelease(Scheme scheme, std::string_view text);
/// "version \"x\" is no dpkg version: why", the version made printable and cut.
Error BadVersion(Scheme scheme, std::string_view version, std::string_view why);
Error BadRange(Scheme scheme, std::string_view range, std::string_view why);
/// True where every byte is printable ASCII and no blank; `also_utf8` lets bytes from 0x80 pass.
bool IsGraphic(std::string_view text, bool also_utf8 = false);

/// Reads both versions with `parse` (Result<T> of a text) and orders them with `compare`.
template <class Parse, class Order>
Result<int> CompareParsed(std::string_view a, std::string_view b, Parse parse, Order compare) {
  auto left = parse(a);
  if (!left) return std::move(left).error();
  auto right = parse(b);
  if (!right) return std::move(right).error();
  return compare(*left, *right);
}

Result<int> CompareDpkg(std::string_view a, std::string_view b);
Result<int> CompareApk(std::string_view a, std::string_view b);
Result<int> CompareRpm(std::string_view a, std::string_view b);
Result<int> CompareSemver(std::string_view a, std::string_view b);
Result<int> CompareNpm(std::string_view a, std::string_view b);
Result<int> ComparePep440(std::string_view a, std::string_view b);
Result<int> CompareGo(std::string_view a, std::string_view b);
Result<int> CompareMaven(std::string_view a, std::string_view b);
Result<int> CompareRubygems(std::string_view a, std::string_view b);
Result<int> CompareNuget(std::string_view a, std::string_view b);
Result<int> ComparePackagist(std::string_view a, std::string_view b);
Result<int> CompareCrates(std::string_view a, std::string_view b);
Result<int> ComparePub(std::string_view a, std::string_view b);
Result<int> CompareCran(std::string_view a, std::string_view b);
Result<int> CompareHex(std::string_view a, std::string_view b);
Result<int> ComparePacman(std::string_view a, std::string_view b);
Result<int> ComparePortage(std::string_view a, std::string_view b);
Result<int> CompareBitnami(std::string_view a, std::string_view b);
Result<int> CompareConan(std::string_view a, std::string_view b);
Result<int> CompareHackage(std::string_view a, std::string_view b);
Result<int> CompareOpenssl(std::string_view a, std::string_view b);
Result<int> CompareNginx(std::string_view a, std::string_view b);
Result<int> CompareDatetime(std::string_view a, std::string_view b);

using Satisfier = Result<bool> (*)(Scheme, std::string_view range, std::string_view version,
                                   const RangeOptions& options);
Result<bool> SatisfiesApk(Scheme, std::string_view range, std::string_view version,
                          const RangeOptions& options);
Result<bool> SatisfiesNpm(Scheme, std::string_view range, std::string_view version,
                          const RangeOptions& options);
Result<bool> SatisfiesPep440(Scheme, std::string_view range, std::string_view version,
                             const RangeOptions& options);
Result<bool> SatisfiesMaven(Scheme, std::string_view range, std::string_view version,
                            const RangeOptions& options);
Result<bool> SatisfiesRubygems(Scheme, std::string_view range, std::string_view version,
                               const RangeOptions& options);
Result<bool> SatisfiesNuget(Scheme, std::string_view range, std::string_view version,
                            const RangeOptions& options);
Result<bool> SatisfiesComposer(Scheme, std::string_view range, std::string_view version,
                               const RangeOptions& options);
Result<bool> SatisfiesCargo(Scheme, std::string_view range, std::string_view version,
                            const RangeOptions& options);
Result<bool> SatisfiesPub(Scheme, std::string_view range, std::string_view version,
                          const RangeOptions& options);
Result<bool> SatisfiesHex(Scheme, std::string_view range, std::string_view version,
                          const RangeOptions& options);
Result<bool> SatisfiesConan(Scheme, std::string_view range, std::string_view version,
                            const RangeOptions& options);
Result<bool> SatisfiesOpenssl(Scheme, std::string_view range, std::string_view version,
                              const RangeOptions& options);
Result<bool> SatisfiesNginx(Scheme, std::string_view range, std::string_view version,
                            const RangeOptions& options);
/// Comparators of any scheme: `>=1.0, <2.0 || =3.1`.
Result<bool> SatisfiesComparators(Scheme, std::string_view range, std::string_view version,
                                  const RangeOptions& options);

}  // namespace landwaiter::versions
