"""A slow line to the API server: bytes go to it as they come, and back so many a second over each connection."""

import json
import socket
import threading
import time

PIECE_SECONDS = 0.05


class SlowLine:
    """On a port of its own; `free_bytes` of each connection are not slowed (a handshake, a small answer)."""

    def __init__(self, port, bytes_per_second, free_bytes=32 * 1024):
        self._target, self._rate, self._free = port, bytes_per_second, free_bytes
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._open = []
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._listener.close()
        for connection in self._open:
            connection.close()

    def kubeconfig(self, path):
        """Another one beside that of `path`, by this line."""
        with open(path, encoding="utf-8") as f:
            config = json.load(f)
        config["clusters"][0]["cluster"]["server"] = f"https://127.0.0.1:{self.port}"
        slow = f"{path}.slow"
        with open(slow, "w", encoding="utf-8") as f:
            json.dump(config, f)
        return slow

    def _accept(self):
        while True:
            try:
                near, _ = self._listener.accept()
                far = socket.create_connection(("127.0.0.1", self._target))
            except OSError:
                return
            self._open += [near, far]
            threading.Thread(target=self._pump, args=(near, far, None), daemon=True).start()
            threading.Thread(target=self._pump, args=(far, near, self._rate), daemon=True).start()

    def _pump(self, source, sink, rate):
        free, piece = self._free, 65536 if rate is None else max(1, int(rate * PIECE_SECONDS))
        try:
            while data := source.recv(piece):
                sink.sendall(data)
                free -= len(data)
                if rate is not None and free < 0:
                    time.sleep(len(data) / rate)  # the line's own pace, not a test's wait
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            source.close()
            sink.close()
