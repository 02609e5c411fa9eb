"""Files of packages held against the packages' own records: dpkg's, apk's; on the command line, and what cannot be checked."""

import base64
import hashlib
import json

import pytest

from imagewriter import Image, Layer, Symlink, tar_of
from objects import pod, policy
from test_collected import judging
from test_scan_command import DEBIAN, STATUS, database, scan  # pylint: disable=unused-import

RULE = {"name": "whole", "integrity": {}}
TOOL, CONF = b"\x7fELF tool", b"key = value\n"
FILES = {"usr/bin/tool": TOOL, "usr/share/doc/openssl/changelog.gz": b"changes"}


def _md5(content):
    return hashlib.md5(content).hexdigest()  # noqa: S324: what dpkg has


def debian(**more):
    """Two packages of whose files one has some, as dpkg records them."""
    sums = "".join(f"{_md5(content)}  {path}\n" for path, content in FILES.items())
    status = STATUS.replace("Package: openssl\n", f"Package: openssl\nConffiles:\n /etc/tool.conf {_md5(CONF)}\n", 1)
    return {**DEBIAN, "var/lib/dpkg/status": status, "var/lib/dpkg/info/openssl.md5sums": sums,
            "var/lib/dpkg/info/openssl.list": "/.\n/usr\n/usr/bin\n" + "".join(f"/{path}\n" for path in FILES),
            "var/lib/dpkg/info/zlib1g.list": "/.\n", "etc/tool.conf": CONF, **FILES, **more}


def alpine(**more):
    def checksum(content):
        return "Q1" + base64.b64encode(hashlib.sha1(content).digest()).decode()
    record = (f"P:tool\nV:1.0-r0\nA:x86_64\no:tool\nL:MIT\nF:usr\nF:usr/bin\nR:tool\na:0:0:755\nZ:{checksum(TOOL)}\n"
              f"R:link\na:0:0:777\nZ:{checksum(b'/usr/bin/tool')}\n\n")
    return {"etc/os-release": "ID=alpine\nVERSION_ID=3.20.1\n", "lib/apk/db/installed": record, "usr/bin/tool": TOOL,
            "usr/bin/link": Symlink("/usr/bin/tool"), "etc/passwd": "root:x:0:0::/:/bin/sh\n", **more}


def layers(*entries):
    return Image([Layer(tar_of(one)) for one in entries])


WHOLE = {
    "Debian": layers(debian()),
    "Alpine": layers(alpine()),
    "a changed configuration file": layers(debian(**{"etc/tool.conf": b"other"})),
    "documentation that the image leaves out": layers(
        {path: content for path, content in debian(**{"etc/dpkg/dpkg.cfg.d/docker": "path-exclude /usr/share/doc/*\n"}).items()
         if not path.startswith("usr/share/doc")}),
}


@pytest.mark.parametrize("case", WHOLE)
def test_files_as_their_packages_brought_them_pass(scan, tmp_path, case):
    done = scan(WHOLE[case], "--policy", judging(tmp_path, RULE))
    assert done.returncode == 0, done.stdout + done.stderr


BROKEN = {
    "a program that a layer replaces": (layers(debian(), {"usr/bin/tool": b"evil"}), {},
                                        "/usr/bin/tool of package openssl is not as the package brought it (written by layer 2)"),
    "a program that a layer deletes": (layers(debian(), {"usr/bin/.wh.tool": b""}), {}, "/usr/bin/tool of package openssl is missing"),
    "documentation that somebody deleted": (layers(debian(), {"usr/share/doc/.wh.openssl": b""}), {},
                                            "/usr/share/doc/openssl/changelog.gz of package openssl is missing"),
    "a configuration file where that counts": (layers(debian(**{"etc/tool.conf": b"other"})), {"exceptConfig": False}, "/etc/tool.conf"),
    "a program of Alpine's": (layers(alpine(), {"usr/bin/tool": b"evil"}), {}, "/usr/bin/tool of package tool"),
    "a link of Alpine's": (layers(alpine(), {"usr/bin/link": Symlink("/tmp/evil"), "tmp/evil": b"evil"}), {}, "/usr/bin/link of package tool"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_what_differs_fails_the_policy(scan, tmp_path, case):
    image, fields, says = BROKEN[case]
    done = scan(image, "--policy", judging(tmp_path, {"name": "r", "integrity": fields}))
    assert done.returncode == 1 and says in done.stdout, done.stdout + done.stderr


UNKNOWN = {
    "a package without a record": (layers({k: v for k, v in debian().items() if not k.endswith("zlib1g.list")}),
                                   "1 package has no record of the files, the first is zlib1g"),
    "files without sums": (layers({k: v for k, v in debian().items() if not k.endswith(".md5sums")}), "have no checksum on record"),
}


@pytest.mark.parametrize("case", UNKNOWN)
def test_what_cannot_be_checked_is_not_passed(scan, tmp_path, case):
    image, says = UNKNOWN[case]
    done = scan(image, "--policy", judging(tmp_path, RULE))
    assert done.returncode == 3 and "coverage integrity is Failed" in done.stdout and says in done.stdout, done.stdout + done.stderr
    done = scan(image, "--policy", judging(tmp_path, {"name": "checked", "coverage": {"require": ["Integrity"]}}))
    assert done.returncode == 1 and "Integrity: integrity is Failed" in done.stdout, done.stdout + done.stderr


def test_the_report_lists_what_differs(scan, tmp_path):
    image = layers(debian(), {"usr/bin/tool": b"evil"})
    done = scan(image, "--policy", judging(tmp_path, RULE), "--format", "json")
    assert json.loads(done.stdout)["platforms"][0]["integrity"] == [
        {"path": "usr/bin/tool", "package": "openssl", "fault": "Changed", "config": False, "layer": 1}]
    assert "changed  /usr/bin/tool  openssl" in scan(image, "--policy", judging(tmp_path, RULE)).stdout
    assert json.loads(scan(image, "--format", "json").stdout)["platforms"][0]["integrity"] is None


def test_a_kept_reading_says_the_same(scan, tmp_path):
    flags = ("--layer-cache", tmp_path / "cache", "--policy", judging(tmp_path, RULE))
    for _ in range(2):
        assert scan(layers(debian()), *flags).returncode == 0
        assert scan(layers(debian(), {"usr/bin/tool": b"evil"}), *flags).returncode == 1


def test_a_policy_denies_a_pod_of_an_image_that_was_tampered_with(system, namespace):
    system.enforce(namespace, policy(f"integrity-{namespace}", RULE, namespace=namespace, waitSeconds=8))
    bad = system.push(layers(debian(), {"usr/bin/tool": namespace.encode()}))
    done = system.create(pod("bad", bad.tagged, namespace))
    assert done.returncode != 0 and "/usr/bin/tool of package openssl is not as the package brought it" in done.stderr, done.stderr
    good = system.push(layers(debian(), {"srv/x": namespace.encode()}))
    done = system.create(pod("good", good.tagged, namespace))
    assert done.returncode == 0, done.stderr
