// One declaration a format; the table is in format.cc.
#pragma once

#include "report/format.h"

namespace landwaiter::report {

Format ArfFormat();
Format CycloneDxFormat();
Format GitlabFormat();
Format HtmlFormat();
Format JsonFormat();
Format JunitFormat();
Format MarkdownFormat();
Format OpenVexFormat();
Format SarifFormat();
Format SpdxFormat();
Format TableFormat();
Format XccdfFormat();

}  // namespace landwaiter::report
