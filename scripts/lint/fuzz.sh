#!/bin/bash
# Every fuzz target for so many seconds under ASan+UBSan, from the committed corpus.
set -euo pipefail
cd "$(dirname "$0")/../.."
seconds=${1:-60}
cmake -G Ninja -S . -B build/fuzz -DCMAKE_BUILD_TYPE=Release -DCMAKE_CXX_COMPILER=clang++ \
  -DLANDWAITER_FUZZ=ON -DLANDWAITER_TESTS=OFF -DLANDWAITER_SANITIZE=address,undefined,fuzzer-no-link \
  >build/fuzz.log 2>&1 || { cat build/fuzz.log; exit 1; }
ninja -C build/fuzz fuzz_targets
for target in build/fuzz/fuzz/*; do
  name=$(basename "$target")
  mkdir -p "build/fuzz/corpus/$name" "tests/fuzz/corpus/$name"
  echo "== $name: $seconds s"
  "$target" -max_total_time="$seconds" -print_final_stats=0 -verbosity=0 -rss_limit_mb=2048 \
    "build/fuzz/corpus/$name" "tests/fuzz/corpus/$name"
done
