"""`landwaiter scan` and `landwaiter db` as a person runs them: what they print, and how they exit."""

import gzip
import hashlib
import json
import os
import shutil
import subprocess
import tarfile

import pytest

from imagewriter import DOCKER, OCI, Executable, Image, Index, Layer, Symlink, tar_of, write_layout

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
LANDWAITER = os.environ.get("LANDWAITER_BINARY", os.path.join(ROOT, "build", "landwaiter"))

OS_RELEASE = 'ID=debian\nVERSION_ID="12"\nVERSION_CODENAME=bookworm\nPRETTY_NAME="Debian GNU/Linux 12"\n'
STATUS = "".join(
    f"Package: {name}\nStatus: install ok installed\nArchitecture: amd64\nVersion: {version}\n"
    f"Maintainer: x\nDescription: x\n\n" for name, version in (("openssl", "3.0.1-1"), ("zlib1g", "1:1.2.13-1")))
DEBIAN = {"etc/os-release": OS_RELEASE, "var/lib/dpkg/status": STATUS,
          "etc/passwd": "root:x:0:0::/:/bin/sh\nweb:x:1000:1000::/:/bin/sh\n"}
METADATA = "Metadata-Version: 2.1\nName: Django\nVersion: 3.2.12\n\n"

ADVISORIES = [
    {"id": "TEST-1", "aliases": ["CVE-2099-0001"], "modified": "2026-01-01T00:00:00Z",
     "affected": [{"package": {"ecosystem": "Debian:12", "name": "openssl"}, "database_specific": {"severity": "CRITICAL"},
                   "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "3.0.2-1"}]}]}],
     "database_specific": {"severity": "CRITICAL"}},
    {"id": "TEST-2", "aliases": ["CVE-2099-0002"], "modified": "2026-01-01T00:00:00Z",
     "affected": [{"package": {"ecosystem": "PyPI", "name": "django"},
                   "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "3.2"}, {"fixed": "3.2.13"}]}]}],
     "database_specific": {"severity": "HIGH"}},
]


def run(*args, **kwargs):
    return subprocess.run([LANDWAITER, *map(str, args)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, errors="replace", timeout=120, check=False, **kwargs)


@pytest.fixture(scope="module")
def database(tmp_path_factory):
    feed = tmp_path_factory.mktemp("feed")
    for advisory in ADVISORIES:
        (feed / f"{advisory['id']}.json").write_text(json.dumps(advisory))
    folder = tmp_path_factory.mktemp("db") / "db"
    done = run("db", "build", "--feed", f"osv={feed}", "--output", folder)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture
def scan(database, tmp_path):
    """Writes an image as an OCI layout and scans it."""
    def scan_image(image, *flags):
        write_layout(image, str(tmp_path / "image"), "test:1")
        return run("scan", f"oci:{tmp_path / 'image'}", "--platform", "linux/amd64", "--db", database, *flags)
    return scan_image


def image_of(entries, compression="gzip", kind=OCI, config=None):
    return Image([Layer(tar_of(entries), compression)], config, kind)


def report_of(done):
    assert done.stdout, done.stderr
    return json.loads(done.stdout)


def ids(done):
    return sorted(f["id"] for p in report_of(done)["platforms"] for f in p["findings"])


@pytest.mark.parametrize("kind,compression", [(OCI, "gzip"), (OCI, "zstd"), (OCI, "plain"), (DOCKER, "gzip"),
                                              (DOCKER, "plain")])
def test_finds_what_is_there_in_every_layer_format(scan, kind, compression):
    entries = {**DEBIAN, "usr/lib/python3/dist-packages/Django-3.2.12.dist-info/METADATA": METADATA}
    done = scan(image_of(entries, compression, kind), "--format", "json")
    assert done.returncode == 0, done.stderr + done.stdout
    assert ids(done) == ["CVE-2099-0001", "CVE-2099-0002"]


def test_the_table_names_package_versions_and_ends_with_a_verdict(scan):
    done = scan(image_of(DEBIAN))
    assert done.returncode == 0, done.stderr
    for part in ("CVE-2099-0001", "openssl", "3.0.1-1", "3.0.2-1"):
        assert part in done.stdout
    assert "\x1b" not in done.stdout, "no colour where standard output is no terminal"


def test_the_same_image_gives_the_same_bytes(scan):
    first, second = (scan(image_of(DEBIAN), "--format", "json").stdout for _ in range(2))
    assert first == second and first


def test_an_upper_layer_takes_away_what_a_lower_one_had(scan):
    lower = tar_of({**DEBIAN, "opt/lib/Django-3.2.12.dist-info/METADATA": METADATA})
    upper = tar_of({"opt/lib/.wh.Django-3.2.12.dist-info": b""})
    done = scan(Image([Layer(lower), Layer(upper)]), "--format", "json")
    assert ids(done) == ["CVE-2099-0001"]


POLICY = """apiVersion: landwaiter.io/v1alpha1
kind: ScanPolicy
metadata: {{name: test}}
spec:
  {extra}
  rules:
  - name: no-critical
    vulnerabilities: {{severityAtLeast: Critical}}
"""


@pytest.mark.parametrize("what,extra,entries,code", [
    ("a policy that fails is 1", "enforcement: Enforce", DEBIAN, 1),
    ("a policy that only warns is 0", "enforcement: Warn", DEBIAN, 0),
    ("a package database that breaks off is 3", "onIncomplete: Deny",
     {**DEBIAN, "var/lib/dpkg/status": "Package: openssl\nStatus: install ok inst"}, 3),
    ("what the policy accepts as incomplete is 0", "onIncomplete: Allow",
     {"etc/os-release": "ID=nosuch\nVERSION_ID=1\n", "var/lib/dpkg/status": STATUS}, 0),
])
def test_exit_code_by_policy(scan, tmp_path, what, extra, entries, code):
    policy = tmp_path / "policy.yaml"
    policy.write_text(POLICY.format(extra=extra))
    done = scan(image_of(entries), "--policy", policy)
    assert done.returncode == code, f"{what}: {done.stdout}{done.stderr}"


@pytest.mark.parametrize("what,entries,parts", [
    ("truncated dpkg status", {**DEBIAN, "var/lib/dpkg/status": STATUS[:-40]}, ["dpkg", "var/lib/dpkg/status"]),
    ("dpkg status that is no text", {**DEBIAN, "var/lib/dpkg/status": b"\x00\xff" * 500}, ["dpkg", "var/lib/dpkg/status"]),
    ("truncated apk database", {"etc/os-release": "ID=alpine\nVERSION_ID=3.18.0\n",
                                "lib/apk/db/installed": "P:musl\nV:1.2.4-r0\nA:x8"}, ["lib/apk/db/installed"]),
    ("an operating system without a feed and without packages that are known", {"etc/os-release": "ID=nosuch\nVERSION_ID=1\n"},
     ["nosuch"]),
    ("an rpm database that is none inside", {"etc/os-release": "ID=rocky\nVERSION_ID=9.3\n",
                                            "var/lib/rpm/rpmdb.sqlite": b"SQLite format 3\x00" + bytes(4080)},
     ["var/lib/rpm/rpmdb.sqlite"]),
    ("an operating system without a feed", {"etc/os-release": "ID=nosuch\nVERSION_ID=1\n", "var/lib/dpkg/status": STATUS},
     ["nosuch"]),
])
def test_what_could_not_be_read_is_said_and_is_never_clean(scan, what, entries, parts):
    done = scan(image_of(entries))
    assert done.returncode == 3, f"{what}: exit {done.returncode}\n{done.stdout}{done.stderr}"
    for part in parts:
        assert part in done.stdout, f"{what}: {part} not in\n{done.stdout}"


def broken(image, change):
    change(image)
    image.digest = "sha256:" + hashlib.sha256(image.manifest).hexdigest()
    return image


def rewrite(image, **changes):
    manifest = json.loads(image.manifest)
    for path, value in changes.items():
        if path == "layer_type":
            manifest["layers"][0]["mediaType"] = value
        elif path == "layer_size":
            manifest["layers"][0]["size"] = value
        elif path == "media_type":
            manifest["mediaType"] = image.media_type = value
    image.manifest = json.dumps(manifest).encode()


def with_layer_bytes(data):
    """An image whose blob is not what its digest says: same name, other content."""
    image = image_of(DEBIAN)
    layer = image.layers[0]
    layer.blob._data = data(layer.blob._data)  # pylint: disable=protected-access
    return image


def with_diff_id(diff_id):
    layer = Layer(tar_of(DEBIAN))
    layer.diff_id = diff_id
    return Image([layer])


def bomb():
    """1 GiB of zeros in about 1 MB: ratio 1000 is passed after the first 100 MiB."""
    return gzip.compress(b"\0" * (1 << 30), 6, mtime=0)


def layer_of_bytes(data, diff_id="sha256:" + "0" * 64):
    layer = Layer(tar_of(DEBIAN))
    blob = layer.blob
    blob._data, blob.size = data, len(data)  # pylint: disable=protected-access
    blob.digest = "sha256:" + hashlib.sha256(data).hexdigest()
    layer.diff_id = diff_id
    return Image([layer])


@pytest.mark.parametrize("what,make,reason", [
    ("a blob that differs from its digest", lambda: with_layer_bytes(lambda d: d[:-9] + b"x" + d[-8:]), "DigestMismatch"),
    ("a blob cut short", lambda: with_layer_bytes(lambda d: d[:-20]), "DigestMismatch"),
    ("a tar that differs from its diffID", lambda: with_diff_id("sha256:" + "1" * 64), "DigestMismatch"),
    ("a layer of an unknown media type",
     lambda: broken(image_of(DEBIAN), lambda i: rewrite(i, layer_type="application/x-surprise")), "UnsupportedMediaType"),
    ("a manifest of an unknown media type",
     lambda: broken(image_of(DEBIAN), lambda i: rewrite(i, media_type="application/x-surprise")), "UnsupportedMediaType"),
    ("a gzip stream that breaks off inside",
     lambda: layer_of_bytes(gzip.compress(tar_of(DEBIAN), mtime=0)[:-40]), ""),
    ("a gzip bomb", lambda: layer_of_bytes(bomb()), "TooLarge"),
])
def test_an_image_that_lies_is_not_scanned(scan, what, make, reason):
    done = scan(make())
    assert done.returncode == 3, f"{what}: exit {done.returncode}\n{done.stdout}{done.stderr}"
    assert reason in done.stderr, f"{what}: {done.stderr}"
    assert "sha256:" in done.stderr or "surprise" in done.stderr, f"{what}: names no blob: {done.stderr}"
    assert done.stdout == "", "nothing that looks like a result"


def test_a_docker_save_archive_is_read_plain_and_gzipped(database, tmp_path):
    tar = tar_of({**DEBIAN, "app/x": Executable(b"#!/bin/sh\n"), "lib64": Symlink("usr/lib")})
    image = Image([Layer(tar, "plain")])
    plain = tmp_path / "save.tar"
    members = {"config.json": image.config._data, "layer/layer.tar": tar,  # pylint: disable=protected-access
               "manifest.json": json.dumps([{"Config": "config.json", "RepoTags": ["app:1"], "Layers": ["layer/layer.tar"]}])}
    plain.write_bytes(tar_of(members))
    packed = tmp_path / "save.tar.gz"
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    for path in (plain, packed):
        done = run("scan", path, "--db", database, "--platform", "linux/amd64", "--format", "json")
        assert done.returncode == 0, done.stderr
        assert ids(done) == ["CVE-2099-0001"]
    cut = tmp_path / "cut.tar"
    cut.write_bytes(plain.read_bytes()[:2500])
    done = run("scan", cut, "--db", database)
    assert done.returncode == 3 and "cut.tar" in done.stderr, done.stderr


def test_an_oci_layout_in_a_tar_is_read(database, tmp_path):
    write_layout(image_of(DEBIAN), str(tmp_path / "layout"), "app:1")
    with tarfile.open(tmp_path / "layout.tar", "w") as tar:
        tar.add(tmp_path / "layout", ".")
    done = run("scan", tmp_path / "layout.tar", "--db", database, "--platform", "linux/amd64", "--format", "json")
    assert done.returncode == 0, done.stderr
    assert ids(done) == ["CVE-2099-0001"]


def test_of_an_index_only_the_wanted_platform_is_read(scan, database, tmp_path):
    amd64 = image_of(DEBIAN)
    arm64 = Image([Layer(tar_of({**DEBIAN, "var/lib/dpkg/status": STATUS.replace("3.0.1", "3.0.9")}))],
                  platform="linux/arm64/v8")
    index = Index([amd64, arm64])
    assert ids(scan(index, "--format", "json")) == ["CVE-2099-0001"]
    done = run("scan", f"oci:{tmp_path / 'image'}", "--db", database, "--platform", "linux/s390x")
    assert done.returncode == 3
    assert "NoMatchingPlatform" in done.stderr and "linux/arm64/v8" in done.stderr, done.stderr


@pytest.mark.parametrize("args", [
    ["scan"],
    ["scan", "registry.example/Upper:1"],
    ["scan", "x", "--platform", "amd64"],
    ["scan", "x", "--severity", "dire"],
    ["scan", "x", "--format", "xml"],
    ["scan", "x", "--policy", "/nowhere.yaml"],
    ["scan", "x", "--no-such-flag"],
    ["scan", "oci:/nowhere"],
    ["nosuch"],
])
def test_bad_usage_is_2_and_says_what(args):
    done = run(*args)
    assert done.returncode == 2, done.stdout + done.stderr
    assert done.stderr.strip()


@pytest.mark.parametrize("flags", [["--format", "json"], ["--policy", f"{ROOT}/manifests/policies/baseline.yaml"],
                                   ["--platform", "linux/amd64"], ["--format", "table", "--format", "json=/dev/null"]])
def test_a_flag_takes_one_value_and_what_follows_it_is_the_image(tmp_path, flags):
    done = run("scan", "--db", tmp_path / "none", *flags, "nginx")
    assert done.returncode == 3 and "landwaiter db build" in done.stderr, done.stderr


def test_without_a_database_the_command_that_makes_one_is_named(tmp_path):
    done = run("scan", "nginx", "--db", tmp_path / "none")
    assert done.returncode == 3
    assert "landwaiter db build" in done.stderr


def test_severity_and_unfixed_filter_what_is_shown_and_exit_code_follows(scan):
    image = image_of({**DEBIAN, "x/Django-3.2.12.dist-info/METADATA": METADATA})
    assert scan(image, "--exit-code", "7").returncode == 7
    done = scan(image, "--severity", "critical", "--format", "json")
    assert "CVE-2099-0002" not in [f["id"] for p in report_of(done)["platforms"] for f in p["findings"]]


def test_what_an_author_wrote_cannot_steer_the_terminal(scan):
    name = "x/Django\x1b[2Jevil-1.dist-info/METADATA"
    done = scan(image_of({**DEBIAN, name: "Metadata-Version: 2.1\nName: a\x1b[31mb\nVersion: 1\n\n"}))
    assert "\x1b" not in done.stdout + done.stderr


@pytest.mark.parametrize("metadata,code,said", [
    ("3.2.12", 1, ["reported: Django 3.2.12, High", "TEST-2 of osv for PyPI: affected", "mended in 3.2.13"]),
    ("3.2.13", 0, ["not reported", "mended in 3.2.13, which this version has"]),
    ("3.1.0", 0, ["not reported", "speaks of other versions (from 3.2 below 3.2.13)"]),
])
def test_explain_says_why_a_vulnerability_is_reported_or_not(database, tmp_path, metadata, code, said):
    image = image_of({f"x/Django-{metadata}.dist-info/METADATA":
                      f"Metadata-Version: 2.1\nName: Django\nVersion: {metadata}\n\n"})
    write_layout(image, str(tmp_path / "image"), "test:1")
    for name in ("CVE-2099-0002", "TEST-2"):
        done = run("explain", f"oci:{tmp_path / 'image'}", name, "--platform", "linux/amd64", "--db", database)
        assert done.returncode == code, done.stdout + done.stderr
        for part in said:
            assert part in done.stdout


def test_explain_of_what_nobody_knows_is_3(database, tmp_path):
    write_layout(image_of(DEBIAN), str(tmp_path / "image"), "test:1")
    done = run("explain", f"oci:{tmp_path / 'image'}", "CVE-1999-9999", "--db", database)
    assert done.returncode == 3
    assert "no advisory in the database bears the name CVE-1999-9999" in done.stderr


@pytest.mark.parametrize("what,extra,code", [
    ("without a policy it is 3", None, 3),
    ("a policy without maxDatabaseAge decides as ever", "enforcement: Warn", 0),
    ("one with a maxDatabaseAge decides by that", "maxDatabaseAge: 72h", 3),
    ("one that takes old databases does not fail for it", "maxDatabaseAge: 30000d", 0),
])
def test_a_stale_database_is_coverage_and_fails_where_no_policy_decides(database, tmp_path, what, extra, code):
    # Pitfall 145.
    stale = shutil.copytree(database, tmp_path / "stale")
    manifest = json.loads((stale / "manifest.json").read_text())
    manifest["builtAt"] = "2026-01-01T00:00:00Z"
    (stale / "manifest.json").write_text(json.dumps(manifest))
    fine = STATUS.replace("3.0.1-1", "3.0.2-1")
    write_layout(image_of({**DEBIAN, "var/lib/dpkg/status": fine}), str(tmp_path / "image"), "test:1")
    flags = []
    if extra:
        (tmp_path / "policy.yaml").write_text(POLICY.format(extra=extra))
        flags = ["--policy", tmp_path / "policy.yaml"]
    where = (f"oci:{tmp_path / 'image'}", "--platform", "linux/amd64", "--db", stale)
    done = run("scan", *where, "--format", "json", *flags)
    assert done.returncode == code, f"{what}: {done.stdout}{done.stderr}"
    report = report_of(done)
    lines = [c for c in report["platforms"][0]["coverage"] if c["source"] == "database"]
    assert [c["state"] for c in lines] == ["Stale"] and "of 2026-01-01T00:00:00Z" in lines[0]["reason"], what
    assert report["complete"] is False, what
    table = run("scan", *where, *flags)
    assert "Stale" in table.stdout and "2026-01-01T00:00:00Z" in table.stdout, table.stdout
    explained = run("explain", where[0], "TEST-1", *where[1:])
    assert explained.returncode == 0 and "database (Stale): " in explained.stdout, explained.stdout
    assert "\nStale: " in run("db", "status", "--db", stale).stdout
