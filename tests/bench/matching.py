"""Matching: one inventory of 500 packages beside the bare reading of its rows; many stored ones, reads included; and
what a new database costs that says otherwise of one package in a hundred."""
import json
import os
import subprocess
import zipfile

# The size of Debian's feed of one release: 4,000 source packages, some with hundreds of advisories.
PACKAGES = 4000
IMAGES = int(os.environ.get("LANDWAITER_BENCH_IMAGES", "10000"))


def _records(package):
    return 300 if package % 200 == 0 else package % 12


# One in a hundred. An image has each eighth package of all (matching_bench.cc): these are of the same eighth.
CHANGED = [package for package in range(0, PACKAGES, 8) if _records(package) > 0][:PACKAGES // 100]


def _holds_changed(image):
    return any((image * 37 - package) % 8 == 0 for package in CHANGED)


def _record(number, package, minor):
    # One in twenty is not fixed yet.
    fixed = [] if number % 20 == 0 else [{"fixed": f"{number % 6}.{minor}-1"}]
    return {
        "id": f"DEBIAN-CVE-2024-{number:05d}", "modified": "2026-01-01T00:00:00Z", "upstream": [f"CVE-2024-{number:05d}"],
        "summary": "made for the bench", "severity": [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N"}],
        "affected": [{"package": {"ecosystem": "Debian:12", "name": f"pkg-{package}", "purl": f"pkg:deb/debian/pkg-{package}"},
                      "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, *fixed]}],
                      "ecosystem_specific": {"urgency": "not yet assigned"}}]}


def _database(workdir, landwaiter, name, changed):
    """Its folder and the number of its advisories."""
    number = 0
    feed, database = os.path.join(workdir, name + ".zip"), os.path.join(workdir, name)
    with zipfile.ZipFile(feed, "w", zipfile.ZIP_STORED) as archive:
        for package in range(PACKAGES):
            for _ in range(_records(package)):
                number += 1
                archive.writestr(f"{number}.json", json.dumps(_record(number, package, 1 if package in changed else 0)))
    subprocess.run([landwaiter, "db", "build", "--feed", f"osv={feed}", "--output", database], check=True,
                   stdout=subprocess.DEVNULL)
    return database, number


def bench_matching(workdir, landwaiter, bench):
    database, advisories = _database(workdir, landwaiter, "matching-db", [])
    following, _ = _database(workdir, landwaiter, "matching-next", set(CHANGED))
    store = os.path.join(workdir, "matching-store")
    os.mkdir(store)
    done = subprocess.run([os.path.join(bench, "matching_bench"), database, following, store, str(IMAGES)], check=True,
                          stdout=subprocess.PIPE)
    got = json.loads(done.stdout)
    print(f"matching: {got['packages']} packages, {got['rows']} rows of {advisories} advisories, {got['findings']} findings")
    print(f"  one inventory {got['match_ms']:.2f} CPU ms; its rows read bare {got['lookup_ms']:.2f} ms: "
          f"{got['match_ms'] / got['lookup_ms']:.2f} times")
    print(f"  {got['images']} stored inventories, two threads, reads included: {got['stored_s']:.2f} s "
          f"({1000 * got['stored_cpu_s'] / got['images']:.2f} CPU ms each)")
    holders = sum(_holds_changed(image) for image in range(IMAGES))
    refresh = got["refresh_cpu_s"] + got["compare_cpu_s"]
    print(f"  refresh that touches {100 * len(CHANGED) / PACKAGES:g} %: reads {got['refresh_reads']} of {got['images']} "
          f"inventories ({holders} hold what is touched),\n    {refresh:.2f} CPU s, {got['compare_cpu_s']:.2f} of them to "
          f"compare the databases; all {got['refresh_all_reads']}: {got['refresh_all_cpu_s']:.2f} CPU s, "
          f"ratio {refresh / got['refresh_all_cpu_s']:.2f}")
    if got["refresh_reads"] != holders:
        raise SystemExit("a refresh read other inventories than those that hold what is touched")
