// Tars, compressed layers and package sources made by code.
#pragma once

#include <isa-l/igzip_lib.h>
#include <zstd.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/digest.h"
#include "scanner/layer/pipeline.h"
#include "scanner/layer/tar_header.h"
#include "scanner/packages/source.h"
#include "tests/unit/scanner/layer/known_tars.h"

namespace landwaiter::layer::testing {

inline std::string Octal(std::uint64_t value, int digits) {
  std::string text(static_cast<std::size_t>(digits), '0');
  for (int i = digits - 1; i >= 0; --i, value >>= 3) {
    text[static_cast<std::size_t>(i)] = static_cast<char>('0' + (value & 7));
  }
  return text;
}

inline std::string Padded(std::string bytes) {
  bytes.resize((bytes.size() + kBlock - 1) / kBlock * kBlock, '\0');
  return bytes;
}

/// Writes the checksum of a 512-byte header.
inline std::string Summed(std::string header) {
  header.replace(148, 8, "        ");
  unsigned sum = 0;
  for (const char c : header) sum += static_cast<unsigned char>(c);
  header.replace(148, 8, Octal(sum, 6) + std::string("\0 ", 2));
  return header;
}

struct HeaderFields {
  std::string name;
  char type = '0';
  std::uint64_t size = 0;
  std::string link = {};
  unsigned mode = 0644;
  std::string magic = std::string("ustar\00000", 8);
  std::string prefix = {};
};

inline std::string Header(const HeaderFields& fields) {
  std::string header(kBlock, '\0');
  const auto put = [&](std::size_t at, std::string_view text) {
    header.replace(at, text.size(), text);
  };
  put(0, std::string_view(fields.name).substr(0, 100));
  put(100, Octal(fields.mode, 7));
  put(108, Octal(0, 7));
  put(116, Octal(0, 7));
  put(124, Octal(fields.size, 11));
  put(136, Octal(0, 11));
  header[156] = fields.type;
  put(157, std::string_view(fields.link).substr(0, 100));
  put(257, fields.magic);
  put(345, std::string_view(fields.prefix).substr(0, 155));
  return Summed(header);
}

inline std::string PaxRecord(std::string_view key, std::string_view value) {
  const std::size_t body = key.size() + value.size() + 3;
  std::size_t length = body + std::to_string(body).size();
  length = body + std::to_string(length).size();
  return std::to_string(length) + " " + std::string(key) + "=" + std::string(value) + "\n";
}

inline constexpr std::string_view kGnuMagic = {"ustar  \0", 8};

class Tar {
 public:
  Tar& File(const std::string& name, std::string_view content, unsigned mode = 0644) {
    return Raw(Header({.name = name, .size = content.size(), .mode = mode}) +
               Padded(std::string(content)));
  }
  Tar& Folder(const std::string& name) {
    return Raw(Header({.name = name + "/", .type = '5', .mode = 0755}));
  }
  Tar& Symlink(const std::string& name, const std::string& target) {
    return Raw(Header({.name = name, .type = '2', .link = target, .mode = 0777}));
  }
  Tar& HardLink(const std::string& name, const std::string& target) {
    return Raw(Header({.name = name, .type = '1', .link = target}));
  }
  Tar& Whiteout(const std::string& folder, const std::string& name) {
    return File((folder.empty() ? "" : folder + "/") + ".wh." + name, "");
  }
  Tar& Opaque(const std::string& folder) { return Whiteout(folder, ".wh..opq"); }
  Tar& Pax(const std::string& records, char type = 'x') {
    return Raw(Header({.name = "PaxHeader", .type = type, .size = records.size()}) +
               Padded(records));
  }
  Tar& GnuLong(char type, const std::string& text) {
    return Raw(Header({.name = "././@LongLink",
                       .type = type,
                       .size = text.size() + 1,
                       .magic = std::string(kGnuMagic)}) +
               Padded(text + '\0'));
  }
  Tar& Raw(const std::string& bytes) {
    bytes_ += bytes;
    return *this;
  }
  /// Python's tarfile is known to read it otherwise, and why.
  Tar& PythonDiffers(const std::string& why) {
    python_differs_ = why;
    return *this;
  }
  /// With the two zero blocks of the end. A second reader reads it when the tests have run.
  std::string Build() const {
    std::string tar = bytes_ + std::string(2 * kBlock, '\0');
    NoteTar(tar, python_differs_);
    return tar;
  }
  const std::string& bytes() const { return bytes_; }

 private:
  std::string bytes_;
  std::string python_differs_;
};

/// A Reclaim for who has copied all that an inflater gave.
inline bool Free(std::string_view /*memory*/) { return true; }

inline std::string Gzip(std::string_view bytes) {
  std::string out(bytes.size() + bytes.size() / 8 + 4096, '\0');
  isal_zstream stream;
  isal_deflate_init(&stream);
  stream.gzip_flag = IGZIP_GZIP;
  stream.end_of_stream = 1;
  stream.next_in = reinterpret_cast<std::uint8_t*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<std::uint32_t>(bytes.size());
  stream.next_out = reinterpret_cast<std::uint8_t*>(out.data());
  stream.avail_out = static_cast<std::uint32_t>(out.size());
  if (isal_deflate(&stream) != COMP_OK || stream.avail_in != 0) std::abort();
  out.resize(out.size() - stream.avail_out);
  return out;
}

inline constexpr unsigned kRawBlock = 0;
inline constexpr unsigned kRunBlock = 1;
inline constexpr unsigned kReservedBlock = 3;
/// What stands in one block of a zstd frame: the bytes of a raw one; of a run, as many of the
/// first.
struct ZstdBlock {
  unsigned type = kRawBlock;
  std::string bytes;
};
/// A frame with a window of 128 KiB, no checksum, without its content's size (RFC 8878, 3.1.1).
inline std::string ZstdFrame(const std::vector<ZstdBlock>& blocks) {
  std::string out("\x28\xb5\x2f\xfd\x00\x38", 6);
  for (const ZstdBlock& block : blocks) {
    const bool last = &block == &blocks.back();
    const std::size_t header = block.bytes.size() << 3 | block.type << 1 | (last ? 1u : 0u);
    for (int i = 0; i < 3; ++i) out += static_cast<char>(header >> (8 * i) & 0xff);
    out += block.type == kRunBlock ? block.bytes.substr(0, 1) : block.bytes;
  }
  return out;
}

inline std::string Zstd(std::string_view bytes, int window_log = 0, int level = 3) {
  std::string out(ZSTD_compressBound(bytes.size()), '\0');
  ZSTD_CCtx* context = ZSTD_createCCtx();
  if (window_log != 0) {
    // Without the content's size in the frame header, the window is what the header says.
    ZSTD_CCtx_setParameter(context, ZSTD_c_contentSizeFlag, 0);
    ZSTD_CCtx_setParameter(context, ZSTD_c_windowLog, window_log);
  }
  ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, level);
  ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1);
  ZSTD_inBuffer in{bytes.data(), bytes.size(), 0};
  ZSTD_outBuffer target{out.data(), out.size(), 0};
  if (ZSTD_compressStream2(context, &target, &in, ZSTD_e_continue) != 0 && in.pos != in.size) {
    std::abort();
  }
  if (ZSTD_compressStream2(context, &target, &in, ZSTD_e_end) != 0) std::abort();
  ZSTD_freeCCtx(context);
  out.resize(target.pos);
  return out;
}

/// A reader over bytes that gives at most `step` at a time.
inline ReadBytes Reader(std::string_view bytes, std::size_t step = SIZE_MAX) {
  return [bytes, step](char* buffer, std::size_t size) mutable -> Result<std::size_t> {
    const std::size_t count = std::min({size, step, bytes.size()});
    std::memcpy(buffer, bytes.data(), count);
    bytes.remove_prefix(count);
    return count;
  };
}

inline constexpr const char* kGzipLayer = "application/vnd.oci.image.layer.v1.tar+gzip";
inline constexpr const char* kZstdLayer = "application/vnd.oci.image.layer.v1.tar+zstd";
inline constexpr const char* kPlainLayer = "application/vnd.oci.image.layer.v1.tar";

inline LayerDescriptor Describe(std::string_view blob, std::string_view tar,
                                const std::string& media_type) {
  return {.digest = Sha256::Of(blob),
          .size_bytes = blob.size(),
          .media_type = media_type,
          .diff_id = Sha256::Of(tar)};
}

// Package sources of the tests: "db" reads var/lib/db/status and usr/db/status, "name version" a
// line; "rec" reads every *.rec; "bin" reads executables that begin with "BIN!".

inline packages::FileReading ReadLines(std::string_view source, packages::ReadingKind kind,
                                       const packages::FileFacts& facts, std::string_view bytes) {
  packages::FileReading reading;
  reading.source = source;
  reading.path = facts.path;
  reading.kind = kind;
  reading.state = packages::ReadingState::kRead;
  while (!bytes.empty()) {
    const std::size_t end = std::min(bytes.find('\n'), bytes.size());
    const std::string_view line = bytes.substr(0, end);
    bytes.remove_prefix(std::min(end + 1, bytes.size()));
    const std::size_t space = line.find(' ');
    if (space == std::string_view::npos) {
      reading.state = packages::ReadingState::kFailed;
      reading.reason = reading.path + ": a line has no version";
      break;
    }
    reading.packages.push_back({.type = "test",
                                .name = std::string(line.substr(0, space)),
                                .version = std::string(line.substr(space + 1)),
                                .path = reading.path,
                                .found_by = std::string(source)});
  }
  return reading;
}

inline const std::array<packages::PackageSource, 3>& TestSources() {
  using packages::FileContent;
  using packages::FileFacts;
  using packages::Need;
  static constexpr std::array<std::string_view, 1> kWellKnown = {"var/lib/db/status"};
  static const std::array<packages::PackageSource, 3> kSources = {{
      {.name = "bin",
       .version = 1,
       .max_bytes = 1u << 20,
       .wants =
           [](const FileFacts& f) {
             return (f.mode & 0111) != 0 && f.size >= 4 ? Need::kHead : Need::kNothing;
           },
       .wants_head = [](std::string_view head) { return head.substr(0, 4) == "BIN!"; },
       .parse =
           [](const FileFacts& f, const FileContent& c) {
             std::string bytes(c.file->size(), '\0');
             auto count = c.file->ReadAt(0, bytes.data(), bytes.size());
             bytes.resize(count ? *count : 0);
             return ReadLines("bin", packages::ReadingKind::kRecord, f,
                              std::string_view(bytes).substr(4));
           },
       .well_known = {}},
      {.name = "db",
       .version = 1,
       .max_bytes = 1u << 20,
       .wants =
           [](const FileFacts& f) {
             return f.path == "var/lib/db/status" || f.path == "usr/db/status" ? Need::kContent
                                                                               : Need::kNothing;
           },
       .wants_head = nullptr,
       .parse =
           [](const FileFacts& f, const FileContent& c) {
             return ReadLines("db", packages::ReadingKind::kDatabase, f, c.bytes);
           },
       .well_known = kWellKnown},
      {.name = "rec",
       .version = 1,
       .max_bytes = 1u << 20,
       .wants =
           [](const FileFacts& f) {
             return f.path.ends_with(".rec") ? Need::kContent : Need::kNothing;
           },
       .wants_head = nullptr,
       .parse =
           [](const FileFacts& f, const FileContent& c) {
             return ReadLines("rec", packages::ReadingKind::kRecord, f, c.bytes);
           },
       .well_known = {}},
  }};
  return kSources;
}

}  // namespace landwaiter::layer::testing
