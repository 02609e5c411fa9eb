// What of the final tree is collected: the facts of files that rules ask for, /etc/passwd.
#pragma once

#include <span>

#include "scanner/layer/merge.h"
#include "scanner/layer/stack.h"

namespace landwaiter::layer {

/// Fills in files, passwd_file, secrets and aliases of `image`, and their lines of coverage.
void MergeCollected(Stack& stack, std::span<const LayerInventory* const> layers,
                    const Collected& collected, MergedImage& image);

}  // namespace landwaiter::layer
