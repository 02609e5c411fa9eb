// Programs of Windows and macOS seen as elf.h sees ELF ones: pieces of the file with addresses.
// PE: Microsoft's "PE Format". Mach-O: <mach-o/loader.h>, 64 bits. Every number is taken for a
// lie, as there. Inside this room only. Not handled: universal ("fat") Mach-O files.
#pragma once

#include <string_view>

#include "scanner/packages/elf.h"

namespace landwaiter::packages {

bool IsPeProgram(std::string_view head);
bool IsMachOProgram(std::string_view head);

/// ELF, PE or Mach-O by its first bytes. Errors: as ElfFile::Open.
Result<ElfFile> OpenProgram(RandomAccessFile& file);

}  // namespace landwaiter::packages
