// Has the layers of this program's images read by a second reader, too.
#include "tests/unit/scanner/layer/second_reader.h"
