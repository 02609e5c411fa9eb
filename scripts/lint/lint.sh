#!/bin/bash
# Format, tidy, include direction. Prints each fault; exits 1 where there is one.
set -euo pipefail
cd "$(dirname "$0")/../.."
status=0
mapfile -t sources < <(git ls-files '*.cc' '*.h' '*.cpp')

python3 scripts/lint/include_direction.py || status=1

echo "clang-format over ${#sources[@]} files"
clang-format --dry-run --Werror "${sources[@]}" || status=1

# clang-tidy reads the flags of a build folder; it is configured without ccache and GCC-only flags.
cmake -G Ninja -S . -B build/tidy -DCMAKE_BUILD_TYPE=Release -DCMAKE_CXX_COMPILER=clang++ \
  -DLANDWAITER_TESTS=OFF >build/tidy.log 2>&1 || { cat build/tidy.log; exit 1; }
mapfile -t units < <(git ls-files '*.cc' '*.cpp' | grep -v '^tests/')
echo "clang-tidy over ${#units[@]} files"
printf '%s\n' "${units[@]}" | xargs -P "$(nproc)" -n 4 clang-tidy --quiet -p build/tidy 2>build/tidy.err || {
  status=1
  grep -E 'error:' build/tidy.err || true
}
exit $status
