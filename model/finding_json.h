// One finding read from JSON, for readers of documents that hold findings among other things.
#pragma once

#include "lib/base/result.h"
#include "model/finding.h"

namespace landwaiter {

class JsonFields;

/// An object as FindingsToJson writes them. Errors: InvalidArgument naming the field.
Status ReadFinding(JsonFields& fields, Finding& finding);

}  // namespace landwaiter
