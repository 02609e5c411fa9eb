"""Debian's docker-registry with a token server (distribution docs/spec/auth/{token,oauth,jwt}.md): tokens signed
with RS256 by a key whose certificate the registry knows, given over TLS to users with rights on repositories."""

import base64
import collections
import http.server
import json
import os
import ssl
import subprocess
import threading
import time
import urllib.parse

from certificates import Authority
from registry import Registry

SERVICE, ISSUER = "test-registry", "test-issuer"
# What the token server was asked for: the user ("" for nobody), the grant, the scope, the status.
Asked = collections.namedtuple("Asked", "user grant scope status")


def _openssl(*args, stdin=None):
    return subprocess.run(["openssl", *args], input=stdin, capture_output=True, check=True).stdout


def _url64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class Signer:
    """A key and its own certificate, which is all that the registry trusts."""

    def __init__(self, folder):
        self.key = os.path.join(folder, "token.key")
        self.certificate = os.path.join(folder, "token.crt")
        _openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", self.key, "-out", self.certificate, "-days", "2",
                 "-subj", "/CN=token-server")
        der = _openssl("x509", "-in", self.certificate, "-outform", "DER")
        self._header = _url64(json.dumps({"typ": "JWT", "alg": "RS256", "x5c": [base64.b64encode(der).decode()]}).encode())

    def token(self, user, repository, actions, seconds=300):
        now = int(time.time())
        access = [{"type": "repository", "name": repository, "actions": actions}] if actions else []
        claims = {"iss": ISSUER, "sub": user, "aud": SERVICE, "exp": now + seconds, "nbf": now - 10, "iat": now,
                  "jti": os.urandom(8).hex(), "access": access}
        text = f"{self._header}.{_url64(json.dumps(claims).encode())}"
        return f"{text}.{_url64(_openssl('dgst', '-sha256', '-sign', self.key, stdin=text.encode()))}"


class TokenServer:
    """`users`: {name: (password, [prefixes of repositories that it may pull])}. The password is the refresh token, too."""

    def __init__(self, folder, users, signer):
        self.users, self.signer = users, signer
        self.asked = []
        authority = Authority(folder, "token-realm")
        self.ca_file = authority.certificate
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*authority.issue_server("realm", ["IP:127.0.0.1"]))
        server = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                query = urllib.parse.parse_qs(urllib.parse.urlsplit(self.path).query)
                kind, _, encoded = self.headers.get("Authorization", "").partition(" ")
                user, _, password = base64.b64decode(encoded).decode().partition(":") if kind == "Basic" else ("", "", "")
                self._answer(user, password, "basic", query)

            def do_POST(self):
                form = urllib.parse.parse_qs(self.rfile.read(int(self.headers.get("Content-Length", 0))).decode())
                secret = form.get("refresh_token", [""])[0]
                user = next((name for name, (password, _) in server.users.items() if password == secret), "nobody")
                self._answer(user, secret, form.get("grant_type", [""])[0], form)

            def _answer(self, user, password, grant, query):
                scope = query.get("scope", [""])[0]
                status, token = server.decide(user, password, scope)
                server.asked.append(Asked(user, grant, scope, status))
                body = json.dumps({"token": token, "access_token": token, "expires_in": 300} if token else {"details": "no"}).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True, do_handshake_on_connect=False)
        self.url = f"https://127.0.0.1:{self._server.server_address[1]}/token"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def decide(self, user, password, scope):
        """(status, token): 401 for a user that is none; a token without rights for what it may not (token.md)."""
        if user and (user not in self.users or self.users[user][0] != password):
            return 401, None
        _, _, rest = scope.partition(":")
        repository, _, actions = rest.rpartition(":")
        allowed = user and any(repository.startswith(prefix) for prefix in self.users[user][1])
        return 200, self.signer.token(user, repository, ["pull"] if allowed and "pull" in actions.split(",") else [])

    def of(self, repository):
        """Who asked for a repository, in order."""
        return [a for a in list(self.asked) if a.scope.startswith(f"repository:{repository}:")]

    def stop(self):
        self._server.shutdown()
        self._server.server_close()


class TokenRegistry(Registry):
    """`users` as TokenServer's. The tests' own pushes sign for themselves."""

    def __init__(self, workdir, users, name="token-registry"):
        super().__init__(workdir, users, name)
        os.makedirs(self.workdir, exist_ok=True)
        self._signer = Signer(self.workdir)
        self.tokens = TokenServer(self.workdir, users, self._signer)
        self.ca_file = self.tokens.ca_file

    def stop(self):
        super().stop()
        self.tokens.stop()

    def _auth(self):
        return {"token": {"realm": self.tokens.url, "service": SERVICE, "issuer": ISSUER,
                          "rootcertbundle": self._signer.certificate}}

    def _login(self, path):
        parts = urllib.parse.urlsplit(path).path.split("/")  # "", "v2", repository…, "blobs" or "manifests", …
        ends = [i for i, part in enumerate(parts) if part in ("blobs", "manifests")]
        if not ends:
            return {}
        return {"Authorization": "Bearer " + self._signer.token("tests", "/".join(parts[2:ends[-1]]), ["pull", "push", "delete"])}
