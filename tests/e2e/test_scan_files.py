"""`landwaiter scan dir:` and `scan sbom:` as a person runs them."""

import json
import os

import pytest

from test_scan_command import DEBIAN, METADATA, POLICY, database, ids, image_of, report_of, run, scan  # noqa: F401  pylint: disable=unused-import

LOCK = {"lockfileVersion": 3, "packages": {
    "": {"name": "app"},
    "node_modules/lodash": {"version": "4.17.20"},
    "node_modules/mocha": {"version": "9.0.0", "dev": True},
    "node_modules/forked": {"version": "1.0.0", "resolved": "git+ssh://git@example.com/forked.git#0"}}}


def write(folder, files):
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content if isinstance(content, str) else json.dumps(content))
    return folder


@pytest.fixture
def files(database, tmp_path):  # noqa: F811
    """Writes a folder and scans it."""
    def scan_files(content, *flags):
        return run("scan", f"dir:{write(tmp_path / 'files', content)}", "--db", database, "--format", "json", *flags)
    return scan_files


def packages(done):
    return sorted(f"{p['name']} {p['version']}{' dev' if p['dev'] else ''}"
                  for p in report_of(done)["platforms"][0]["packages"])


def coverage(done, source):
    return next(c for c in report_of(done)["platforms"][0]["coverage"] if c["source"] == source)


def test_lock_files_of_a_folder_are_its_packages(files):
    done = files({"app/requirements.txt": "Django==3.2.12\nflask>=1.0\n"})
    assert ids(done) == ["CVE-2099-0002"], done.stderr
    assert done.returncode == 0
    assert coverage(done, "requirements")["reason"] == "1 without a published version left out"


def test_findings_exit_with_the_code_that_was_asked_for(files):
    assert files({"requirements.txt": "Django==3.2.12\n"}, "--exit-code", 7).returncode == 7


def test_a_policy_fails_a_folder(files, tmp_path):
    (tmp_path / "policy.yaml").write_text(POLICY.format(extra="enforcement: Enforce").replace("Critical", "High"))
    done = files({"requirements.txt": "Django==3.2.12\n"}, "--policy", tmp_path / "policy.yaml")
    assert done.returncode == 1, done.stdout + done.stderr


def test_packages_for_development_are_left_out_unless_asked_for(files):
    done = files({"package-lock.json": LOCK})
    assert packages(done) == ["lodash 4.17.20"]
    assert coverage(done, "package-lock")["reason"] == (
        "1 without a published version left out, 1 for development left out")
    assert packages(files({"package-lock.json": LOCK}, "--dev")) == ["lodash 4.17.20", "mocha 9.0.0 dev"]


def test_what_is_declared_and_installed_is_listed_once(files):
    done = files({"package-lock.json": LOCK,
                  "node_modules/lodash/package.json": {"name": "lodash", "version": "4.17.20"}})
    assert [p["foundBy"] for p in report_of(done)["platforms"][0]["packages"]] == ["npm"]


def test_a_root_file_system_is_scanned_as_its_image_would_be(files):
    done = files({**DEBIAN, "usr/lib/python3/dist-packages/Django-3.2.12.dist-info/METADATA": METADATA})
    assert ids(done) == ["CVE-2099-0001", "CVE-2099-0002"]
    assert report_of(done)["platforms"][0]["os"]["family"] == "debian"


def test_a_database_behind_a_link_is_read(files, tmp_path):
    write(tmp_path / "files", {"etc/os-release": DEBIAN["etc/os-release"],
                               "srv/db/status": DEBIAN["var/lib/dpkg/status"]})
    (tmp_path / "files/var/lib").mkdir(parents=True)
    os.symlink("/srv/db", tmp_path / "files/var/lib/dpkg")
    assert ids(files({})) == ["CVE-2099-0001"]


def test_links_lead_nowhere_outside(files, tmp_path):
    write(tmp_path / "outside", {"requirements.txt": "Django==3.2.12\n"})
    (tmp_path / "files").mkdir()
    os.symlink(tmp_path / "outside", tmp_path / "files/link")
    os.symlink(tmp_path / "outside/requirements.txt", tmp_path / "files/requirements.txt")
    os.symlink("..", tmp_path / "files/loop")
    done = files({})
    assert packages(done) == [] and done.returncode == 0, done.stdout


def test_lists_that_are_included_are_read_whatever_their_names(files):
    done = files({"app/requirements.txt": "-r deps/base.in\n-c pins\nflask\n", "app/deps/base.in": "Django==3.2.12\n",
                  "app/pins": "flask==1.0\n", "app/other.in": "six==1.0\n"})
    assert packages(done) == ["Django 3.2.12", "flask 1.0"], done.stderr
    assert ids(done) == ["CVE-2099-0002"] and done.returncode == 0


def test_a_list_that_is_not_there_makes_a_folder_incomplete(files):
    done = files({"requirements.txt": "-r ../outside.txt\n-r gone.txt\nDjango==3.2.12\n"})
    assert done.returncode == 3
    reason = coverage(done, "requirements")["reason"]
    assert '"../outside.txt", which it includes, is outside of what is scanned' in reason
    assert '"gone.txt", which it includes, was not read' in reason


def test_what_a_parent_project_manages_is_a_modules_version(files):
    managed = ("<dependency><groupId>g</groupId><artifactId>a</artifactId>{}</dependency>").format
    parent = "<groupId>g</groupId><artifactId>p</artifactId><version>1</version>"
    done = files({
        "pom.xml": f"<project>{parent}<modules><module>app</module></modules><dependencyManagement><dependencies>"
                   f"{managed('<version>1.2</version>')}</dependencies></dependencyManagement></project>",
        "app/pom.xml": f"<project><parent>{parent}</parent><dependencies>{managed('')}</dependencies></project>"})
    assert packages(done) == ["g:a 1.2"], done.stderr


def test_odd_names_and_odd_files_do_no_harm(files, tmp_path):
    odd = tmp_path / "files" / "a\nb\u202e" / ("x" * 200) / ("y" * 200)
    write(odd, {"requirements.txt": "Django==3.2.12\n"})
    os.mkfifo(tmp_path / "files/requirements.txt")
    write(tmp_path / "files", {".git/requirements.txt": "flask==1.0\n", ".wh.a": ""})
    assert packages(files({})) == ["Django 3.2.12"]


def test_a_broken_lock_file_makes_a_folder_incomplete(files):
    done = files({"package-lock.json": "{", "requirements.txt": "Django==3.2.12\n"})
    assert done.returncode == 3
    assert coverage(done, "package-lock")["state"] == "Failed"
    assert ids(done) == ["CVE-2099-0002"], "the others are read all the same"


@pytest.mark.skipif(os.geteuid() == 0, reason="root opens every file")
# Pitfall 28: of a folder that may not be read, unlike of a tar.
def test_what_cannot_be_opened_is_told(files, tmp_path):
    write(tmp_path / "files", {"a/requirements.txt": "Django==3.2.12\n"})
    (tmp_path / "files/a").chmod(0)
    try:
        done = files({})
    finally:
        (tmp_path / "files/a").chmod(0o755)
    assert done.returncode == 3 and coverage(done, "folder")["state"] == "Failed"


def test_the_same_folder_gives_the_same_bytes(files):
    first, second = (files({"a/requirements.txt": "Django==3.2.12\n"}).stdout for _ in range(2))
    assert first == second and first


def test_an_image_s_lock_files_are_hints_and_no_findings(scan):  # noqa: F811
    done = scan(image_of({**DEBIAN, "app/requirements.txt": "Django==3.2.12\n", "app/yarn.lock": "broken"}),
                "--format", "json")
    assert ids(done) == ["CVE-2099-0001"] and done.returncode == 0, done.stdout
    hints = report_of(done)["platforms"][0]["hints"]
    assert [(h["name"], h["foundBy"]) for h in hints] == [("Django", "requirements")]
    assert coverage(done, "requirements")["reason"] == "1 declared, as hints only"
    assert coverage(done, "yarn-lock")["state"] == "Read" and "line 1" in coverage(done, "yarn-lock")["reason"]


SBOM = {"bomFormat": "CycloneDX", "specVersion": "1.5", "components": [
    {"type": "operating-system", "name": "debian", "version": "12"},
    {"type": "library", "name": "openssl", "purl": "pkg:deb/debian/openssl@3.0.1-1?arch=amd64&distro=debian-12"},
    {"type": "library", "name": "Django", "purl": "pkg:pypi/django@3.2.12"},
    {"type": "library", "name": "unknown", "version": "1"}]}


def test_a_document_s_packages_are_matched(database, tmp_path):  # noqa: F811
    write(tmp_path, {"x.json": SBOM})
    done = run("scan", f"sbom:{tmp_path / 'x.json'}", "--db", database, "--format", "json")
    assert ids(done) == ["CVE-2099-0001", "CVE-2099-0002"], done.stderr + done.stdout
    assert done.returncode == 0
    assert coverage(done, "sbom")["reason"].endswith(": 1 without a package URL of a known kind left out")


# Pitfall 63: Debian's feeds speak of source packages, and this document's maker knew none.
def test_a_package_whose_source_no_document_names_was_not_looked_at(database, tmp_path):  # noqa: F811
    libssl = {"type": "library", "name": "libssl3", "purl": "pkg:deb/debian/libssl3@3.0.1-1?distro=debian-12"}
    write(tmp_path, {"x.json": {**SBOM, "components": [*SBOM["components"], libssl]}})
    done = run("scan", f"sbom:{tmp_path / 'x.json'}", "--db", database, "--format", "json")
    assert ids(done) == ["CVE-2099-0001", "CVE-2099-0002"], done.stderr + done.stdout
    assert done.returncode == 3 and coverage(done, "advisories")["state"] == "Failed"
    assert coverage(done, "advisories")["reason"].startswith("1 of 2 packages: nothing records their source packages")
    libssl["purl"] += "&upstream=openssl"
    write(tmp_path, {"x.json": {**SBOM, "components": [*SBOM["components"], libssl]}})
    done = run("scan", f"sbom:{tmp_path / 'x.json'}", "--db", database, "--format", "json")
    assert ids(done) == ["CVE-2099-0001", "CVE-2099-0001", "CVE-2099-0002"] and done.returncode == 0, done.stdout


def test_what_is_no_document_is_no_empty_one(database, tmp_path):  # noqa: F811
    write(tmp_path, {"x.json": "{}"})
    done = run("scan", f"sbom:{tmp_path / 'x.json'}", "--db", database, "--format", "json")
    assert done.returncode == 3 and coverage(done, "sbom")["state"] == "Failed"


# Pitfall 36: what an image says of itself adds packages and takes none away.
def test_a_document_in_an_image_adds_packages_but_no_system_ones(scan):  # noqa: F811
    done = scan(image_of({**{n: c for n, c in DEBIAN.items() if n != "var/lib/dpkg/status"},
                          "var/lib/dpkg/status": "", "app/sbom.json": json.dumps(SBOM)}), "--format", "json")
    assert ids(done) == ["CVE-2099-0002"], done.stdout


@pytest.mark.parametrize("argument", ["dir:", "dir:/does/not/exist", "sbom:", "sbom:/does/not/exist", "sbom:/tmp",
                                      "dir:/etc/passwd"])
def test_what_is_not_there_is_bad_usage(database, argument):  # noqa: F811
    done = run("scan", argument, "--db", database)
    assert done.returncode == 2 and done.stderr.startswith("landwaiter: "), done.stderr


def test_dev_is_about_folders(database):  # noqa: F811
    assert run("scan", "alpine:3", "--dev", "--db", database).returncode == 2
