"""What the tests of faults do to the servers, and what they watch meanwhile."""

import contextlib
import datetime
import glob
import json
import os
import signal
import sqlite3
import subprocess
import threading
import time

import pytest

from making import CRITICAL
from objects import pod


# --- servers that go away

@contextlib.contextmanager
def paused(process):
    """Stopped where it stands, as on a machine that swaps or sleeps: its sockets stay open."""
    process.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        process.send_signal(signal.SIGCONT)


@contextlib.contextmanager
def etcd_killed(cluster):
    """The API server runs on and has nothing to read from."""
    etcd = cluster.process("etcd")
    etcd.kill()
    try:
        yield
    finally:
        etcd.start()
        wait_apiserver(cluster)


def wait_apiserver(cluster):
    cluster.wait_until(lambda: cluster.api("GET", "/readyz", timeout=5)[0] == 200, 120, "the API server is ready again")


def children_of(pid):
    """Processes that this one has started and not yet buried."""
    found = []
    for stat in glob.glob("/proc/[0-9]*/stat"):
        try:
            with open(stat, encoding="ascii", errors="replace") as f:
                fields = f.read().rsplit(")", 1)[1].split()
        except OSError:
            continue  # it has ended
        if int(fields[1]) == pid and fields[0] != "Z":
            found.append(int(stat.split("/")[2]))
    return found


# --- disks and clocks

@contextlib.contextmanager
def small_disk(folder, size):
    """A file system of so many bytes in a folder that is made."""
    os.makedirs(folder, mode=0o700)
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size},mode=0700", "tmpfs", folder],
                             capture_output=True, text=True, check=False)
    if mounted.returncode != 0:
        pytest.skip(f"a file system of a given size cannot be mounted here: {mounted.stderr.strip()}")
    try:
        yield str(folder)
    finally:
        # Whoever has a file open in it must not keep it mounted.
        subprocess.run(["umount", "-l", folder], check=True)


def fill(folder):
    """Takes all room of a file system; the file to remove."""
    path = os.path.join(folder, "filler")
    with open(path, "wb", buffering=0) as f:
        for size in (1 << 16, 1 << 12, 1):
            with contextlib.suppress(OSError):
                while True:
                    f.write(b"\0" * size)
    return path


class FakeClock:
    """CLOCK_REALTIME of the processes that are started with `env`, moved while they run; their steady
    clock stays. Children get an empty environment, and so the true time."""

    def __init__(self, folder):
        found = glob.glob("/usr/lib/*/faketime/libfaketimeMT.so.1")
        if not found:
            pytest.skip("libfaketime is not installed")
        self._file = os.path.join(folder, "offset")
        self.jump("+0")
        self.env = {"LD_PRELOAD": found[0], "FAKETIME_TIMESTAMP_FILE": self._file, "FAKETIME_NO_CACHE": "1",
                    "FAKETIME_DONT_FAKE_MONOTONIC": "1"}

    def jump(self, offset):
        """As faketime writes it: "+1h", "-90d", from the true time."""
        with open(self._file + ".new", "w", encoding="ascii") as f:
            f.write(offset)
        os.replace(self._file + ".new", self._file)


# --- what is watched

class KnownImages:
    """Makes pods of images that are known, through the API server, until it is stopped: one that passes must
    be admitted each time, one that fails denied for its finding. Whatever else happens is kept."""

    def __init__(self, system, namespace, good, bad, pause=0.1):
        self.system, self.namespace, self.pause = system, namespace, pause
        self.images = [(good.pinned, True), (good.tagged, True), (bad.pinned, False), (bad.tagged, False)]
        self.answers, self.failures = {True: 0, False: 0}, []
        self.slowest = 0.0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        self._thread.join()

    def _run(self):
        number = 0
        while not self._stop.wait(self.pause):
            image, allowed = self.images[number % len(self.images)]
            number += 1
            started = time.monotonic()
            status, answer = self.system.cluster.api(
                "POST", f"/api/v1/namespaces/{self.namespace}/pods", pod(f"known-{number}", image, self.namespace))
            self.slowest = max(self.slowest, time.monotonic() - started)
            right = status == 201 if allowed else status == 403 and CRITICAL in str(answer)
            if right:
                self.answers[allowed] += 1
            else:
                self.failures.append(f"{time.strftime('%X')} {image}: {status} {answer}")

    def check(self, at_least=10):
        assert self.failures == []
        assert min(self.answers.values()) >= at_least, self.answers


class Writes:
    """What a controller asked the API server to write, by the audit log as it is now."""

    def __init__(self, system, role):
        self.all = []  # (when it was received, verb, URI, code)
        with open(system.cluster.audit_log, encoding="utf-8") as f:
            for line in f:
                if role.credential not in line or not line.endswith("\n"):
                    continue
                event = json.loads(line)
                if event["verb"] in ("create", "update", "patch", "delete"):
                    self.all.append((_when(event["requestReceivedTimestamp"]), event["verb"], event["requestURI"],
                                     event["responseStatus"]["code"]))

    def renewals(self):
        """When the Lease was taken or renewed."""
        return [at for at, _, uri, code in self.all if "/leases/" in uri and code == 200]


def _when(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


def stored(controller):
    """The digests in a controller's store. The file is read beside the process, and must be sound."""
    folder = controller.process.argv[controller.process.argv.index("--data") + 1]
    assert [f for f in os.listdir(folder) if "corrupt" in f] == []
    database = sqlite3.connect(f"file:{folder}/landwaiter.db?mode=ro", uri=True, timeout=30)
    try:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        return {row[0] for row in database.execute("SELECT digest FROM image")}
    finally:
        database.close()


def figure(text):
    """A measured figure, for docs/ha.md; pytest -rP (or -s) shows it."""
    print(f"figure: {text}")
