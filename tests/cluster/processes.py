"""Child processes that never outlive the test run.

Each process is stopped by its own pid: TERM, a bounded wait, KILL. `setpriv --pdeathsig` makes the
kernel kill it when the thread that started it dies, whatever the reason, so start processes from
the main thread only: a helper thread that ends would take its children with it.
"""

import json
import os
import random
import signal
import socket
import subprocess
import time


class ProcessFailed(Exception):
    """A process ended, or did not get ready, when it should have been serving."""


def wait_until(condition, seconds, what, pause=0.05):
    """Polls `condition` until it returns something true, which is returned. AssertionError names
    `what` after `seconds`: a deadline for a state that must come, not a measurement."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds} s: {what}")
        time.sleep(pause)


_handed_out = set()

# pytest-xdist's workers (gw0, gw1, …) each have ports of their own, for the same reason.
_WORKER = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
_WORKERS = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))


def free_ports(count):
    """Ports of 127.0.0.1 on which nothing listens, none of them handed out before: who asked for that one may not
    listen yet. They are taken from below the range that the kernel hands out for outgoing connections, so that no
    client's socket can be in the way later."""
    with open("/proc/sys/net/ipv4/ip_local_port_range", encoding="ascii") as f:
        first_ephemeral = int(f.read().split()[0])
    held, tries = [], 0
    try:
        while len(held) < count:
            tries += 1
            if tries > 10000:
                raise ProcessFailed("no free ports on 127.0.0.1")
            port = random.randrange(10240, max(10241, first_ephemeral))
            if port in _handed_out or port % _WORKERS != _WORKER:
                continue
            candidate = socket.socket()
            try:
                candidate.bind(("127.0.0.1", port))
            except OSError:
                candidate.close()
                continue
            held.append(candidate)
            _handed_out.add(port)
        return [s.getsockname()[1] for s in held]
    finally:
        for s in held:
            s.close()


def is_listening(port):
    with socket.socket() as s:
        s.settimeout(1)
        return s.connect_ex(("127.0.0.1", port)) == 0


def _started_at(pid):
    """The kernel's start time of a process: with the pid it names one process for good."""
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as f:
            fields = f.read().rsplit(")", 1)[1].split()
    except (OSError, IndexError):
        return None
    return None if fields[0] == "Z" else fields[19]


class Process:
    """One server: its command line, log file and life."""

    def __init__(self, name, argv, log_path, env=None, die_with_parent=True, patience=10):
        self.name = name
        self.patience = patience  # seconds between TERM and KILL
        self.argv = [str(a) for a in argv]
        self.log_path = str(log_path)
        self.env = env
        self._die_with_parent = die_with_parent
        self._child = None

    def start(self):
        assert not self.is_running(), f"{self.name} is running already"
        argv = self.argv
        if self._die_with_parent:
            argv = ["setpriv", "--pdeathsig", "KILL", "--", *argv]
        # Appended: the log of a restarted server keeps what its predecessor said.
        with open(self.log_path, "ab") as log:
            # A session of its own keeps the terminal's Ctrl-C away: who stops what, and in which
            # order, is decided by the owner of this object.
            self._child = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=log,
                                           stderr=subprocess.STDOUT, env=self.env,
                                           start_new_session=True)
        return self

    @property
    def pid(self):
        return self._child.pid if self._child else None

    def is_running(self):
        return self._child is not None and self._child.poll() is None

    def exit_status(self):
        return self._child.poll() if self._child else None

    def wait_ready(self, probe, seconds=180):
        """Waits until `probe()` is true. A process that ended meanwhile is reported with its log."""
        deadline = time.monotonic() + seconds
        while not probe():
            if not self.is_running():
                raise ProcessFailed(f"{self.name} ended with {self.exit_status()}\n{self.log_tail()}")
            if time.monotonic() > deadline:
                raise ProcessFailed(f"{self.name} is not ready after {seconds} s\n{self.log_tail()}")
            time.sleep(0.05)

    def send_signal(self, number):
        self._child.send_signal(number)

    def stop(self):
        """TERM, wait, KILL. Returns the exit status (negative: the signal's number)."""
        if self._child is None:
            return None
        if self._child.poll() is None:
            self._child.terminate()
            try:
                self._child.wait(self.patience)
            except subprocess.TimeoutExpired:
                self._child.kill()
                self._child.wait()
        status, self._child = self._child.returncode, None
        return status

    def kill(self):
        if self._child is not None:
            self._child.kill()
            self._child.wait()
            self._child = None

    def log(self):
        try:
            with open(self.log_path, encoding="utf-8", errors="replace") as f:
                return f.read()
        except FileNotFoundError:
            return ""

    def log_tail(self, lines=25):
        tail = self.log().splitlines()[-lines:]
        return "\n".join([f"--- last lines of {os.path.basename(self.log_path)}", *tail])


class ProcessGroup:
    """Processes that are stopped together, last started first."""

    def __init__(self):
        self.processes = []

    def add(self, process):
        self.processes.append(process)
        return process

    def stop(self):
        # One after the other: a server whose own server goes first spends its last seconds on retries.
        for process in reversed(self.processes):
            process.stop()

    def save(self, path):
        with open(path, "w", encoding="utf-8") as f:
            json.dump([{"name": p.name, "pid": p.pid, "started": _started_at(p.pid), "patience": p.patience}
                       for p in self.processes], f)


def stop_saved(path):
    """Stops what ProcessGroup.save wrote down, if the pids still name the same processes."""
    with open(path, encoding="utf-8") as f:
        saved = json.load(f)

    def alive(entry):
        return entry["started"] is not None and _started_at(entry["pid"]) == entry["started"]

    for entry in reversed(saved):
        for number, patience in ((signal.SIGTERM, entry["patience"]), (signal.SIGKILL, 10)):
            if alive(entry):
                os.kill(entry["pid"], number)
            deadline = time.monotonic() + patience
            while alive(entry) and time.monotonic() < deadline:
                time.sleep(0.02)
    os.unlink(path)


def end_by_exception_on_signals():
    """SIGTERM and SIGHUP end Python without running `finally`; as an exception they run it."""
    def raise_exit(number, _frame):
        raise SystemExit(128 + number)
    signal.signal(signal.SIGTERM, raise_exit)
    signal.signal(signal.SIGHUP, raise_exit)
