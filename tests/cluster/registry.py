"""A container registry on 127.0.0.1: Debian's docker-registry, in a folder, with its access log."""

import base64
import collections
import http.client
import json
import os
import re
import urllib.parse
import warnings

from processes import Process, ProcessGroup, free_ports

Request = collections.namedtuple("Request", "method path status user_agent")

# Combined log format: host - user [time] "METHOD path HTTP/1.1" status bytes "referer" "user agent"
_ACCESS_LINE = re.compile(r'^\S+ - \S+ \[[^\]]+\] "(\S+) (\S+) HTTP/[0-9.]+" (\d+) \d+ "[^"]*" "([^"]*)"$')
_OUR_AGENT = "landwaiter-test-push"


def _bcrypt(password):
    """The only hash that the registry takes. libxcrypt, Debian's libcrypt, knows it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # gone in 3.13; Debian 12 has 3.11
        import crypt  # pylint: disable=deprecated-module,import-outside-toplevel
    salt = "$2b$05$" + crypt.mksalt(crypt.METHOD_SHA512)[-16:].replace("$", "a") + "abcdeO"
    hashed = crypt.crypt(password, salt)
    assert hashed and hashed.startswith("$2b$"), "this libcrypt has no bcrypt"
    return hashed


class Registry:
    """`users` is {name: password} for basic authentication, empty for an open registry."""

    def __init__(self, workdir, users=None, name="registry"):
        self.workdir = os.path.abspath(workdir)
        self.users = users or {}
        self.name = name
        self.host = None
        self._process = None
        self._group = ProcessGroup()

    def __enter__(self):
        try:
            return self.start()
        except BaseException:
            self.stop()
            raise

    def __exit__(self, *_):
        self.stop()

    def start(self):
        os.makedirs(self.workdir, exist_ok=True)
        self.port, = free_ports(1)
        self.host = f"127.0.0.1:{self.port}"
        config = os.path.join(self.workdir, f"{self.name}.yml")
        settings = {
            "version": "0.1",
            "log": {"level": "warn", "accesslog": {"disabled": False}},
            "storage": {"filesystem": {"rootdirectory": os.path.join(self.workdir, f"{self.name}-data")},
                        "delete": {"enabled": True}},
            "http": {"addr": self.host, "secret": "of one test registry"},
        }
        auth = self._auth()
        if auth:
            settings["auth"] = auth
        with open(config, "w", encoding="utf-8") as f:
            json.dump(settings, f)  # JSON is YAML
        self._process = self._group.add(Process(
            self.name, ["docker-registry", "serve", config], os.path.join(self.workdir, f"{self.name}.log")))
        self._process.start()
        self._process.wait_ready(lambda: self._request("GET", "/v2/")[0] in (200, 401), 30)
        return self

    def _auth(self):
        """The registry's settings "auth", None for an open one."""
        if not self.users:
            return None
        path = os.path.join(self.workdir, f"{self.name}.htpasswd")
        with open(path, "w", encoding="utf-8") as f:
            f.writelines(f"{user}:{_bcrypt(password)}\n" for user, password in self.users.items())
        return {"htpasswd": {"realm": "test", "path": path}}

    def stop(self):
        self._group.stop()

    # --- what clients asked for

    def requests(self, since=0, of=None):
        """The requests that others than these tests' own pushes made, in order. `since` leaves out
        as many of the first, so that len(requests()) before an action marks its start. `of` keeps
        those for one repository: where a test says what was not asked, it must say of what, since
        workloads of earlier tests try their pods again at any time and the webhook asks for them."""
        found = []
        for line in self._process.log().splitlines():
            match = _ACCESS_LINE.match(line)
            if match and match.group(4) != _OUR_AGENT:
                found.append(Request(match.group(1), match.group(2), int(match.group(3)), match.group(4)))
        return [r for r in found[since:] if of is None or r.path.startswith(f"/v2/{of}/")]

    def log_tail(self, lines=25):
        return self._process.log_tail(lines)

    # --- pushing

    def push(self, image, repository, tag):
        """Pushes an imagewriter.Image or Index; returns the reference with the digest,
        host/repository@sha256:…"""
        for child in image.children():
            self.push(child, repository, None)
        for digest, blob in image.blobs().items():
            self._push_blob(repository, digest, blob)
        status, body = self._request("PUT", f"/v2/{repository}/manifests/{tag or image.digest}", image.manifest,
                                     {"Content-Type": image.media_type})
        assert status == 201, f"push of {repository}:{tag}: {status} {body}"
        return f"{self.host}/{repository}@{image.digest}"

    def _push_blob(self, repository, digest, blob):
        if self._request("HEAD", f"/v2/{repository}/blobs/{digest}")[0] == 200:
            return
        status, headers = self._request("POST", f"/v2/{repository}/blobs/uploads/", b"", want_headers=True)
        assert status == 202, f"upload of {digest}: {status}"
        location = urllib.parse.urlsplit(headers["Location"])
        query = f"{location.query}&digest={urllib.parse.quote(digest)}"
        with blob.open() as content:
            status, body = self._request("PUT", f"{location.path}?{query}", content,
                                         {"Content-Length": str(blob.size), "Content-Type": "application/octet-stream"})
        assert status == 201, f"upload of {digest}: {status} {body}"

    def delete_manifest(self, repository, digest):
        status, body = self._request("DELETE", f"/v2/{repository}/manifests/{digest}")
        assert status == 202, f"delete of {repository}@{digest}: {status} {body}"

    def _login(self, _path):
        """Headers that let these tests push."""
        for user, password in self.users.items():
            return {"Authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}
        return {}

    def _request(self, method, path, body=None, headers=None, want_headers=False):
        headers = {"User-Agent": _OUR_AGENT, **self._login(path), **(headers or {})}
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            text = answer.read().decode("utf-8", "replace")
            return answer.status, answer.headers if want_headers else text
        except ConnectionError as error:
            return 0, str(error)
        finally:
            connection.close()
