"""PostgreSQL as Debian has it, in a folder of its own, on a socket in that folder. It refuses to run as root,
so under root it runs as nobody."""

import glob
import os
import shutil
import signal
import subprocess
import tempfile

from processes import Process

_NOBODY = 65534


class Postgres:
    """`dsn_file` holds the connection string of its one database."""

    def __init__(self):
        # Of its own, not of the test run: nobody must be able to reach it, and a socket's path is short.
        self.folder = tempfile.mkdtemp(prefix="landwaiter-postgres-")
        found = sorted(glob.glob("/usr/lib/postgresql/*/bin/postgres"))
        assert found, "no PostgreSQL: the package postgresql-15 is missing"
        self._programs = os.path.dirname(found[-1])
        # The parent's death is told after the change of the user, which would undo it.
        self._as_user = ["setpriv", f"--reuid={_NOBODY}", f"--regid={_NOBODY}", "--clear-groups", "--pdeathsig", "QUIT",
                         "--"] if os.geteuid() == 0 else []
        if os.geteuid() == 0:
            os.chown(self.folder, _NOBODY, _NOBODY)
        data = os.path.join(self.folder, "data")
        subprocess.run([*self._as_user, f"{self._programs}/initdb", "-D", data, "-U", "landwaiter", "-A", "trust",
                        "--no-sync", "--locale=C.UTF-8"], check=True, stdout=subprocess.DEVNULL, cwd="/")
        self.process = Process("postgres", [*self._as_user, f"{self._programs}/postgres", "-D", data, "-k", self.folder,
                                            "-c", "listen_addresses=", "-c", "shared_buffers=16MB"], self.folder + ".log")
        self.dsn = f"host={self.folder} user=landwaiter dbname=postgres"
        self.dsn_file = self.folder + ".dsn"
        with open(self.dsn_file, "w", encoding="ascii") as file:
            file.write(self.dsn + "\n")

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        if self.process.is_running():
            self.process.send_signal(signal.SIGINT)  # TERM waits for every client to go
        self.process.stop()
        shutil.rmtree(self.folder, ignore_errors=True)
        for beside in (self.dsn_file, self.folder + ".log"):
            os.unlink(beside)

    def start(self):
        """After a kill -9 its children may hold the data for a moment: it is started again until it stays."""
        for _ in range(20):
            self.process.start()
            while self.process.is_running():
                if subprocess.run([f"{self._programs}/pg_isready", "-q", "-d", self.dsn], check=False).returncode == 0:
                    return
        raise AssertionError(self.process.log_tail())

    def kill(self):
        self.process.kill()

    def ask(self, sql):
        """What one statement gives, as psql prints it without ornament."""
        return subprocess.run([f"{self._programs}/psql", "-XAtq", "-d", self.dsn, "-c", sql], check=True,
                              capture_output=True, text=True).stdout.strip()
