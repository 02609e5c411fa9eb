// A LayerInventory as bytes: what the process that read a layer hands to the one that merges, and
// what the layer cache keeps. Versioned by kCodecVersion, which is part of the cache's key; there
// is no reading of older versions.
//
// Numbers are LEB128 (DWARF 5, section 7.6), texts are a length and bytes, lists a count and items.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "lib/base/binary.h"
#include "lib/base/result.h"
#include "scanner/layer/layer_inventory.h"
#include "scanner/layer/limits.h"
#include "scanner/layer/pipeline.h"

namespace landwaiter::layer {

/// Raised with every change of the format.
inline constexpr int kCodecVersion = 7;
/// 10 M entries of 8 to 16 bytes, 256 MiB of names, packages.
inline constexpr std::size_t kMaxEncodedBytes = 1u << 30;

/// A layer of millions of files has tens of megabytes of them: they are handed on while they are
/// made, and so are they read.
void EncodeInventory(const LayerInventory& inventory, const BinaryWriter::Sink& sink);
std::string EncodeInventory(const LayerInventory& inventory);

/// The bytes come from a process that has read hostile ones: indexes, counts and lengths are
/// checked, and nothing is reserved that the bytes do not pay for.
/// Errors: InvalidArgument reason ScannerFailed, naming what is wrong; what `read` says.
Result<LayerInventory> DecodeInventory(const ReadBytes& read);
Result<LayerInventory> DecodeInventory(std::string_view bytes);

}  // namespace landwaiter::layer
