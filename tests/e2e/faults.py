"""What the tests of faults do to the servers, and what they watch meanwhile.

Whatever is broken is mended when its block ends, however it ends: the servers are those of every other test.
LANDWAITER_TEST_FAULTS=full makes outages as long as docs/ha.md promises to outlive; otherwise they are as long as it
takes to see what happens.
"""

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

from making import BAD, CRITICAL, debian_image
from objects import pod
from odd_registry import Answer
from system import condition


FULL = os.environ.get("LANDWAITER_TEST_FAULTS") == "full"


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
def apiserver_hanging(cluster):
    """It takes connections and answers nothing."""
    try:
        with paused(cluster.process("kube-apiserver")):
            yield
    finally:
        wait_apiserver(cluster)


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

class Known:
    """An image that passes and one that fails, known to the webhook; `check` asks the webhook about them, as
    another API server would."""

    def __init__(self, system, namespace):
        self.system, self.namespace = system, namespace
        self.good, self.bad, self.unknown = system.push(), system.push(packages=BAD), system.push()
        self.asked = 0
        self.wait()

    def wait(self):
        """Until they are known: scanned, and their tags resolved by the webhook that runs now."""
        self.system.cluster.wait_until(lambda: not self._wrong(), 90, "the images are known")

    def ask(self, image):
        self.asked += 1
        answer = self.system.review(self.system.roles.webhooks[0], pod("asked", image, self.namespace))
        return answer["allowed"], answer.get("status", {}).get("message", "")

    def _wrong(self):
        """The answers that known images must not get."""
        answers = [(image is self.good, *self.ask(reference)) for image in (self.good, self.bad)
                   for reference in (image.pinned, image.tagged)]
        return [a for a in answers if a[0] != a[1] or not (a[1] or CRITICAL in a[2])]

    def check(self):
        assert self._wrong() == []


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


def works(system, namespace, name, seconds=90):
    """A new bad image is denied for its finding, a new good one admitted, asked for as an owner asks: again."""
    bad, good = system.push(packages=BAD), system.push()
    system.cluster.wait_until(lambda: CRITICAL in system.create(pod(f"{name}-bad", bad.tagged, namespace)).stderr, seconds,
                              "a new bad image is denied for its finding")
    system.cluster.wait_until(lambda: system.create(pod(f"{name}-good", good.tagged, namespace)).returncode == 0, seconds,
                              "a new good image is admitted")


def until_told(system, scan, reason, *words, seconds=60):
    """Waits until the failure of a scan is told, with this reason and these words: by its condition (of this
    try or the last), or by an Event, where the next try has begun already. Returns the text."""
    def told():
        ready = condition(system.scan(scan), "Ready")
        texts = [f"{ready['reason']}: {ready['message']}"] + [
            f"{e['reason']}: {e['message']}" for e in system.cluster.items("/api/v1/namespaces/default/events")
            if e["involvedObject"]["name"] == scan]
        return next((t for t in texts if reason in t and all(w in t for w in words)), None)
    try:
        return system.cluster.wait_until(told, seconds, f"{reason} of {scan} is told with {words}")
    except AssertionError as error:
        raise AssertionError(f"{error}; it says {condition(system.scan(scan), 'Ready')}") from None


class IllImage:
    """An image in the odd registry, and the path of its layer, whose answer a test changes."""

    def __init__(self, system, odd_registry, namespace, name, packages=None):
        self.system, self.registry, self.namespace, self.name = system, odd_registry, namespace, name
        self.repository = f"{name}/{namespace}"
        self.image = debian_image(packages)
        self.reference = odd_registry.serve(self.image, self.repository)
        self.layer = self.image.layers[0].blob.digest
        self.path = f"/v2/{self.repository}/blobs/{self.layer}"
        self.good = odd_registry.answers[self.path]
        self.scan = self.image.digest.replace(":", "-")

    def answer(self, answer):
        self.registry.answers[self.path] = answer

    def held(self):
        """It is not answered until the event that is returned is set."""
        release = threading.Event()
        self.answer(Answer(200, self.good.body, hold=release))
        return release

    def create(self):
        return self.system.create(pod(self.name, self.reference, self.namespace))

    def denied(self):
        """The pod is denied, for no finding; the text."""
        done = self.create()
        assert done.returncode != 0 and self.repository in done.stderr and CRITICAL not in done.stderr, done.stderr
        assert (self.system.scan(self.scan) or {}).get("status", {}).get("verdict") not in ("Pass", "Fail")
        return done.stderr

    def told(self, reason, *words):
        """The failed scan's message has these words."""
        return until_told(self.system, self.scan, reason, self.layer, *words)

    def wait_denied_for_its_finding(self):
        self.system.cluster.wait_until(lambda: CRITICAL in self.create().stderr, 120, "it is denied for its finding")

    def wait_asked(self):
        self.system.cluster.wait_until(lambda: self.registry.asked(self.path), 60, "its layer is being pulled")


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
