# Warnings, hardening and sanitizers for every target, through one interface target.
find_package(Threads REQUIRED)
find_package(OpenSSL 3.0 REQUIRED)
find_package(CURL REQUIRED)
find_package(SQLite3 REQUIRED)
find_package(LibArchive REQUIRED)
find_package(EXPAT REQUIRED)
find_package(spdlog REQUIRED)
find_package(yaml-cpp REQUIRED)
find_package(simdjson REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(CLI11 REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(ISAL REQUIRED IMPORTED_TARGET libisal)
# Linked statically: layers are read through what zstd.h keeps for programs that do (scanner/layer/zstd.h).
find_library(ZSTD_ARCHIVE libzstd.a REQUIRED)
add_library(landwaiter_zstd INTERFACE)
target_link_libraries(landwaiter_zstd INTERFACE ${ZSTD_ARCHIVE})
target_link_options(landwaiter_zstd INTERFACE -Wl,--exclude-libs,libzstd.a)
pkg_check_modules(LMDB REQUIRED IMPORTED_TARGET lmdb)
pkg_check_modules(PQ REQUIRED IMPORTED_TARGET libpq)
find_library(RE2 re2 REQUIRED)
pkg_check_modules(SECCOMP REQUIRED IMPORTED_TARGET libseccomp)

add_library(landwaiter_flags INTERFACE)
target_include_directories(landwaiter_flags INTERFACE ${CMAKE_SOURCE_DIR})
target_compile_definitions(landwaiter_flags INTERFACE LANDWAITER_VERSION="${PROJECT_VERSION}")
target_compile_options(landwaiter_flags INTERFACE
  -Wall -Wextra -Wnon-virtual-dtor -Woverloaded-virtual -Werror=unused-result
  -Werror=return-type -Werror=switch -fstack-protector-strong -fno-plt
  # GCC 12 sees overlaps in std::string operator+ that are not there (GCC bug 105651).
  $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict>)
if(LANDWAITER_SANITIZE)
  target_compile_options(landwaiter_flags INTERFACE
    -fsanitize=${LANDWAITER_SANITIZE} -fno-omit-frame-pointer -g1 -O1)
  if(LANDWAITER_SANITIZE MATCHES undefined)
    # A check at each access of a member doubles the time to compile (25 s against 12 s for a file
    # that reads JSON); AddressSanitizer beside it finds the same bad pointers.
    target_compile_options(landwaiter_flags INTERFACE
      -fno-sanitize=null,alignment,object-size,vptr)
  endif()
  target_link_options(landwaiter_flags INTERFACE -fsanitize=${LANDWAITER_SANITIZE})
else()
  target_compile_definitions(landwaiter_flags INTERFACE
    $<$<CONFIG:Release>:_FORTIFY_SOURCE=2> _GLIBCXX_ASSERTIONS)
  target_link_options(landwaiter_flags INTERFACE -Wl,-z,relro,-z,now)
endif()
