"""How an advisory database travels: export and import, push and pull by way of the distribution project's own
registry, and an update from feeds that are served on loopback. Signed with OpenSSL's own keys."""

import base64
import contextlib
import http.client
import http.server
import io
import json
import os
import signal
import subprocess
import threading
import zipfile

import pytest

import objects
from imagewriter import Image, Layer, tar_of
from processes import Process, wait_until

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
LANDWAITER = os.environ.get("LANDWAITER_BINARY", os.path.join(ROOT, "build", "landwaiter"))
ARTIFACT = "application/vnd.landwaiter.db.v1"


def run(*args, docker_config="/nonexistent", **kwargs):
    env = {**os.environ, "DOCKER_CONFIG": str(docker_config)}
    return subprocess.run([LANDWAITER, "db", *map(str, args)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, errors="replace", timeout=120, check=False, env=env, **kwargs)


def record(package, text=""):
    return json.dumps({
        "id": "TEST-1", "aliases": ["CVE-2099-0001"], "modified": "2026-01-01T00:00:00Z", "details": text,
        "affected": [{"package": {"ecosystem": "npm", "name": package},
                      "ranges": [{"type": "SEMVER", "events": [{"introduced": "0"}]}]}]})


def build(folder, package):
    feed = folder.parent / f"{folder.name}-{package}.json"
    feed.write_text(record(package))
    done = run("build", "--feed", f"osv={feed}", "--output", folder)
    assert done.returncode == 0, done.stderr
    return folder


def knows(folder, package):
    done = run("lookup", package, "--db", folder)
    assert done.returncode == 0, done.stderr
    return "CVE-2099-0001" in done.stdout


def content(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file() and path.name[0] != "."}


@pytest.fixture(scope="module")
def keys(tmp_path_factory):
    folder = tmp_path_factory.mktemp("keys")
    for name in ("good", "other"):
        subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", folder / f"{name}.key"], check=True)
        subprocess.run(["openssl", "pkey", "-in", folder / f"{name}.key", "-pubout", "-out", folder / f"{name}.pub"],
                       check=True)
    return folder


@pytest.fixture
def database(tmp_path):
    return build(tmp_path / "new", "lodash")


@pytest.fixture
def old(tmp_path):
    return build(tmp_path / "old", "minimist")


def test_what_is_imported_is_what_was_exported_and_the_same_each_time(database, old, tmp_path):
    for name in ("a.tar.zst", "b.tar.zst"):
        done = run("export", tmp_path / name, "--db", database)
        assert done.returncode == 0, done.stderr
    assert (tmp_path / "a.tar.zst").read_bytes() == (tmp_path / "b.tar.zst").read_bytes()
    assert not (tmp_path / "a.tar.zst.sig").exists()
    done = run("import", tmp_path / "a.tar.zst", "--db", old)
    assert done.returncode == 0, done.stderr
    assert content(old) == content(database)
    assert knows(old, "lodash")


def test_openssl_verifies_our_signature_as_the_documentation_says(database, keys, tmp_path):
    archive = tmp_path / "db.tar.zst"
    done = run("export", archive, "--db", database, "--sign-key", keys / "good.key")
    assert done.returncode == 0, done.stderr
    manifest = subprocess.run(["tar", "--zstd", "-xOf", archive, "manifest.json"], check=True,
                              stdout=subprocess.PIPE).stdout
    message = tmp_path / "message"
    message.write_bytes(b"landwaiter advisory database v1\n" + manifest)
    for key, code in (("good.pub", 0), ("other.pub", 1)):
        checked = subprocess.run(["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", keys / key, "-rawin", "-in",
                                  message, "-sigfile", f"{archive}.sig"], check=False, stdout=subprocess.DEVNULL)
        assert checked.returncode == code, key


@pytest.mark.parametrize("what,sign,key,code", [
    ("the right key", True, "good.pub", 0),
    ("another key", True, "other.pub", 3),
    ("no signature", False, "good.pub", 3),
    ("a private key in place of the public one", True, "good.key", 2),
    ("a key that is not there", True, "absent.pub", 3),
])
def test_import_asks_for_a_signature_by_the_key(database, old, keys, tmp_path, what, sign, key, code):
    archive = tmp_path / "db.tar.zst"
    signing = ("--sign-key", keys / "good.key") if sign else ()
    assert run("export", archive, "--db", database, *signing).returncode == 0
    before = content(old)
    done = run("import", archive, "--db", old, "--verify-key", keys / key)
    assert done.returncode == code, what + done.stderr
    if code == 0:
        verified = run("verify", old, "--key", keys / "good.pub")
        assert verified.returncode == 0 and "by the given key" in verified.stdout, verified.stderr
        assert run("verify", old, "--key", keys / "other.pub").returncode == 3
    else:
        assert content(old) == before and done.stderr.startswith("landwaiter db: ")


def test_an_archive_that_breaks_off_leaves_the_old_database(database, old, tmp_path):
    archive = tmp_path / "db.tar.zst"
    assert run("export", archive, "--db", database).returncode == 0
    archive.write_bytes(archive.read_bytes()[:-20])
    before = content(old)
    done = run("import", archive, "--db", old)
    assert done.returncode == 3 and "db.tar.zst" in done.stderr, done.stderr
    assert content(old) == before and knows(old, "minimist")


def manifest_of(registry, repository, tag):
    connection = http.client.HTTPConnection("127.0.0.1", registry.port, timeout=60)
    with contextlib.closing(connection):
        connection.request("GET", f"/v2/{repository}/manifests/{tag}",
                           headers={"Accept": "application/vnd.oci.image.manifest.v1+json",
                                    "User-Agent": "landwaiter-test-push"})
        answer = connection.getresponse()
        assert answer.status == 200
        return json.loads(answer.read())


def blobs_read(registry, since, repository):
    return [r for r in registry.requests(since, of=repository) if r.method == "GET" and "/blobs/" in r.path]


def test_pulls_what_was_pushed_and_nothing_where_it_is_there(registry, database, old):
    reference = f"oci://{registry.host}/plain/db:1"
    done = run("push", reference, "--db", database)
    assert done.returncode == 0, done.stderr
    assert f"{registry.host}/plain/db@sha256:" in done.stdout
    manifest = manifest_of(registry, "plain/db", "1")
    assert manifest["artifactType"] == ARTIFACT and len(manifest["layers"]) == 1
    done = run("pull", reference, "--db", old)
    assert done.returncode == 0, done.stderr
    assert content(old) == content(database) and knows(old, "lodash")
    seen = len(registry.requests())
    done = run("pull", reference, "--db", old)
    assert done.returncode == 0 and "up to date" in done.stdout, done.stderr
    assert not blobs_read(registry, seen, "plain/db")


def test_pushing_the_same_again_sends_no_blob(registry, database):
    reference = f"oci://{registry.host}/twice/db:1"
    first = run("push", reference, "--db", database)
    seen = len(registry.requests())
    second = run("push", reference, "--db", database)
    assert second.returncode == 0 and "there already" in second.stdout, second.stderr
    assert second.stdout.split()[0] == first.stdout.split()[0], "the same artifact"
    assert not [r for r in registry.requests(seen, of="twice/db") if r.method in ("POST", "PATCH")]


def test_a_database_larger_than_a_chunk_arrives_whole(registry, tmp_path, old):
    feed = tmp_path / "feed"
    feed.mkdir()
    for i in range(24):  # random, so that it stays large when compressed
        one = json.loads(record(f"package{i}"))
        one["id"] = f"TEST-{i}"
        one["affected"][0]["versions"] = [f"1.0.0-{os.urandom(45).hex()}" for _ in range(10000)]
        (feed / f"{i}.json").write_text(json.dumps(one))
    done = run("build", "--feed", f"osv={feed}", "--output", tmp_path / "large")
    assert done.returncode == 0, done.stderr
    reference = f"oci://{registry.host}/large/db:1"
    done = run("push", reference, "--db", tmp_path / "large")
    assert done.returncode == 0, done.stderr
    assert manifest_of(registry, "large/db", "1")["layers"][0]["size"] > 8 << 20
    assert [r for r in registry.requests(of="large/db") if r.method == "PATCH"]
    done = run("pull", reference, "--db", old)
    assert done.returncode == 0, done.stderr
    assert content(old) == content(tmp_path / "large")


def test_pull_asks_for_a_signature_by_the_key(registry, database, old, keys):
    signed, plain = (f"oci://{registry.host}/signed/db:{tag}" for tag in ("signed", "plain"))
    assert run("push", plain, "--db", database).returncode == 0
    assert run("push", signed, "--db", database, "--sign-key", keys / "good.key").returncode == 0
    assert len(manifest_of(registry, "signed/db", "signed")["layers"]) == 2
    before = content(old)
    for what, reference, key in (("no signature", plain, "good.pub"), ("another key", signed, "other.pub")):
        done = run("pull", reference, "--db", old, "--verify-key", keys / key)
        assert done.returncode == 3 and "signature" in done.stderr, what + done.stderr
        assert content(old) == before, what
    done = run("pull", signed, "--db", old, "--verify-key", keys / "good.pub")
    assert done.returncode == 0, done.stderr
    assert run("verify", old, "--key", keys / "good.pub").returncode == 0
    again = run("pull", "--db", old, "--verify-key", keys / "good.pub", signed)
    assert "up to date" in again.stdout, again.stderr


def test_an_image_is_no_database(registry, old):
    registry.push(Image([Layer(tar_of({"etc/x": "x"}))]), "image/db", "1")
    before = content(old)
    done = run("pull", f"oci://{registry.host}/image/db:1", "--db", old)
    assert done.returncode == 3 and "no advisory database" in done.stderr, done.stderr
    assert content(old) == before


def test_logs_in_with_the_credentials_of_docker(private_registry, database, old, tmp_path):
    reference = f"oci://{private_registry.host}/private/db:1"
    config = tmp_path / "docker"
    config.mkdir()
    auth = base64.b64encode(f"robot:{objects.PASSWORD}".encode()).decode()
    (config / "config.json").write_text(json.dumps({"auths": {private_registry.host: {"auth": auth}}}))
    refused = run("push", reference, "--db", database)
    assert refused.returncode == 3 and private_registry.host in refused.stderr, refused.stderr
    done = run("push", reference, "--db", database, docker_config=config)
    assert done.returncode == 0, done.stderr
    assert run("pull", reference, "--db", old).returncode == 3
    assert knows(old, "minimist")
    done = run("pull", reference, "--db", old, docker_config=config)
    assert done.returncode == 0, done.stderr
    assert knows(old, "lodash")


def test_pull_goes_on_by_itself_until_it_is_told_to_stop(registry, database, old, tmp_path):
    reference = f"oci://{registry.host}/again/db:1"
    goes_on = Process("pull", [LANDWAITER, "db", "pull", reference, "--db", old, "--every", "1s"], tmp_path / "log",
                      env={**os.environ, "DOCKER_CONFIG": "/nonexistent"}).start()
    try:
        # Nothing was pushed yet: the failure is said, the old database serves, and it is tried again.
        wait_until(lambda: goes_on.log().count("landwaiter") >= 2, 30, "two failed rounds")
        assert knows(old, "minimist")
        for folder, package in ((database, "lodash"), (build(tmp_path / "newer", "express"), "express")):
            assert run("push", reference, "--db", folder).returncode == 0
            wait_until(lambda p=package: knows(old, p), 30, f"the database of {package} is pulled")
        goes_on.send_signal(signal.SIGTERM)
        wait_until(lambda: not goes_on.is_running(), 30, "it ends when it is told to")
        assert goes_on.exit_status() == 0, goes_on.log()
    finally:
        goes_on.stop()


def test_bad_usage_is_2(database, old):
    assert run("pull", "oci://127.0.0.1:1/x/db:1", "--db", old, "--every", "2d").returncode == 2
    assert run("push", "registry.example/db:1", "--db", database).returncode == 2
    assert run("pull", "oci://UPPER CASE", "--db", old).returncode == 2
    assert run("update", "--feed", "nothing", "--db", old).returncode == 2
    assert run("push", "oci://127.0.0.1:1/x/db:1", "--db", old / "absent").returncode == 3


class FeedServer:
    """Serves `files` (path: bytes) with their hash as ETag; `statuses` (path: status) instead."""

    def __init__(self):
        self.files, self.statuses, self.seen = {}, {}, []
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                body = outer.files.get(self.path, b"")
                etag = f'"{hash(body)}"'
                status = outer.statuses.get(self.path, 200 if body else 404)
                if status == 200 and self.headers.get("If-None-Match") == etag:
                    status, body = 304, b""
                outer.seen.append((self.path, status))
                self.send_response(status)
                self.send_header("ETag", etag)
                if status != 304:
                    self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args):
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def test_update_fetches_once_keeps_the_last_good_and_believes_no_feed_that_shrank(tmp_path):
    folder = tmp_path / "db"
    with FeedServer() as feeds:
        def update(*flags):
            return run("update", "--db", folder, "--feed", f"osv={feeds.url}/osv.json", "--feed",
                       f"kev={feeds.url}/kev.json", *flags)
        feeds.files["/osv.json"] = record("minimist", "x" * 5000).encode()
        feeds.files["/kev.json"] = b'{"vulnerabilities":[{"cveID":"CVE-2099-0001","dateAdded":"2026-01-01"}]}'
        feeds.statuses["/kev.json"] = 403
        assert update().returncode == 3 and not (folder / "manifest.json").exists(), "no database without a feed"
        del feeds.statuses["/kev.json"]
        done = update()
        assert done.returncode == 0, done.stderr
        assert knows(folder, "minimist")
        feeds.seen.clear()
        assert update().returncode == 0
        assert [status for _, status in feeds.seen] == [304, 304]
        feeds.files["/osv.json"] = record("lodash", "x" * 500).encode()
        done = update()
        assert done.returncode == 3 and "--allow-shrink" in done.stderr, done.stderr
        assert knows(folder, "minimist") and not knows(folder, "lodash")
        done = update("--allow-shrink")
        assert done.returncode == 0 and knows(folder, "lodash"), done.stderr
        feeds.statuses["/osv.json"] = 404
        done = update()
        assert done.returncode == 3 and "kept the last good" in done.stderr, done.stderr
        assert knows(folder, "lodash")


def test_what_a_mirror_refuses_grows_old_and_what_has_not_changed_does_not(tmp_path):
    folder = tmp_path / "db"
    with FeedServer() as feeds:
        def update():
            return run("update", "--db", folder, "--feed", f"osv={feeds.url}/osv.json")
        feeds.files["/osv.json"] = record("minimist").encode()
        assert update().returncode == 0
        state = json.loads((folder / "feeds" / "state.json").read_text())
        state["files"][0]["checkedAt"] = "2026-01-01T00:00:00Z"
        (folder / "feeds" / "state.json").write_text(json.dumps(state))
        feeds.statuses["/osv.json"] = 403
        done = update()
        assert done.returncode == 3 and ", of 2026-01-01T00:00:00Z: " in done.stderr, done.stderr
        assert "\nStale: " in done.stdout, done.stdout
        assert json.loads((folder / "manifest.json").read_text())["builtAt"] == "2026-01-01T00:00:00Z"
        del feeds.statuses["/osv.json"]
        done = update()
        assert done.returncode == 0 and feeds.seen[-1] == ("/osv.json", 304), done.stderr
        assert json.loads((folder / "manifest.json").read_text())["builtAt"] > "2026-01-01T00:00:00Z"
        assert "Stale" not in done.stdout, done.stdout


def test_update_from_a_mirror(tmp_path):
    with FeedServer() as feeds:
        feeds.files["/feeds/osv-vulnerabilities.storage.googleapis.com/npm/all.zip"] = zip_of(record("lodash"))
        done = run("update", "--db", tmp_path / "db", "--feed", "osv", "--ecosystem", "npm", "--mirror",
                   f"{feeds.url}/feeds")
        assert done.returncode == 0, done.stderr + str(feeds.seen)
        assert knows(tmp_path / "db", "lodash")


def zip_of(text):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("TEST-1.json", text)
    return out.getvalue()
