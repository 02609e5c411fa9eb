// Layers made by code, merged.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "scanner/layer/merge.h"
#include "scanner/layer/path.h"
#include "scanner/layer/scan_layer.h"
#include "tests/unit/scanner/layer/fixtures.h"

namespace landwaiter::layer {

using testing::Describe;
using testing::Reader;
using testing::Tar;

inline LayerInventory Read(const Tar& tar, std::multimap<std::string, std::string> names = {},
                           const Collected& collected = {}) {
  const std::string bytes = tar.Build();
  Budget budget({});
  LayerOptions options;
  options.sources = testing::TestSources();
  options.also_known_as = std::move(names);
  options.collection = collected.collection;
  options.aliases = collected.aliases;
  auto layer =
      ScanLayer(Describe(bytes, bytes, testing::kPlainLayer), Reader(bytes), options, budget, {});
  EXPECT_TRUE(layer) << layer.error().message;
  return layer ? *std::move(layer) : LayerInventory();
}

inline Result<MergedImage> Merge(const std::vector<Tar>& tars,
                                 const std::multimap<std::string, std::string>& names = {},
                                 const Collected& collected = {}) {
  std::vector<LayerInventory> layers;
  for (const auto& tar : tars) layers.push_back(Read(tar, names, collected));
  std::vector<const LayerInventory*> stack;
  for (const auto& layer : layers) stack.push_back(&layer);
  return MergeLayers(stack, testing::TestSources(), {}, packages::Declared::kHints, collected);
}

/// With a second pass where links give files other names, as a scan has it (scan_image.cc).
inline Result<MergedImage> MergeTwice(const std::vector<Tar>& tars, const Collection& collection) {
  auto first = Merge(tars, {}, {collection, {}});
  if (!first || (first->unreached.empty() && first->aliases.empty())) return first;
  std::multimap<std::string, std::string> names;
  for (const auto& path : first->unreached) names.emplace(path.leads_to, path.path);
  return Merge(tars, names, {collection, first->aliases});
}

// "name version path layer", sorted.
inline std::vector<std::string> Packages(const MergedImage& image) {
  std::vector<std::string> lines;
  for (const auto& package : image.packages) {
    lines.push_back(package.name + " " + package.version + " " + package.path + " " +
                    std::to_string(package.layer));
  }
  return lines;
}

inline const Coverage* Find(const MergedImage& image, std::string_view source) {
  for (const auto& line : image.coverage) {
    if (line.source == source) return &line;
  }
  return nullptr;
}

}  // namespace landwaiter::layer
