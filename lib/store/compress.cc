#include "lib/store/compress.h"

#include <zstd.h>

#include <memory>

namespace landwaiter::store {
namespace {
constexpr int kLevel = 3;
}  // namespace

Result<std::string> Compress(std::string_view text, std::size_t max_bytes) {
  if (text.size() > max_bytes) {
    return ResourceExhausted("document of " + std::to_string(text.size()) +
                             " bytes is larger than " + std::to_string(max_bytes));
  }
  const std::unique_ptr<ZSTD_CCtx, decltype(&ZSTD_freeCCtx)> context(ZSTD_createCCtx(),
                                                                     &ZSTD_freeCCtx);
  if (!context) return ResourceExhausted("document cannot be compressed: out of memory");
  ZSTD_CCtx_setParameter(context.get(), ZSTD_c_compressionLevel, kLevel);
  ZSTD_CCtx_setParameter(context.get(), ZSTD_c_checksumFlag, 1);
  std::string out(ZSTD_compressBound(text.size()), '\0');
  const std::size_t size =
      ZSTD_compress2(context.get(), out.data(), out.size(), text.data(), text.size());
  if (ZSTD_isError(size) != 0) {
    return Internal(std::string("document cannot be compressed: ") + ZSTD_getErrorName(size));
  }
  out.resize(size);
  return out;
}

Result<std::string> Decompress(std::string_view blob, std::size_t max_bytes) {
  const auto size = ZSTD_getFrameContentSize(blob.data(), blob.size());
  if (size == ZSTD_CONTENTSIZE_ERROR || size == ZSTD_CONTENTSIZE_UNKNOWN) {
    return DataLoss("document is no zstd frame with a size");
  }
  if (size > max_bytes) {
    return ResourceExhausted("document says " + std::to_string(size) + " bytes, more than " +
                             std::to_string(max_bytes));
  }
  std::string out(size, '\0');
  const std::size_t got = ZSTD_decompress(out.data(), out.size(), blob.data(), blob.size());
  if (ZSTD_isError(got) != 0 || got != size) {
    return DataLoss(std::string("document cannot be inflated: ") +
                    (ZSTD_isError(got) != 0 ? ZSTD_getErrorName(got) : "wrong size"));
  }
  return out;
}

Result<std::string> CompressInventory(const Digest& digest, const InventoryRecord& inventory,
                                      const std::vector<PackageKey>& packages) {
  if (packages.size() > kMaxIndexedPackages) {
    return ResourceExhausted("store: " + digest.ToString() + " has " +
                             std::to_string(packages.size()) + " packages, more than " +
                             std::to_string(kMaxIndexedPackages));
  }
  auto blob = Compress(inventory.document, kMaxDocumentBytes);
  if (!blob) return std::move(blob).error().Context("store: inventory of " + digest.ToString());
  return blob;
}

}  // namespace landwaiter::store
