#!/bin/bash
# Format, tidy, include direction, pitfalls, fuzz targets, features. Prints each fault; exits 1 where there is one.
set -euo pipefail
cd "$(dirname "$0")/../.."
status=0
mapfile -t sources < <(git ls-files '*.cc' '*.h' '*.cpp')

python3 scripts/lint/include_direction.py || status=1
python3 scripts/lint/pitfalls.py || status=1
python3 scripts/lint/fuzz_targets.py || status=1
python3 scripts/lint/features.py || status=1

echo "clang-format over ${#sources[@]} files"
clang-format --dry-run --Werror "${sources[@]}" || status=1

# clang-tidy reads the flags of the release build; those that only GCC knows are passed over.
mkdir -p build
cmake -G Ninja -S . -B build/release -DCMAKE_BUILD_TYPE=Release >build/cmake.log 2>&1 ||
  { cat build/cmake.log; exit 1; }
python3 scripts/lint/tidy.py build/release || status=1
exit $status
