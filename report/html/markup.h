// What makes strings of an image's author fit for a page: the one place where they become markup.
// Method: everything is text::Printable first, then escaped for where it stands; a link is made
// only of a web address of plain characters. The page's own policy (Content-Security-Policy in
// page.html) is the second line: it runs the one script whose digest it names, and fetches nothing.
#pragma once

#include <cstdint>
#include <functional>
#include <iosfwd>
#include <map>
#include <string>
#include <string_view>

namespace landwaiter::report::html {

/// On one line: tabs and line ends become blanks, other control characters, bidirectional overrides
/// and broken UTF-8 "?".
std::string Shown(std::string_view raw);
/// The same as text of an element or value of a quoted attribute (HTML, 13.1.2).
std::string Escaped(std::string_view raw);

/// A web address (report/facts.h) whose host has no user before it that reads like another host.
/// Anything else is shown and not linked.
bool IsLink(std::string_view url);

struct Link {
  std::string label;
  std::string url;  // IsLink
};
/// `<a …>`: opens a page of its own that learns nothing of this one.
std::string Anchor(const Link& link);

/// A JSON text as the content of a <script>: none of its characters can end the element or begin a
/// comment in it. It stays the same JSON.
std::string InScript(std::string_view json);

/// 'sha256-…' of an inline script or style (CSP Level 3, 2.3.1).
std::string CspHash(std::string_view content);

/// Writes `page` with values in the place of its {{name}}s. Values are not looked at again, so that
/// nothing in them is taken for a name.
using Value = std::function<void(std::ostream&)>;
void Fill(std::string_view page, const std::map<std::string_view, Value>& values,
          std::ostream& out);

/// "1 package", "2 packages"; thousands are set apart.
std::string Amount(std::uint64_t count, std::string_view one, std::string_view many);
std::string Number(std::uint64_t count);

}  // namespace landwaiter::report::html
