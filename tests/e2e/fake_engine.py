"""A container engine's API on a Unix socket, as far as `landwaiter scan docker:…` asks for it."""

import http.server
import json
import os
import socketserver
import threading
import urllib.parse


class FakeEngine:
    """Holds {name: archive path}. The image's ID is made of its name; `cut` breaks an export off."""

    def __init__(self, socket_path, images, cut=None):
        self.socket_path, self.seen = str(socket_path), []
        engine = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):  # pylint: disable=invalid-name
                engine.seen.append(self.path)
                parts = urllib.parse.unquote(self.path).split("/")
                name, what = "/".join(parts[2:-1]), parts[-1]
                ids = {f"sha256:{i:064x}": key for i, key in enumerate(images, 1)}
                known = ids.get(name, name)
                if parts[1] != "images" or known not in images:
                    return self._answer(404, json.dumps({"message": f"No such image: {name}"}).encode())
                if what == "json":
                    (identifier,) = [i for i, key in ids.items() if key == known]
                    return self._answer(200, json.dumps({"Id": identifier, "RepoTags": [known]}).encode())
                with open(images[known], "rb") as f:
                    return self._answer(200, f.read())

            def _answer(self, status, body):
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body[:cut])
                self.close_connection = cut is not None

            def log_message(self, *_):
                pass

            def address_string(self):
                return "unix"

        class Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
            daemon_threads = True

        self._server = Server(self.socket_path, Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
        os.unlink(self.socket_path)
