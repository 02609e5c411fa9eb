"""A chiselled Ubuntu image: no dpkg, a manifest of slices that names no source packages."""

import json
import subprocess

import pytest

from imagewriter import Image, Layer, tar_of, write_layout
from making import advisory, build_database
from test_scan_command import ids, report_of, run

NOBLE = "Ubuntu:24.04:LTS"
OS_RELEASE = 'NAME="Ubuntu"\nID=ubuntu\nVERSION_ID="24.04"\nVERSION_CODENAME=noble\nPRETTY_NAME="Ubuntu 24.04.1 LTS"\n'
FIXED = "3.0.13-0ubuntu3.4"


def manifest(packages):
    """A chisel manifest of {name: version}: jsonwall, as zstd."""
    lines = [{"kind": "package", "name": name, "version": version, "sha256": "aa", "arch": "amd64"}
             for name, version in sorted(packages.items())]
    lines += [{"kind": "slice", "name": f"{name}_libs"} for name in sorted(packages)]
    wall = [{"jsonwall": "1.0", "schema": "1.0", "count": len(lines) + 1}, *lines]
    text = "".join(json.dumps(line, separators=(",", ":")) + "\n" for line in wall)
    return subprocess.run(["zstd", "-q", "-c"], input=text.encode(), stdout=subprocess.PIPE, check=True).stdout


def of_source(record, binaries, version):
    """The record, with the binary packages that Ubuntu lists of its fix."""
    record["affected"][0]["ecosystem_specific"]["binaries"] = [
        {"binary_name": name, "binary_version": version} for name in binaries]
    return record


@pytest.fixture(scope="module", name="database")
def fixture_database(tmp_path_factory):
    return build_database(tmp_path_factory.mktemp("chiselled") / "db", [
        of_source(advisory("UBUNTU-CVE-2099-1", "openssl", fixed=FIXED, ecosystem=NOBLE), ["libssl3t64", "openssl"], FIXED),
        advisory("UBUNTU-CVE-2099-2", "zlib", fixed="1:1.3-2", ecosystem=NOBLE)])


CASES = {
    "an old slice": ({"libssl3t64": "3.0.13-0ubuntu3.1"}, ["UBUNTU-CVE-2099-1"], "Read"),
    "a mended slice": ({"libssl3t64": FIXED}, [], "Read"),
    "a slice of which nothing is told": ({"libssl3t64": FIXED, "libpng16-16t64": "1.6.43-5build1"}, [], "Failed"),
}


# Pitfall 56.
@pytest.mark.parametrize("case", CASES)
def test_a_slice_is_matched_by_the_source_that_ubuntus_feed_names(database, tmp_path, case):
    packages, found, state = CASES[case]
    image = Image([Layer(tar_of({"etc/os-release": OS_RELEASE, "var/lib/chisel/manifest.wall": manifest(packages)}))])
    write_layout(image, str(tmp_path / "image"), "test:1")
    done = run("scan", f"oci:{tmp_path / 'image'}", "--db", database, "--format", "json")
    assert ids(done) == found
    platform = report_of(done)["platforms"][0]
    assert [c["state"] for c in platform["coverage"] if c["source"] == "advisories"] == [state], done.stdout
    assert all(f["sourcePackage"] == "openssl" for f in platform["findings"]), done.stdout
