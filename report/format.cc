#include "report/format.h"

#include <algorithm>
#include <array>

#include "report/rows.h"

namespace landwaiter::report {

std::span<const Format> Formats() {
  static const std::array kFormats = {TableFormat(), JsonFormat(),      MarkdownFormat(),
                                      SarifFormat(), CycloneDxFormat(), SpdxFormat(),
                                      JunitFormat(), GitlabFormat(),    OpenVexFormat(),
                                      HtmlFormat(),  XccdfFormat(),     ArfFormat()};
  return kFormats;
}

const Format* FindFormat(std::string_view name) {
  const auto formats = Formats();
  const auto at = std::find_if(formats.begin(), formats.end(),
                               [&](const Format& format) { return format.name == name; });
  return at == formats.end() ? nullptr : &*at;
}

}  // namespace landwaiter::report
