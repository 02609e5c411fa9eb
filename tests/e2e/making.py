"""Small images and advisories of the tests' own: what is in them is decided by each test."""

import itertools
import json
import os
import subprocess

from imagewriter import OCI, Image, Layer, tar_of
from roles import landwaiter

OS_RELEASE = 'ID=debian\nVERSION_ID="12"\nVERSION_CODENAME=bookworm\nPRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\n'
_salt = itertools.count(1)


def dpkg_status(packages):
    """A dpkg status file of {name: version}."""
    return "".join(f"Package: {name}\nStatus: install ok installed\nArchitecture: amd64\nVersion: {version}\n"
                   f"Maintainer: Nobody <nobody@example.com>\nDescription: {name}\n\n"
                   for name, version in sorted(packages.items()))


def debian_files(packages):
    return {"etc/os-release": OS_RELEASE, "var/lib/dpkg/status": dpkg_status(packages),
            "etc/passwd": "root:x:0:0:root:/root:/bin/sh\napp:x:1000:1000::/:/bin/sh\n"}


def debian_image(packages=None, user="1000", files=None, kind=OCI, platform="linux/amd64", **config):
    """An image with these packages (name: version), never made before: each call gives another digest,
    so that no test meets a scan of an earlier one."""
    content = {**debian_files({"base-files": "12.4", **(packages or {})}), "salt": str(next(_salt)), **(files or {})}
    return Image([Layer(tar_of(content))], {"User": user, **config}, kind=kind, platform=platform)


def advisory(identifier, package, fixed=None, severity="CRITICAL", ecosystem="Debian:12", aliases=()):
    """An OSV record: all versions of `package` below `fixed` are affected (all, where none is given)."""
    events = [{"introduced": "0"}, *([{"fixed": fixed}] if fixed else [])]
    return {"schema_version": "1.7.0", "id": identifier, "aliases": list(aliases), "modified": "2026-01-01T00:00:00Z",
            "published": "2026-01-01T00:00:00Z", "summary": f"a fault of {package}",
            "database_specific": {"severity": severity},
            "affected": [{"package": {"ecosystem": ecosystem, "name": package},
                          "ecosystem_specific": {"severity": severity}, "database_specific": {"severity": severity},
                          "ranges": [{"type": "ECOSYSTEM", "events": events}]}]}


CRITICAL, HIGH, UNFIXED = "CVE-2099-1001", "CVE-2099-1002", "CVE-2099-1003"
ADVISORIES = (
    advisory(CRITICAL, "libbad", fixed="2.0-1"),
    advisory(HIGH, "libpoor", fixed="1.5", severity="HIGH"),
    advisory(UNFIXED, "libold", severity="CRITICAL"),
)
BAD = {"libbad": "1.0-1"}


def build_database(folder, advisories=ADVISORIES, *feeds):
    """Builds an advisory database in `folder`, of other feeds ("kev=PATH"), too; where there is one, it is replaced as an operator does."""
    feed = f"{folder}-feed"
    os.makedirs(feed, exist_ok=True)
    for old in os.listdir(feed):
        os.unlink(os.path.join(feed, old))
    for record in advisories:
        with open(os.path.join(feed, f"{record['id']}.json"), "w", encoding="utf-8") as f:
            json.dump(record, f)
    done = subprocess.run([landwaiter(), "db", "build", *(f for one in (f"osv={feed}", *feeds) for f in ("--feed", one)), "--output", str(folder)],
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, f"db build: {done.stdout}{done.stderr}"
    return str(folder)
