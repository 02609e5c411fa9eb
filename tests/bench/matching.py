"""Matching: one inventory of 500 packages beside the bare reading of its rows, and many stored ones, reads included."""
import json
import os
import subprocess
import zipfile

# The size of Debian's feed of one release: 4,000 source packages, some with hundreds of advisories.
PACKAGES = 4000
IMAGES = int(os.environ.get("LANDWAITER_BENCH_IMAGES", "1000"))


def _record(number, package):
    # One in twenty is not fixed yet.
    fixed = [] if number % 20 == 0 else [{"fixed": f"{number % 6}.0-1"}]
    return {
        "id": f"DEBIAN-CVE-2024-{number:05d}", "modified": "2026-01-01T00:00:00Z", "upstream": [f"CVE-2024-{number:05d}"],
        "summary": "made for the bench", "severity": [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N"}],
        "affected": [{"package": {"ecosystem": "Debian:12", "name": f"pkg-{package}", "purl": f"pkg:deb/debian/pkg-{package}"},
                      "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, *fixed]}],
                      "ecosystem_specific": {"urgency": "not yet assigned"}}]}


def _feed(path):
    number = 0
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for package in range(PACKAGES):
            for _ in range(300 if package % 200 == 0 else package % 12):
                number += 1
                archive.writestr(f"{number}.json", json.dumps(_record(number, package)))
    return number


def bench_matching(workdir, landwaiter, bench):
    feed, database, store = (os.path.join(workdir, name) for name in ("matching.zip", "matching-db", "matching-store"))
    advisories = _feed(feed)
    os.mkdir(store)
    subprocess.run([landwaiter, "db", "build", "--feed", f"osv={feed}", "--output", database], check=True,
                   stdout=subprocess.DEVNULL)
    done = subprocess.run([os.path.join(bench, "matching_bench"), database, store, str(IMAGES)], check=True,
                          stdout=subprocess.PIPE)
    got = json.loads(done.stdout)
    print(f"matching: {got['packages']} packages, {got['rows']} rows of {advisories} advisories, {got['findings']} findings")
    print(f"  one inventory {got['match_ms']:.2f} CPU ms; its rows read bare {got['lookup_ms']:.2f} ms: "
          f"{got['match_ms'] / got['lookup_ms']:.2f} times")
    print(f"  {got['images']} stored inventories, two threads, reads included: {got['stored_s']:.2f} s "
          f"({1000 * got['stored_cpu_s'] / got['images']:.2f} CPU ms each)")
