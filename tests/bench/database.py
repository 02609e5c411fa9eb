"""The advisory database of all feeds of the collection ($LANDWAITER_TESTDATA, default ../shared/testdata): what it takes to
build it, and to open it: what `db status` of it takes longer than of one that holds three records."""
import json
import os
import statistics
import subprocess
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
TESTDATA = os.environ.get("LANDWAITER_TESTDATA", os.path.join(ROOT, "..", "shared", "testdata"))
FEEDS = [
    ("osv", "osv/Go/all.zip"), ("osv", "osv/PyPI/all.zip"), ("osv", "osv/crates.io/all.zip"),
    ("osv", "osv/AlmaLinux/advisories.tar.zst"), ("osv", "osv/Bitnami/data.tar.zst"),
    ("osv", "debian/debian12-osv-all.zip"), ("debian", "debian/debian-tracker-bookworm.json"), ("alpine", "alpine/v3.9"),
    ("alpine", "alpine/v3.10"), ("alpine", "alpine/v3.11"), ("kev", "kev/known_exploited_vulnerabilities.json"),
    ("endoflife", "endoflife/release-data.tar.zst")]
OPENED = 21


def _build(measure, landwaiter, feeds, output):
    words = [word for kind, path in feeds for word in ("--feed", f"{kind}={path}")]
    return measure([landwaiter, "db", "build", *words, "--output", output])


def _opened(landwaiter, database):
    times = []
    for _ in range(OPENED):
        started = time.perf_counter()
        subprocess.run([landwaiter, "db", "status", database, "--format", "json"], check=True, stdout=subprocess.DEVNULL)
        times.append(time.perf_counter() - started)
    return statistics.median(times)


def bench_database(workdir, landwaiter, measure):
    feeds = os.path.join(TESTDATA, "feeds")
    if not os.path.isdir(feeds):
        print("database: left out, the collection of test data is not here (LANDWAITER_TESTDATA)")
        return
    one = os.path.join(workdir, "one.json")
    with open(one, "w", encoding="utf-8") as f:
        json.dump({"id": "GO-2024-0001", "modified": "2026-01-01T00:00:00Z", "affected": [
            {"package": {"ecosystem": "Go", "name": "example.org/a"},
             "ranges": [{"type": "SEMVER", "events": [{"introduced": "0"}]}]}]}, f)
    small, large = os.path.join(workdir, "db-small"), os.path.join(workdir, "db-all")
    _build(measure, landwaiter, [("osv", one)], small)
    built = _build(measure, landwaiter, [(kind, os.path.join(feeds, path)) for kind, path in FEEDS], large)
    size = sum(os.path.getsize(os.path.join(large, name)) for name in os.listdir(large))
    base, opened = _opened(landwaiter, small), _opened(landwaiter, large)
    print(f"database: of {len(FEEDS)} feeds, {size / 1e6:.0f} MB: built in {built['wall']:.1f} s, {built['cpu']:.1f} CPU s, "
          f"at most {built['peak'] / 1e6:.0f} MB (aim 1000)")
    print(f"  opened: db status {1e3 * opened:.1f} ms, of one with one record {1e3 * base:.1f} ms: "
          f"{1e3 * (opened - base):.1f} ms for the opening (aim 20)")
