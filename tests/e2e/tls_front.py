"""A registry by TLS: what speaks for one on 127.0.0.1 with a certificate of an authority of its own."""
import http.server
import os
import ssl
import threading

from certificates import Authority
from clouds import forwarded


class TlsFront:
    """`host` and `authority` (a PEM file) of a registry whose bytes come from `registry`."""

    def __init__(self, folder, registry):
        os.makedirs(folder)
        maker = Authority(folder, name="authority of " + os.path.basename(str(folder)))
        self.authority, self._port = maker.certificate, int(registry.host.rpartition(":")[2])
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*maker.issue_server("registry", ["IP:127.0.0.1"]))
        self._server = _Server(("127.0.0.1", 0), _handler(self._port))
        self._server.context = context
        self.host = f"127.0.0.1:{self._server.server_port}"

    def __enter__(self):
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    context = None

    def finish_request(self, request, client_address):
        try:
            request = self.context.wrap_socket(request, server_side=True)
        except (ssl.SSLError, OSError):  # a client that does not believe us
            return
        super().finish_request(request, client_address)
        request.close()

    def handle_error(self, *_):
        """Clients that go are no news."""


def _handler(port):
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):  # pylint: disable=invalid-name
            status, headers, text = forwarded(port, self.command, self.path, self.headers, b"")
            self.send_response(status)
            for name, value in {"Content-Length": str(len(text)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(text)

        do_HEAD = do_GET

        def log_message(self, *_):
            pass
    return Handler
