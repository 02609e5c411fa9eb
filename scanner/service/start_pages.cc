#include "scanner/service/start_pages.h"

#include <link.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>

namespace landwaiter::service {
namespace {

// A segment that may be written to may hold relocations, also where it is read-only by now.
int ForgetObject(dl_phdr_info* object, std::size_t /*size*/, void* /*unused*/) {
  const auto page = static_cast<std::uintptr_t>(sysconf(_SC_PAGESIZE));
  for (int i = 0; i < object->dlpi_phnum; ++i) {
    const ElfW(Phdr)& segment = object->dlpi_phdr[i];
    if (segment.p_type != PT_LOAD || (segment.p_flags & PF_W) != 0) continue;
    const std::uintptr_t start = (object->dlpi_addr + segment.p_vaddr) / page * page;
    const std::uintptr_t end = object->dlpi_addr + segment.p_vaddr + segment.p_memsz;
    // The kernel's own page of code refuses; it is of no process.
    void* address = reinterpret_cast<void*>(start);  // NOLINT(performance-no-int-to-ptr): ELF's
    (void)madvise(address, end - start, MADV_DONTNEED);
  }
  return 0;
}

}  // namespace

void ForgetStartPages() { dl_iterate_phdr(ForgetObject, nullptr); }

}  // namespace landwaiter::service
