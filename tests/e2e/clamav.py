"""A real clamd beside the test, with signatures of its own: nothing is fetched, no service of the machine is used.

`FakeClamd` stands in for one that misbehaves."""

import contextlib
import pathlib
import shutil
import socket
import subprocess
import threading
import time

CLAMD = shutil.which("clamd") or "/usr/sbin/clamd"
# Nobody else's signature, and no real malware: a sign that the tests put into files.
SIGN = b"LANDWAITER-TEST-FILE-THAT-IS-CALLED-MALWARE"
SIGNATURE = "Landwaiter.Test.Sign.UNOFFICIAL"


def available():
    return pathlib.Path(CLAMD).exists()


class Clamd:
    """Listens at a socket below `folder`; `options` are lines of its configuration."""

    def __init__(self, folder, *options):
        self.folder = pathlib.Path(folder)
        self.socket = self.folder / "clamd.sock"
        signatures = self.folder / "signatures"
        signatures.mkdir(parents=True)
        (signatures / "test.ndb").write_text(f"Landwaiter.Test.Sign:0:*:{SIGN.hex()}\n")
        self._config = self.folder / "clamd.conf"
        self._config.write_text("\n".join([
            f"DatabaseDirectory {signatures}", f"LocalSocket {self.socket}", "Foreground yes", "AlertExceedsMax yes",
            f"LogFile {self.folder / 'clamd.log'}", f"TemporaryDirectory {self.folder}", "MaxThreads 4", *options]) + "\n")
        self._process = None

    def __enter__(self):
        self._process = subprocess.Popen([CLAMD, "--config-file", str(self._config)], stdin=subprocess.DEVNULL,
                                         stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT)
        deadline = time.monotonic() + 60
        while not self._answers():
            assert self._process.poll() is None, (self.folder / "clamd.log").read_text()
            assert time.monotonic() < deadline, "clamd does not answer"
            time.sleep(0.05)
        return self

    def _answers(self):
        try:
            with socket.socket(socket.AF_UNIX) as client:
                client.settimeout(5)
                client.connect(str(self.socket))
                client.sendall(b"zPING\0")
                return client.recv(16) == b"PONG\0"
        except OSError:
            return False

    def __exit__(self, *_):
        self._process.terminate()
        self._process.wait(30)


class FakeClamd:
    """Answers VERSION as a clamd does, and each file as `behave(connection, bytes)` says; counts both."""

    def __init__(self, behave, version=b"ClamAV 1.4.3/27500/Fri Jan  3 09:00:00 2025\0"):
        self._behave = behave
        self.version = version
        self.versions = self.files = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._listener.getsockname()[1]}"
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._stopped.set()
        with contextlib.suppress(OSError):
            socket.create_connection(self._listener.getsockname(), 1).close()
        self._thread.join(10)
        self._listener.close()

    def _serve(self):
        while not self._stopped.is_set():
            connection, _ = self._listener.accept()
            threading.Thread(target=self._talk, args=(connection,), daemon=True).start()

    def _talk(self, connection):
        with connection, contextlib.suppress(OSError):
            command = b""
            while not command.endswith(b"\0"):
                piece = connection.recv(1)
                if not piece:
                    return
                command += piece
            if command == b"zVERSION\0":
                self.versions += 1
                connection.sendall(self.version)
                return
            assert command == b"zINSTREAM\0", command
            self.files += 1
            self._behave(connection, lambda: self._file(connection), self._stopped)

    @staticmethod
    def _exactly(connection, size):
        out = b""
        while len(out) < size:
            piece = connection.recv(size - len(out))
            if not piece:
                raise OSError("the client is gone")
            out += piece
        return out

    def _file(self, connection):
        out = b""
        while size := int.from_bytes(self._exactly(connection, 4), "big"):
            out += self._exactly(connection, size)
        return out
