// One declaration a format; the table is in format.cc.
#pragma once

#include "report/format.h"

namespace landwaiter::report {

Format JsonFormat();
Format MarkdownFormat();
Format TableFormat();

}  // namespace landwaiter::report
