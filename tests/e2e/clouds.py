"""The clouds' registries and login services by their real names, on 127.0.0.1: a proxy (HTTPS_PROXY) that takes every
CONNECT for itself, with a certificate for those names. Registries behind it are docker-registry's; of the services
there is what a login asks for, and each looks at the proof that it is shown:

- Amazon: STS AssumeRoleWithWebIdentity, ECR GetAuthorizationToken (its Signature Version 4 is computed anew)
- Google: the token service of OAuth 2.0 (RFC 7523; the assertion's signature is verified)
- Azure: the directory's token, the registry's own exchange
"""

import base64
import collections
import hashlib
import hmac
import http.client
import http.server
import json
import os
import re
import ssl
import subprocess
import threading
import urllib.parse

from certificates import Authority

ECR, GAR, ACR = "123456789012.dkr.ecr.eu-west-1.amazonaws.com", "europe-west1-docker.pkg.dev", "team.azurecr.io"
STS, ECR_API = "sts.eu-west-1.amazonaws.com", "api.ecr.eu-west-1.amazonaws.com"
GOOGLE, DIRECTORY = "oauth2.googleapis.com", "login.microsoftonline.com"
ROLE, KEY_ID, ACCOUNT = "arn:aws:iam::123456789012:role/landwaiter", "ASIAEXAMPLEEXAMPLE12", "scan@example.iam.gserviceaccount.com"
CLIENT, TENANT = "0c1ae6f8-client", "7b1d0c55-tenant"
Asked = collections.namedtuple("Asked", "host path status")


def _made_up():
    return base64.b64encode(os.urandom(24), b"-_").decode()


class Clouds:
    """`registries`: {host: (port of a docker-registry, the secret that a login comes to)}, of ECR, GAR and ACR."""

    def __init__(self, folder, registries):
        self.folder, self.registries = str(folder), registries
        os.makedirs(self.folder, exist_ok=True)
        authority = Authority(self.folder, "clouds")
        self.ca_file = authority.certificate
        names = [*registries, STS, ECR_API, GOOGLE, DIRECTORY]
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*authority.issue_server("clouds", [f"DNS:{name}" for name in names]))
        self.asked = []  # as Asked, the registries' own paths among them
        self.workload_token, self.aws_secret, self.session, self.directory_token = (_made_up() for _ in range(4))
        self._google_key = os.path.join(self.folder, "google.key")
        subprocess.run(["openssl", "genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out", self._google_key],
                       check=True, capture_output=True)
        self._answers = {STS: self._sts, ECR_API: self._ecr, GOOGLE: self._google, DIRECTORY: self._directory}
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _handler(self, context))
        self._server.daemon_threads = True
        self.proxy = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self):
        self._server.shutdown()
        self._server.server_close()

    def secrets(self):
        """What no log may hold."""
        return [self.workload_token, self.aws_secret, self.session, self.directory_token, *(s for _, s in self.registries.values())]

    def workload(self, cloud):
        """The environment that the cloud gives to a pod that has an identity there."""
        token = self._file("token", self.workload_token)
        if cloud == "ecr":
            return {"AWS_ROLE_ARN": ROLE, "AWS_WEB_IDENTITY_TOKEN_FILE": token}
        if cloud == "acr":
            return {"AZURE_CLIENT_ID": CLIENT, "AZURE_TENANT_ID": TENANT, "AZURE_FEDERATED_TOKEN_FILE": token}
        with open(self._google_key, encoding="ascii") as f:
            key = {"type": "service_account", "client_email": ACCOUNT, "private_key": f.read()}
        return {"GOOGLE_APPLICATION_CREDENTIALS": self._file("google.json", json.dumps(key))}

    def services(self):
        """Which login services were asked, in order: (host, status)."""
        return [(a.host, a.status) for a in list(self.asked) if a.host in self._answers or a.path == "/oauth2/exchange"]

    def _file(self, name, text):
        path = os.path.join(self.folder, name)
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="ascii") as f:
            f.write(text)
        return path

    def answer(self, host, method, path, headers, body):
        """(status, headers, body) of whoever has that name."""
        form = {k: v[0] for k, v in urllib.parse.parse_qs(body.decode("utf-8", "replace")).items()}
        if host == ACR and path == "/oauth2/exchange":
            found = self._exchange(form)
        elif host in self.registries:
            found = forwarded(self.registries[host][0], method, path, headers, body)
        elif host in self._answers:
            found = self._answers[host](method, path, headers, body, form)
        else:
            found = 404, {}, b""
        self.asked.append(Asked(host, path, found[0]))
        return found

    # --- Amazon

    def _sts(self, _method, _path, _headers, _body, form):
        if (form.get("Action"), form.get("RoleArn"), form.get("WebIdentityToken")) != (
                "AssumeRoleWithWebIdentity", ROLE, self.workload_token):
            return 403, {}, b"<ErrorResponse/>"
        return 200, {"Content-Type": "text/xml"}, (
            "<AssumeRoleWithWebIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><AssumeRoleWithWebIdentityResult>"
            f"<Credentials><SessionToken>{self.session}</SessionToken><SecretAccessKey>{self.aws_secret}</SecretAccessKey>"
            f"<Expiration>2099-01-01T00:00:00Z</Expiration><AccessKeyId>{KEY_ID}</AccessKeyId></Credentials>"
            "</AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>").encode()

    def _ecr(self, method, path, headers, body, _form):
        wanted = "AmazonEC2ContainerRegistry_V20150921.GetAuthorizationToken"
        if headers.get("X-Amz-Target") != wanted or headers.get("X-Amz-Security-Token") != self.session:
            return 400, {}, b"{}"
        if not self._is_signed(method, path, headers, body):
            return 403, {}, b'{"__type":"InvalidSignatureException"}'
        token = base64.b64encode(f"AWS:{self.registries[ECR][1]}".encode()).decode()
        return _json({"authorizationData": [{"authorizationToken": token, "expiresAt": 4070908800.123, "proxyEndpoint": f"https://{ECR}"}]})

    def _is_signed(self, method, path, headers, body):
        """By the AWS General Reference, "Signing AWS API requests"."""
        seen = re.fullmatch(r"AWS4-HMAC-SHA256 Credential=(\w+)/(\d{8})/eu-west-1/ecr/aws4_request, "
                            r"SignedHeaders=([a-z0-9;-]+), Signature=([0-9a-f]{64})", headers.get("Authorization", ""))
        if not seen or seen[1] != KEY_ID or not {"host", "x-amz-date", "x-amz-target"} <= set(seen[3].split(";")):
            return False
        lines = "".join(f"{name}:{' '.join(headers.get(name, '').split())}\n" for name in seen[3].split(";"))
        canonical = "\n".join((method, path, "", lines, seen[3], hashlib.sha256(body).hexdigest()))
        scope = f"{seen[2]}/eu-west-1/ecr/aws4_request"
        signed = "\n".join(("AWS4-HMAC-SHA256", headers["X-Amz-Date"], scope, hashlib.sha256(canonical.encode()).hexdigest()))
        key = b"AWS4" + self.aws_secret.encode()
        for part in scope.split("/"):
            key = hmac.digest(key, part.encode(), "sha256")
        return hmac.compare_digest(hmac.digest(key, signed.encode(), "sha256").hex(), seen[4])

    # --- Google

    def _google(self, _method, path, _headers, _body, form):
        assertion = form.get("assertion", "")
        signed, _, signature = assertion.rpartition(".")
        claims = json.loads(_unpadded(signed.partition(".")[2]) or b"{}")
        right = (path == "/token" and form.get("grant_type") == "urn:ietf:params:oauth:grant-type:jwt-bearer"
                 and (claims.get("iss"), claims.get("aud")) == (ACCOUNT, f"https://{GOOGLE}/token"))
        if not right or not self._is_by_the_key(signed, _unpadded(signature)):
            return 400, {}, b'{"error":"invalid_grant"}'
        return _json({"access_token": self.registries[GAR][1], "expires_in": 3599, "token_type": "Bearer"})

    def _is_by_the_key(self, text, signature):
        path = os.path.join(self.folder, "signature")
        with open(path, "wb") as f:
            f.write(signature)
        return subprocess.run(["openssl", "dgst", "-sha256", "-prverify", self._google_key, "-signature", path], input=text.encode(),
                              capture_output=True, check=False).returncode == 0

    # --- Azure

    def _directory(self, _method, path, _headers, _body, form):
        right = (path == f"/{TENANT}/oauth2/v2.0/token" and form.get("grant_type") == "client_credentials"
                 and (form.get("client_id"), form.get("client_assertion")) == (CLIENT, self.workload_token))
        return _json({"token_type": "Bearer", "expires_in": 3599, "access_token": self.directory_token}) if right else (401, {}, b"{}")

    def _exchange(self, form):
        right = (form.get("grant_type"), form.get("service"), form.get("tenant"), form.get("access_token")) == (
            "access_token", ACR, TENANT, self.directory_token)
        return _json({"refresh_token": self.registries[ACR][1]}) if right else (401, {}, b"{}")


def _unpadded(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _json(body):
    return 200, {"Content-Type": "application/json"}, json.dumps(body).encode()


def forwarded(port, method, path, headers, body):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        passed_on = {k: v for k, v in headers.items() if k.lower() not in ("connection", "content-length")}
        connection.request(method, path, body or None, passed_on)
        answer = connection.getresponse()
        kept = {k: v for k, v in answer.headers.items() if k.lower() not in ("connection", "content-length", "transfer-encoding")}
        if method == "HEAD":
            kept["Content-Length"] = answer.headers.get("Content-Length", "0")
        return answer.status, kept, answer.read()
    finally:
        connection.close()


def _handler(clouds, context):
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        host = None  # whom the client believes to speak to

        def do_CONNECT(self):  # pylint: disable=invalid-name
            name, _, port = self.path.rpartition(":")
            if port != "443":
                return self.send_error(403)
            self.send_response(200)
            self.end_headers()
            # The loop that called goes on with what is read from here.
            self.connection = context.wrap_socket(self.connection, server_side=True)
            self.rfile, self.wfile = self.connection.makefile("rb"), self.connection.makefile("wb", 0)
            self.host = name
            return None

        def do_GET(self):  # pylint: disable=invalid-name
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            status, headers, text = clouds.answer(self.host, self.command, self.path, self.headers, body)
            self.send_response(status)
            for name, value in {"Content-Length": str(len(text)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(text)

        do_HEAD = do_POST = do_GET

        def finish(self):
            super().finish()
            self.connection.close()

        def log_message(self, *_):
            pass
    return Handler
