"""Faults of the machine that the roles run on: disks that are full, a clock that jumps, certificates that end."""

import contextlib
import datetime
import io
import os
import shutil
import signal
import subprocess
import time
import zipfile

import pytest

import faults
from making import BAD, CRITICAL
from objects import JUDGE_RUNNING, NO_CRITICAL, image_scan, pod, policy
from roles import landwaiter
from system import condition

LIFE = 90 * 86400  # seconds that certificates of `landwaiter certs` live


def _machine(namespace, action="Fail"):
    return policy(f"machine-{namespace}", {**NO_CRITICAL, "action": action}, namespace=namespace, waitSeconds=8, **JUDGE_RUNNING)


@pytest.fixture
def guarded(system, namespace):
    system.enforce(namespace, _machine(namespace))
    return namespace


@pytest.fixture
def known(system, guarded):
    return faults.Known(system, guarded)


# --- disks

def test_the_stores_disk_is_full(system, known, tmp_path):
    """Known images are judged on, by changed policies too; what is new waits with the reason, and is scanned
    once there is room. A controller that is started on the full disk says what is full."""
    controller, namespace = system.roles.controllers[0], known.namespace
    store = controller.process.argv[controller.process.argv.index("--data") + 1]
    with faults.small_disk(tmp_path / "store", "64m") as disk:
        controller.stop()
        shutil.copytree(store, disk, dirs_exist_ok=True)
        with controller.started_with({"--data": disk}):
            system.cluster.wait_until(system.roles.leader, 60, "it leads")
            filler = faults.fill(disk)
            new = system.push(packages=BAD)
            done = system.create(pod("new", new.tagged, namespace))
            assert done.returncode != 0 and new.repository in done.stderr and CRITICAL not in done.stderr
            message = condition(system.wait_scan(new.scan_name, ready="False", reason="StoreFull"), "Ready")["message"]
            assert disk in message and "the disk is full: make room" in message
            assert system.scan(new.scan_name)["status"].get("verdict") not in ("Pass", "Fail")
            system.cluster.wait_until(lambda: "StoreFull" in system.create(pod("new", new.tagged, namespace)).stderr, 90,
                                      "who asks is told, too")
            _known_are_judged_on(system, known)
            os.unlink(filler)
            system.cluster.wait_until(lambda: CRITICAL in system.create(pod("new", new.tagged, namespace)).stderr, 90,
                                      "there is room again, and the new image is denied for its finding")
    faults.works(system, namespace, "after")


def _known_are_judged_on(system, known):
    namespace = known.namespace
    assert CRITICAL in system.create(pod("bad", known.bad.tagged, namespace)).stderr
    system.enforce(namespace, _machine(namespace, "Warn"))
    done = system.cluster.wait_until(lambda: (d := system.create(pod("warned", known.bad.tagged, namespace))).returncode == 0
                                     and d, 60, "a changed policy is judged")
    assert CRITICAL in done.stderr
    system.enforce(namespace, _machine(namespace))
    system.cluster.wait_until(lambda: CRITICAL in system.create(pod("bad", known.bad.tagged, namespace)).stderr, 60,
                              "and judged back")


def test_a_controller_started_on_a_full_disk_says_so_and_known_images_are_answered(system, known, tmp_path):
    controller = system.roles.controllers[0]
    with faults.small_disk(tmp_path / "store", "16m") as disk:
        filler = faults.fill(disk)
        with controller.started_with({"--data": disk}, wait=False):
            system.cluster.wait_until(lambda: not controller.process.is_running(), 60, "it ends")
            said = controller.process.log_tail(3)
            assert disk in said and "full" in said, said
            assert CRITICAL in system.create(pod("bad", known.bad.tagged, known.namespace)).stderr
            assert system.create(pod("good", known.good.tagged, known.namespace)).returncode == 0
            os.unlink(filler)
            controller.restart()  # as Kubernetes does
            faults.works(system, known.namespace, "room")


def _jar(size):
    """An archive that is looked into, of so many bytes that do not shrink."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as z:
        z.writestr("META-INF/MANIFEST.MF", "Manifest-Version: 1.0\n")
        z.writestr("noise", os.urandom(size))
    return archive.getvalue()


def test_the_scanners_disk_is_full(system, guarded, tmp_path):
    """What must be spooled to be read fails its scan, and is no archive without findings; images that need no
    room are scanned, though it was started without room for its layer cache."""
    scanner = system.roles.scanners[0]
    with faults.small_disk(tmp_path / "disk", "4m") as disk:
        os.mkdir(f"{disk}/layers", 0o700)
        filler = faults.fill(disk)
        with scanner.started_with({"--scratch": disk, "--layer-cache": f"{disk}/layers"}):
            small, large = system.push(packages=BAD), system.push(packages=BAD, files={"app/x.jar": _jar(1 << 20)})
            system.cluster.wait_until(lambda: CRITICAL in system.create(pod("small", small.tagged, guarded)).stderr, 90,
                                      "what needs no room is denied for its finding")
            done = system.create(pod("large", large.tagged, guarded))
            assert done.returncode != 0 and large.repository in done.stderr and CRITICAL not in done.stderr
            faults.until_told(system, large.scan_name, "ScannerFailed", "No space left on device",
                        large.image.layers[0].blob.digest)
            assert scanner.get("/readyz")[0] == 200
            assert "no layer cache" in scanner.process.log(), "it started without"
            os.unlink(filler)
            system.cluster.wait_until(lambda: CRITICAL in system.create(pod("large", large.tagged, guarded)).stderr, 90,
                                      "there is room again, and the image is denied for its finding")


# --- the clock

def test_the_clock_jumps_an_hour_and_back(system, known, tmp_path):
    """Forward for webhook and controller, then back, which is an hour into the past: known images are answered,
    new ones scanned, the leader keeps its Lease, and nothing waits for the clock to come round again."""
    clock = faults.FakeClock(tmp_path)
    controller, webhook = system.roles.controllers[0], system.roles.webhooks[0]
    with controller.started_with(env=clock.env), webhook.started_with(env=clock.env):
        system.cluster.wait_until(system.roles.leader, 60, "it leads")
        known.wait()
        for offset, name in (("+1h", "ahead"), ("+0", "back")):
            clock.jump(offset)
            for _ in range(10):
                known.check()
            faults.works(system, known.namespace, name)
            _judges_anew(system, known, name)
            system.cluster.wait_until(system.roles.leader, 60, "it leads")
        ahead = [line for line in controller.process.log().splitlines() if _time(line) > time.time() + 1800]
        assert any('"message":"scan finished"' in line for line in ahead), "the controller's clock did jump"


def _time(line):
    """Of a line of a role's log, in Unix time; 0 where it has none."""
    text = line.partition('"time":"')[2].partition('"')[0].replace("Z", "+00:00")
    return datetime.datetime.fromisoformat(text).timestamp() if text else 0


def _judges_anew(system, known, name):
    """A changed policy is judged, there and back."""
    namespace = known.namespace
    for action, words in (("Warn", "created"), ("Fail", "denied the request")):
        system.enforce(namespace, _machine(namespace, action))

        def answered(action=action, words=words):
            done = system.create(pod(f"judged-{name}-{action.lower()}", known.bad.tagged, namespace))
            return words in done.stdout + done.stderr
        system.cluster.wait_until(answered, 60, f"{action} is in force")


# --- memory

# Admission pitfalls 82, 94.
def test_a_scan_that_is_killed_as_for_want_of_memory_says_so_and_is_made_again(system, guarded, odd_registry):
    """By SIGKILL, as the kernel does it: the scan's process dies, the scanner lives."""
    scanner, ill = system.roles.scanners[0], faults.IllImage(system, odd_registry, guarded, "oom", BAD)
    release = ill.held()
    try:
        system.cluster.apply(image_scan(f"oom-{guarded}", ill.reference))
        ill.wait_asked()
        victims = system.cluster.wait_until(lambda: faults.children_of(scanner.process.pid), 60, "the scan has a process")
        for victim in victims:
            with contextlib.suppress(ProcessLookupError):  # it ended with the one before
                os.kill(victim, signal.SIGKILL)
        release.set()  # what is sent now finds nobody
        faults.until_told(system, ill.scan, "ScannerFailed", "SIGKILL (the system was out of memory, or somebody killed it)")
        assert system.scan(ill.scan)["status"].get("verdict") not in ("Pass", "Fail")
    finally:
        release.set()
    assert system.wait_scan(ill.scan, seconds=120)["status"]["vulnerabilities"]["critical"] == 1, "made again by itself"
    assert scanner.process.is_running() and scanner.get("/readyz")[0] == 200
    ill.wait_denied_for_its_finding()


# --- certificates

@pytest.fixture
def expired(system, tmp_path):
    """Starts a role anew with a certificate that has ended, so that nobody has a connection from before. At the end
    the sound one is back, and served: other tests need it."""
    given = []

    def give(role, name):
        folder = os.path.join(system.roles.certificates, name)
        made, kept = tmp_path / f"{name}-ended", tmp_path / f"{name}-kept"
        for file in ("ca.crt", "ca.key"):
            shutil.copy(os.path.join(system.roles.certificates, file), _made(made))
        clock = faults.FakeClock(tmp_path)
        clock.jump(f"-{LIFE + 60}s")
        subprocess.run([landwaiter(), "certs", "--output", made], env={**os.environ, **clock.env}, check=True,
                       capture_output=True)
        shutil.copytree(folder, kept)
        given.append((role, folder, kept))
        _put(made / name, folder)
        role.restart()
        return lambda: _put(kept, folder)
    yield give
    for role, folder, kept in given:
        _put(kept, folder)
        role.restart()


def _made(folder):
    os.makedirs(folder, mode=0o700, exist_ok=True)
    return folder


def _put(source, folder):
    """Each file replaced whole, the key first, as `landwaiter certs` does."""
    for name in ("tls.key", "tls.crt"):
        shutil.copy(os.path.join(source, name), os.path.join(folder, f"{name}.new"))
        os.replace(os.path.join(folder, f"{name}.new"), os.path.join(folder, name))


def test_the_webhooks_certificate_ends(system, known, expired):
    """Users are told which webhook and that its certificate has expired; a new one is served without a restart."""
    renew = expired(system.roles.webhooks[0], "webhook")
    told = system.cluster.wait_until(
        lambda: "expired" in (d := system.create(pod("late", known.good.tagged, known.namespace), dry_run=True)).stderr and d, 60,
        "the API server refuses the certificate")
    assert "pods.landwaiter.io" in told.stderr and "certificate has expired or is not yet valid" in told.stderr
    renew()
    started = time.monotonic()
    system.cluster.wait_until(
        lambda: system.create(pod("renewed", known.good.tagged, known.namespace)).returncode == 0, 90, "the new one is served")
    faults.figure(f"webhook's certificate expired: served anew {time.monotonic() - started:.1f} s after the new one was there")
    system.cluster.wait_until(lambda: CRITICAL in system.create(pod("bad", known.bad.tagged, known.namespace)).stderr, 60,
                              "and judges")


def test_certificates_between_the_roles_end(system, known, expired):
    """Known images are answered. A new one is denied with the reason, and judged when there are new certificates,
    without a restart."""
    controller, webhook, scanner = system.roles.controllers[0], system.roles.webhooks[0], system.roles.scanners[0]
    renewals = [expired(scanner, "scanner"), expired(controller, "controller")]
    begun = len(webhook.process.log())
    new, asked = system.push(packages=BAD), system.push(packages=BAD)
    done = system.cluster.wait_until(
        lambda: "the controller cannot be reached" in (d := system.create(pod("new", new.tagged, known.namespace))).stderr and d,
        60, "the webhook refuses the controller's certificate")
    assert done.returncode != 0 and CRITICAL not in done.stderr and new.repository in done.stderr
    assert "certificate has expired" in webhook.process.log()[begun:]
    system.cluster.apply(image_scan(f"ask-{known.namespace}", asked.pinned))

    def why():
        return condition(system.scan(asked.scan_name), "Ready")["message"] or ""
    told = system.cluster.wait_until(lambda: "expired" in (w := why()) and w, 60, "the scan that waits says why")
    assert scanner.url in told and "tried again by itself" in told
    known.check()
    for renew in renewals:
        renew()
    system.cluster.wait_until(lambda: CRITICAL in system.create(pod("new", new.tagged, known.namespace)).stderr, 120,
                              "it is denied for its finding")
    assert system.wait_scan(asked.scan_name, seconds=120)["status"]["verdict"] == "Fail"
