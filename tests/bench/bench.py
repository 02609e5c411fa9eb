#!/usr/bin/env python3
"""`make bench`: ours beside the bare limit, in one run, as ratios.

1. scan: `landwaiter scan` of one image from a registry on loopback, beside the bare pipeline (receive,
   SHA-256, ISA-L inflate, SHA-256, headers of the tar) on the same bytes from the same registry. Wall, CPU, peak memory. Then
   with all layers cached, in the role too (cached.py), what looking for secrets costs, and for files that are not there
   (collected.py), the same image as one layer and as zstd (forms.py), and Syft and OSV-Scanner on the same image
   (LANDWAITER_BENCH_PEERS=no leaves them out).
2. webhook: p50, p99 and rate at 64 TLS connections for a known digest, beside a bare Beast TLS echo of
   the same body.
3. matching: matching.py. 4. extremes: extremes.py. 5. the database of all feeds: database.py.

Absolute figures are this machine's and this minute's; the ratios are what docs/bench.md quotes. The two
commands of a pair run in turn, and each pair gives one ratio; the median is printed.

The image: $LANDWAITER_BENCH_IMAGE (an OCI layout folder), else build/cache/bench-image, else the image
deb-old of the tests, which is smaller; which one it was is printed.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path[:0] = [os.path.join(ROOT, "tests", "cluster"), os.path.join(ROOT, "tests", "bench")]

import images  # noqa: E402  pylint: disable=wrong-import-position
from cached import bench_cached  # noqa: E402
from collected import bench_collected  # noqa: E402
from forms import other_forms  # noqa: E402
from peers.peers import bench_peers  # noqa: E402
from imagewriter import StoredImage  # noqa: E402
from registry import Registry  # noqa: E402

LANDWAITER = os.path.join(ROOT, "build", "landwaiter")
BENCH = os.path.join(ROOT, "build", "release", "bench")
RUNS = int(os.environ.get("LANDWAITER_BENCH_RUNS", "5"))


class MemoryWatch:
    """The highest sum of resident memory over a process and its descendants, sampled. `once` is the same with each
    page that they share counted once (Pss of proc(5)), as it was near that peak: to ask for it takes time."""

    def __init__(self, pid):
        self._pid, self._ended, self.peak, self.once = pid, threading.Event(), 0, 0
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self):
        while not self._ended.wait(0.01):
            now = _resident(self._pid)
            if now > 1.02 * self.peak:
                self.once = _proportional(self._pid)
            self.peak = max(self.peak, now)

    def stop(self):
        self._ended.set()
        self._thread.join()
        return self.peak, self.once


def _over_descendants(pid, of_one):
    total = 0
    try:
        total = of_one(pid)
        for task in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{task}/children", encoding="ascii") as f:
                total += sum(_over_descendants(int(child), of_one) for child in f.read().split())
    except (OSError, ValueError, IndexError):
        return total
    return total


def _resident(pid):
    def of_one(one):
        with open(f"/proc/{one}/statm", encoding="ascii") as f:
            return int(f.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    return _over_descendants(pid, of_one)


def _proportional(pid):
    def of_one(one):
        try:
            with open(f"/proc/{one}/smaps_rollup", encoding="ascii") as f:
                return sum(int(line.split()[1]) << 10 for line in f if line.startswith("Pss:"))
        except PermissionError:  # a sandboxed child shows it to root alone
            return float("nan")
    return _over_descendants(pid, of_one)


def measure(command, accepted=(0,), environment=None):
    """Wall seconds, CPU seconds of it and its children, peak resident bytes, those with shared pages counted once,
    standard output."""
    with tempfile.TemporaryFile() as out:
        started = time.perf_counter()
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.PIPE,
                                   env=environment)
        watch = MemoryWatch(process.pid)
        errors = process.stderr.read()
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        peak, once = watch.stop()
        if process.returncode not in accepted:
            raise SystemExit(f"{' '.join(command)}: exit {process.returncode}\n{errors.decode(errors='replace')}")
        out.seek(0)
        if process.returncode == 3 and not out.read(1):
            raise SystemExit(f"{' '.join(command)}: no report\n{errors.decode(errors='replace')}")
        out.seek(0)
        return {"wall": wall, "cpu": usage.ru_utime + usage.ru_stime, "peak": peak, "once": once,
                "out": out.read()}


def median_ratio(ours, theirs, key):
    return statistics.median(a[key] / b[key] for a, b in zip(ours, theirs))


def bench_image():
    for folder in (os.environ.get("LANDWAITER_BENCH_IMAGE"), os.path.join(ROOT, "build", "cache", "bench-image")):
        if folder and os.path.exists(os.path.join(folder, "oci-layout")) or folder and os.path.exists(os.path.join(folder, "index.json")):
            return StoredImage(folder), folder
    return images.stored("deb-old"), "deb-old (small; set LANDWAITER_BENCH_IMAGE for the 1.2 GB one)"


def _commands(registry, repository, database):
    """Ours, and the bare limit."""
    return ([LANDWAITER, "scan", f"{registry.host}/{repository}:latest", "--db", database, "--format", "json",
             "--layer-cache", "off"],
            [os.path.join(BENCH, "pipeline"), "--registry", f"http://{registry.host}", "--repository", repository,
             "--tag", "latest"])


def _bench_forms(workdir, registry, image, database):
    for what, repository, form in other_forms(image, workdir):
        registry.push(form, repository, "latest")
        ours_command, bare_command = _commands(registry, repository, database)
        measure(bare_command)
        rows = [(measure(bare_command), measure(ours_command, (0, 3))) for _ in range(RUNS)]
        _print_scans(what, sum(blob.size for blob in form.blobs().values()),
                     [("bare pipeline", [bare for bare, _ in rows]), ("landwaiter", [ours for _, ours in rows])])


def bench_scan(workdir):
    image, origin = bench_image()
    compressed = sum(blob.size for blob in image.blobs().values())
    database = os.path.join(workdir, "db")
    feed = os.path.join(ROOT, "feeds", "make-run")
    subprocess.run([LANDWAITER, "db", "build", "--feed", f"osv={feed}/osv", "--output", database], check=True,
                   stdout=subprocess.DEVNULL)
    with Registry(workdir) as registry:
        registry.push(image, "bench", "latest")
        ours_command, bare_command = _commands(registry, "bench", database)
        # 3: coverage says that the small feed does not cover everything in the image.
        measure(bare_command)
        measure(ours_command, (0, 3))
        cached_command = [*ours_command[:-1], os.path.join(workdir, "layers")]
        measure(cached_command, (0, 3))
        bare, ours, cached = [], [], []
        for _ in range(RUNS):
            bare.append(measure(bare_command))
            ours.append(measure(ours_command, (0, 3)))
            cached.append(measure(cached_command, (0, 3)))
        _print_scans(origin, compressed, [("bare pipeline", bare), ("landwaiter", ours), ("image cached", cached)])
        bench_cached(workdir, registry, image.digest)
        bench_collected(measure, ours_command, workdir, RUNS)
        _bench_forms(workdir, registry, image, database)
        if os.environ.get("LANDWAITER_BENCH_PEERS", "yes") != "no":
            bench_peers(measure, registry.host, image, workdir, ours)


def _print_scans(origin, compressed, named):
    """`named`: what it is and its measured runs, the bare limit first, ours next."""
    bare, ours = named[0][1], named[1][1]
    packages = sum(len(p["packages"]) for p in json.loads(ours[0]["out"])["platforms"])
    best = lambda rows, key: min(r[key] for r in rows)  # noqa: E731
    print(f"scan: {os.path.basename(origin)}, {compressed / 1e6:.0f} MB compressed, {packages} packages, {RUNS} pairs")
    print(f"  {'':14}{'wall s':>9}{'CPU s':>9}{'peak MB':>9}{'shared pages once':>19}")
    for name, rows in named:
        print(f"  {name:14}{best(rows, 'wall'):9.2f}{best(rows, 'cpu'):9.2f}{max(r['peak'] for r in rows) / 1e6:9.0f}"
              f"{max(r['once'] for r in rows) / 1e6:19.0f}")
    print(f"  ratio (median){median_ratio(ours, bare, 'wall'):9.2f}{median_ratio(ours, bare, 'cpu'):9.2f}   landwaiter to bare")


def main():
    if not os.path.exists(LANDWAITER):
        raise SystemExit("build/landwaiter is missing: make build")
    with tempfile.TemporaryDirectory(prefix="landwaiter-bench-") as workdir:
        bench_scan(workdir)
        from database import bench_database  # pylint: disable=import-outside-toplevel
        from extremes import bench_extremes  # pylint: disable=import-outside-toplevel
        from matching import bench_matching  # pylint: disable=import-outside-toplevel
        from webhook import bench_webhook  # pylint: disable=import-outside-toplevel
        bench_database(workdir, LANDWAITER, measure)
        bench_extremes(workdir, LANDWAITER, os.path.join(workdir, "db"), measure)
        bench_matching(workdir, LANDWAITER, BENCH)
        bench_webhook(workdir, LANDWAITER, BENCH)


if __name__ == "__main__":
    main()
