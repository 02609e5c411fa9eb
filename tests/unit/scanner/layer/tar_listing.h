// A tar read to its end.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "model/scan_request.h"
#include "scanner/layer/tar_reader.h"
#include "tests/unit/scanner/layer/fixtures.h"

namespace landwaiter::layer {

using testing::Header;
using testing::kGnuMagic;
using testing::Octal;
using testing::Padded;
using testing::PaxRecord;
using testing::Summed;
using testing::Tar;

struct Listed {
  std::vector<TarEntry> entries;
  std::vector<std::string> contents;
  Status status = Ok();
};

// Reads `bytes` in chunks of `step`.
inline Listed List(std::string_view bytes, std::size_t step = 1000, Limits limits = {}) {
  Listed listed;
  Budget budget(limits);
  TarReader reader(
      [&]() -> Result<std::string_view> {
        const std::string_view chunk = bytes.substr(0, step);
        bytes.remove_prefix(chunk.size());
        return chunk;
      },
      budget);
  for (;;) {
    auto entry = reader.Next();
    if (!entry) {
      listed.status = std::move(entry).error();
      return listed;
    }
    if (!*entry) return listed;
    std::string content;
    auto read = reader.ReadContent([&](std::string_view piece) {
      content += piece;
      return Ok();
    });
    listed.entries.push_back(**entry);
    listed.contents.push_back(content);
    if (!read) {
      listed.status = std::move(read).error();
      return listed;
    }
  }
}

}  // namespace landwaiter::layer
