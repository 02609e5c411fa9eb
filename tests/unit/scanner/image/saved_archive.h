// Archives of images made by code: as `docker save` writes them, and OCI layouts.
#pragma once

#include <archive.h>
#include <archive_entry.h>
#include <gtest/gtest.h>

#include "model/scan_request.h"
#include "scanner/image/archive.h"
#include "scanner/image/loader.h"
#include "scanner/image/tar_index.h"
#include "tests/unit/scanner/image/fake_registry.h"
#include "tests/unit/scanner/image/tar_maker.h"

namespace landwaiter::image {

using testing::FileOf;
using testing::TarMaker;
using testing::TinyImage;

/// The bytes through one of libarchive's write filters: "gzip", "zstd", "xz".
inline std::string Compress(const std::string& bytes, const std::string& filter) {
  std::string out(bytes.size() + (1u << 20), '\0');
  std::size_t used = 0;
  struct ::archive* writer = archive_write_new();
  archive_write_set_format_raw(writer);
  archive_write_add_filter_by_name(writer, filter.c_str());
  archive_write_set_bytes_per_block(writer, 0);
  archive_write_open_memory(writer, out.data(), out.size(), &used);
  struct archive_entry* entry = archive_entry_new();
  archive_entry_set_filetype(entry, AE_IFREG);
  archive_write_header(writer, entry);
  archive_write_data(writer, bytes.data(), bytes.size());
  archive_entry_free(entry);
  archive_write_close(writer);
  archive_write_free(writer);
  out.resize(used);
  return out;
}

inline Result<std::unique_ptr<ImageSource>> Open(const std::string& bytes,
                                                 const std::string& image = "", bool scratch = true,
                                                 std::uint64_t limit = 1u << 30) {
  ArchiveOptions options;
  options.image = image;
  options.max_inflated_bytes = limit;
  if (scratch) options.scratch = FileOf("");
  return OpenArchive(FileOf(bytes), "app.tar", std::move(options), {});
}

/// The first layer's bytes, everything verified on the way.
inline Result<std::string> FirstLayer(const std::string& bytes, const std::string& image = "") {
  auto source = Open(bytes, image);
  if (!source) return std::move(source).error();
  auto loaded = LoadImage(**source, {});
  if (!loaded) return std::move(loaded).error();
  return ReadBlob(**source, loaded->platforms.at(0).manifest.layers.at(0), 1u << 20);
}

inline std::string HexOf(const std::string& bytes) { return std::string(Sha256::Of(bytes).Hex()); }
inline std::string BlobName(const std::string& bytes) { return "blobs/sha256/" + HexOf(bytes); }

inline std::string SavedEntry(const std::string& config, const std::string& tags,
                              const std::string& layers) {
  return R"({"Config":")" + config + R"(","RepoTags":)" + tags + R"(,"Layers":)" + layers + "}";
}

inline TarMaker Saved(const TinyImage& image, const std::string& layer_name = "1/layer.tar") {
  return TarMaker()
      .Folder("1/")
      .File(layer_name, image.layer)
      .File(HexOf(image.config) + ".json", image.config)
      .File("manifest.json", "[" +
                                 SavedEntry(HexOf(image.config) + ".json", R"(["app:1"])",
                                            "[\"" + layer_name + "\"]") +
                                 "]");
}

inline TarMaker Layout(const TinyImage& image, const std::string& annotations = "") {
  std::string entry =
      TinyImage::Descriptor("application/vnd.oci.image.manifest.v1+json", image.manifest);
  if (!annotations.empty()) entry.insert(entry.size() - 1, R"(,"annotations":)" + annotations);
  return TarMaker()
      .File("oci-layout", R"({"imageLayoutVersion":"1.0.0"})")
      .File("index.json", R"({"schemaVersion":2,"manifests":[)" + entry + "]}")
      .File("./" + BlobName(image.manifest), image.manifest)
      .File(BlobName(image.config), image.config)
      .File(BlobName(image.layer), image.layer);
}

}  // namespace landwaiter::image
