#!/bin/bash
# ASan+UBSan over everything that reads hostile bytes and over lib/; TSan over the concurrent parts.
set -euo pipefail
cd "$(dirname "$0")/../.."

run() {  # folder, sanitizer, test names...
  local folder=$1 sanitizer=$2
  shift 2
  cmake -G Ninja -S . -B "$folder" -DCMAKE_BUILD_TYPE=Release -DLANDWAITER_SANITIZE="$sanitizer" -DLANDWAITER_UNITY=ON \
    >"$folder.log" 2>&1 || { cat "$folder.log"; exit 1; }
  ninja -C "$folder" "$@"
  for test in "$@"; do
    echo "== $sanitizer: $test"
    "$folder/tests/$test" --gtest_brief=1
  done
}

export ASAN_OPTIONS=detect_leaks=1:strict_string_checks=1
export UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1
export TSAN_OPTIONS=halt_on_error=1
mkdir -p build
run build/asan address,undefined lib_base_test lib_http_test lib_kube_test lib_store_test model_test \
  scanner_versions_test scanner_packages_test scanner_malware_test scanner_secrets_test scanner_image_test scanner_layer_test \
  scanner_advisories_test scanner_updates_test scanner_matching_test policy_test report_test resources_test \
  admission_test webhook_test controller_test doctor_test scanner_service_test cli_test
run build/tsan thread lib_http_test lib_kube_test lib_store_test scanner_image_test \
  scanner_layer_test scanner_service_test scanner_advisories_test scanner_updates_test webhook_test \
  controller_test
