"""What `make run` prints: numbered steps, commands with their output, progress that moves."""

import subprocess
import sys
import time


class StepFailed(Exception):
    """A step did not do what it should; the message says what was expected and what was seen."""


class Console:
    def __init__(self):
        self.started = time.monotonic()
        self.moving = sys.stdout.isatty()
        self._step = 0

    def _clock(self):
        elapsed = int(time.monotonic() - self.started)
        return f"{elapsed // 60}:{elapsed % 60:02d}"

    def step(self, title):
        self._step += 1
        print(f"\n[{self._clock()}] {self._step}. {title}", flush=True)

    def say(self, text):
        for line in text.rstrip("\n").splitlines():
            print(f"    {line}", flush=True)

    def command(self, shown, run):
        """Prints a command line as a person would type it and what `run()` (a CompletedProcess)
        printed; returns the CompletedProcess."""
        print(f"    $ {shown}", flush=True)
        done = run()
        for text in (done.stdout, done.stderr):
            if text:
                self.say(text)
        return done

    def watch(self, what, state, finished, seconds):
        """Waits for `finished()`, showing `state()` on a line that moves: each second on a terminal,
        every ten seconds elsewhere."""
        deadline, shown = time.monotonic() + seconds, 0.0
        while not finished():
            now = time.monotonic()
            if now > deadline:
                raise StepFailed(f"{what}: not finished after {seconds} s")
            if now - shown >= (1 if self.moving else 10):
                shown = now
                line = f"[{self._clock()}] {what}: {state()}"
                print(f"\r\033[K{line}" if self.moving else line, end="" if self.moving else "\n", flush=True)
            time.sleep(0.2)
        if self.moving:
            print("\r\033[K", end="", flush=True)


class Background:
    """A command that runs beside the other steps; its output goes to a file."""

    def __init__(self, argv, log_path, niceness=10):
        self.log_path = log_path
        with open(log_path, "wb") as log:
            # It must not outlive this program, however that ends.
            self._child = subprocess.Popen(
                ["setpriv", "--pdeathsig", "TERM", "--", "nice", "-n", str(niceness), *argv],
                stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, start_new_session=True)

    def last_line(self):
        with open(self.log_path, encoding="utf-8", errors="replace") as f:
            lines = f.read().split("\n")
        return next((line for line in reversed(lines) if line.strip()), "starting")

    def finished(self):
        return self._child.poll() is not None

    def check(self):
        if self._child.returncode != 0:
            with open(self.log_path, encoding="utf-8", errors="replace") as f:
                tail = "".join(f.readlines()[-30:])
            raise StepFailed(f"exit {self._child.returncode}, see {self.log_path}\n{tail}")

    def stop(self):
        if self._child.poll() is None:
            self._child.terminate()
            try:
                self._child.wait(15)
            except subprocess.TimeoutExpired:
                self._child.kill()
                self._child.wait()
