#include "cli/complain.h"

#include <cstdio>
#include <string>

#include "lib/base/text.h"

namespace landwaiter::cli {

int Complain(std::string_view command, const Error& error, int code) {
  std::fprintf(stderr, "%s: %s\n", std::string(command).c_str(),
               text::Printable(error.message).c_str());
  return code;
}

}  // namespace landwaiter::cli
