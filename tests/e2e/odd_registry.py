"""A registry that answers as a test says: refusals, half a body, nothing, redirects, held answers."""

import collections
import http.server
import threading
import time

# One request, and when it came, by the monotonic clock.
Request = collections.namedtuple("Request", "method path headers at")


class Answer:
    """What is sent for one path: status, headers, body; `cut` sends only that many bytes of the body
    under its full length; `silent` closes without a word; `hold` is waited for first."""

    def __init__(self, status=200, body=b"", headers=None, cut=None, silent=False, hold=None):
        self.status, self.body, self.headers = status, body, headers or {}
        self.cut, self.silent, self.hold = cut, silent, hold


class OddRegistry:
    def __init__(self):
        self.answers = {}   # path: Answer, or a list of them: each is given once, the last from then on
        self.everywhere = {}  # repository: Answer for all of its paths
        self.requests = []  # as Request
        self._server = None

    def __enter__(self):
        registry = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def do_GET(self):  # pylint: disable=invalid-name
                registry.requests.append(Request(self.command, self.path, dict(self.headers), time.monotonic()))
                registry._send(self)

            do_HEAD = do_GET

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.host = f"127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()

    def _send(self, handler):
        repository = handler.path.removeprefix("/v2/").split("/manifests/")[0].split("/blobs/")[0]
        answer = self.everywhere.get(repository) or self.answers.get(handler.path)
        if isinstance(answer, list):
            answer = answer.pop(0) if len(answer) > 1 else answer[0]
        if handler.path in ("/v2/", "/v2"):
            answer = answer or Answer(200, b"{}")
        answer = answer or Answer(404, b'{"errors":[{"code":"NAME_UNKNOWN"}]}')
        if answer.hold is not None:
            answer.hold.wait(600)
        if answer.silent:
            handler.close_connection = True
            return
        handler.send_response(answer.status)
        for name, value in answer.headers.items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(answer.body)))
        handler.end_headers()
        if handler.command == "HEAD":
            return
        try:
            handler.wfile.write(answer.body if answer.cut is None else answer.body[:answer.cut])
        except OSError:
            pass  # the client had enough: the test looks at what it made of it
        if answer.cut is not None:
            handler.close_connection = True

    def serve(self, image, repository, tag="1"):
        """Serves an image as a good registry would; single paths may be changed in `answers` then."""
        manifest = Answer(200, image.manifest, {"Content-Type": image.media_type, "Docker-Content-Digest": image.digest})
        for reference in (tag, image.digest):
            self.answers[f"/v2/{repository}/manifests/{reference}"] = manifest
        for digest, blob in image.blobs().items():
            with blob.open() as content:
                self.answers[f"/v2/{repository}/blobs/{digest}"] = Answer(
                    200, content.read(), {"Content-Type": "application/octet-stream"})
        return f"{self.host}/{repository}:{tag}"

    def held(self, image, repository):
        """Serves an image whose first layer is not answered before the event that is returned is set."""
        release, reference = threading.Event(), self.serve(image, repository)
        path = f"/v2/{repository}/blobs/{image.layers[0].blob.digest}"
        self.answers[path] = Answer(200, self.answers[path].body, hold=release)
        return release, reference

    def asked(self, part):
        return [r for r in list(self.requests) if part in r.path]
