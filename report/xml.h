// Text within XML, for the formats that are XML.
#pragma once

#include <string>
#include <string_view>

namespace landwaiter::report {

/// For attributes and text (XML 1.0, sections 2.2 and 2.4): control characters and broken UTF-8 are
/// gone with PlainText, and so are the two code points that are no characters.
std::string Xml(std::string_view text);

}  // namespace landwaiter::report
