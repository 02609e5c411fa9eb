"""The reports of `landwaiter scan` in every format, from one scan of a real image, held against their official schemas."""

import json
import os
import re
import subprocess
import xml.etree.ElementTree as ElementTree

import pytest

from imagewriter import Image, Layer, tar_of, write_layout
from making import advisory, build_database, debian_files
from roles import ROOT, landwaiter

VALIDATED = ("sarif", "cyclonedx", "spdx", "junit", "gitlab", "openvex")
FORMATS = ("table", "json", "markdown", *VALIDATED, "html", "xccdf", "arf")

ADVISORIES = (
    advisory("CVE-2099-2001", "libbad", fixed="2.0-1"),
    advisory("CVE-2099-2002", "libpoor", severity="LOW"),
    advisory("CVE-2099-2003", "django", fixed="3.2.13", severity="HIGH", ecosystem="PyPI"),
)
PACKAGES = {"base-files": "12.4", "libbad": "1.0-1", "libpoor": "1.4"}


def metadata(name, version, licence):
    return f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\nLicense: {licence}\n\n"


SITE = "usr/lib/python3/dist-packages"
LAYERS = [
    debian_files(PACKAGES),
    {f"{SITE}/Django-3.2.12.dist-info/METADATA": metadata("Django", "3.2.12", "BSD-3-Clause"),
     f"{SITE}/other-1.0.dist-info/METADATA": metadata("other", "1.0", "mit or Apache-2.0"),
     f"{SITE}/odd-1.0.dist-info/METADATA": metadata("odd", "1.0", "Dual License (see \"COPYING\")")},
]
# What authors of packages may write to reach whoever reads a report.
EVIL = ("\x1b[2Jred", "a|b`c`", "<script>alert(1)</script>", "::error::pwned", "##[error]pwned", "##vso[task.complete]",
        "@everyone", "[x](javascript:alert(1))", "{0}", "=cmd()", "a&b;'\"", "\u202egnp.exe", "]]>", "]]>\ufffe")
POLICY = """apiVersion: landwaiter.io/v1alpha1
kind: ScanPolicy
metadata: {name: baseline}
spec:
  rules:
  - name: no-critical
    vulnerabilities: {severityAtLeast: High}
  - name: user
    image: {runsAsRoot: true}
  - name: labels
    action: Warn
    image: {requiredLabels: [{name: org.example/team}]}
  exceptions:
  - ids: [CVE-2099-2003]
    until: "2099-01-01"
    reason: the view is not used
"""


@pytest.fixture(scope="session")
def validate():
    """Holds the files of a scan against the official schemas; skipped where the validators cannot be had."""
    made = subprocess.run([os.path.join(ROOT, "scripts", "ensure-validators.sh")], stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, timeout=600, check=False)
    if made.returncode != 0:
        pytest.skip(f"the schemas' validators cannot be installed here: {made.stderr.strip()[-300:]}")
    python = made.stdout.strip().splitlines()[-1]

    def check(paths):
        files = [part for name in VALIDATED for part in (name, paths[name])]
        done = subprocess.run([python, os.path.join(ROOT, "tests", "e2e", "validators.py"), *files], stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=600, check=False)
        assert done.returncode == 0, f"not valid:\n{done.stdout}{done.stderr[-2000:]}"
    return check


@pytest.fixture(scope="module")
def database(tmp_path_factory):
    return build_database(tmp_path_factory.mktemp("db") / "db", ADVISORIES)


class Scanner:
    def __init__(self, database, folder):
        self.database, self.folder = database, folder

    def image(self, layers, name="image", **config):
        path = self.folder / name
        write_layout(Image([Layer(tar_of(files)) for files in layers], {"User": "1000", **config}), str(path), "test:1")
        return f"oci:{path}"

    def scan(self, image, *flags, env=None):
        return subprocess.run([landwaiter(), "scan", image, "--platform", "linux/amd64", "--db", str(self.database), *flags],
                              stdin=subprocess.DEVNULL, capture_output=True, timeout=120, check=False, cwd=self.folder,
                              env={**os.environ, **(env or {})})

    def every_format(self, image, *flags, env=None, codes=(0, 1)):
        """{format: path} of one scan."""
        paths = {name: str(self.folder / f"report.{name}") for name in FORMATS}
        done = self.scan(image, *(part for name, path in paths.items() for part in ("--format", f"{name}={path}")), *flags, env=env)
        assert done.returncode in codes, done.stderr.decode()
        assert done.stdout == b"", "every report has a file of its own"
        return paths


@pytest.fixture
def scanner(database, tmp_path):
    return Scanner(database, tmp_path)


def text_of(path):
    with open(path, "rb") as f:
        return f.read().decode("utf-8")


def document(paths, name):
    return json.loads(text_of(paths[name]))


@pytest.mark.parametrize("policy", [False, True], ids=["without a policy", "with a policy"])
def test_one_scan_writes_every_format_and_each_is_valid(scanner, validate, policy):
    flags = []
    if policy:
        (scanner.folder / "policy.yaml").write_text(POLICY)
        flags = ["--policy", "policy.yaml"]
    paths = scanner.every_format(scanner.image(LAYERS), *flags)
    validate(paths)
    for name in FORMATS:
        # SBOMs, rules and results of rules do not list vulnerabilities one by one.
        if name not in ("spdx", "junit") and (policy or name not in ("xccdf", "arf")):
            assert "CVE-2099-2001" in text_of(paths[name]), name


def test_the_documented_examples_are_what_is_written(scanner):
    """docs/outputs.md, "What each looks like": each line of an example stands in the report, in this order."""
    (scanner.folder / "policy.yaml").write_text(POLICY)
    paths = scanner.every_format(scanner.image(LAYERS), "--policy", "policy.yaml")
    text = text_of(os.path.join(ROOT, "docs", "outputs.md")).split("## What each looks like")[1].split("\n## ")[0]
    shown = set()
    for names, block in re.findall(r"^(`\w+`[^\n]*)\n\n```\w+\n(.*?)^```$", text, re.M | re.S):
        for name in re.findall(r"`(\w+)`", names):
            shown.add(name)
            report, at = text_of(paths[name]), 0
            for line in (line.strip() for line in block.splitlines() if "…" not in line and line.strip() not in ("{", "}", "")):
                found = report.find(line, at)
                assert found >= 0, f"{name}: {line}"
                at = found + len(line)
    assert shown == set(FORMATS) - {"html"}


def test_the_table_goes_to_standard_output_and_sarif_to_a_file_from_one_scan(scanner):
    done = scanner.scan(scanner.image(LAYERS), "--format", "table", "--format", "sarif=out.sarif")
    assert done.returncode == 0, done.stderr
    assert done.stdout.decode().rstrip().splitlines()[-1].startswith("Verdict:")
    assert json.loads((scanner.folder / "out.sarif").read_text())["version"] == "2.1.0"


@pytest.mark.parametrize("flags,word", [
    (["--format", "yaml"], "none of table, json"),
    (["--format", "json", "--format", "sarif"], "more than one --format without a file"),
    (["--format", "sarif="], "names no file"),
    (["--format", "sarif=x", "--format", "json=x"], "more than one report"),
    (["--format", "sarif=x", "--output", "y"], "every --format names a file"),
])
def test_flags_that_contradict_each_other_are_bad_usage(scanner, flags, word):
    done = scanner.scan(scanner.image(LAYERS), *flags)
    assert done.returncode == 2
    assert word in done.stderr.decode()
    assert not (scanner.folder / "x").exists(), "nothing is written where something is wrong"


def test_a_report_that_cannot_be_written_is_no_success(scanner):
    done = scanner.scan(scanner.image(LAYERS), "--format", "sarif=/nonesuch/x", "--format", "table")
    assert done.returncode == 3
    assert "/nonesuch/x" in done.stderr.decode()


def test_a_device_is_written_into_and_not_replaced(scanner):
    pipe = scanner.folder / "pipe"
    os.mkfifo(pipe)
    with subprocess.Popen(["cat", pipe], stdout=subprocess.PIPE) as reader:
        done = scanner.scan(scanner.image(LAYERS), "--format", f"json={pipe}")
        assert done.returncode == 0, done.stderr
        assert json.loads(reader.communicate(timeout=60)[0])["schemaVersion"] == 1


def test_the_same_scan_gives_the_same_bytes_in_every_format(scanner):
    image = scanner.image(LAYERS)
    first = {name: text_of(path) for name, path in scanner.every_format(image).items()}
    assert {name: text_of(path) for name, path in scanner.every_format(image).items()} == first


def test_documents_are_dated_by_the_database_or_by_the_caller(scanner):
    image = scanner.image(LAYERS)
    paths = scanner.every_format(image)
    built = document(paths, "json")["database"]["builtAt"]
    assert document(paths, "spdx")["creationInfo"]["created"] == built
    paths = scanner.every_format(image, env={"SOURCE_DATE_EPOCH": "86400"})
    assert document(paths, "spdx")["creationInfo"]["created"] == "1970-01-02T00:00:00Z"
    assert document(paths, "cyclonedx")["metadata"]["timestamp"] == "1970-01-02T00:00:00Z"
    assert scanner.scan(image, env={"SOURCE_DATE_EPOCH": "soon"}).returncode == 2


def test_what_an_exception_excuses_is_suppressed_and_skipped(scanner):
    (scanner.folder / "policy.yaml").write_text(POLICY)
    paths = scanner.every_format(scanner.image(LAYERS), "--policy", "policy.yaml")
    results = document(paths, "sarif")["runs"][0]["results"]
    suppressed = {r["ruleId"]: r["suppressions"] for r in results if "suppressions" in r}
    assert list(suppressed) == ["CVE-2099-2003"]
    assert "the view is not used" in suppressed["CVE-2099-2003"][0]["justification"]
    analysis = {v["id"]: v.get("analysis", {}) for v in document(paths, "cyclonedx")["vulnerabilities"]}
    assert "the view is not used" in analysis["CVE-2099-2003"]["detail"]
    assert "detail" not in analysis["CVE-2099-2001"]


def test_a_vex_document_that_is_written_is_read_back(scanner):
    """Believed once and written out, a statement takes the same finding out of the next scan, and no other image's."""
    believed = {"@context": "https://openvex.dev/ns/v0.2.0", "@id": "https://example.com/1", "author": "us", "version": 1,
                "timestamp": "2026-01-01T00:00:00Z", "statements": [{
                    "vulnerability": {"name": "CVE-2099-2003"}, "status": "not_affected", "justification": "component_not_present",
                    "products": [{"@id": "pkg:pypi/django"}]}]}
    (scanner.folder / "ours.json").write_text(json.dumps(believed))
    image, other = scanner.image(LAYERS), scanner.image([{**LAYERS[0], "salt": "1"}, LAYERS[1]], "other")
    assert scanner.scan(image, "--vex", "ours.json", "--format", "openvex=image.vex.json").returncode == 0
    stated = {s["vulnerability"]["name"]: s for s in json.loads((scanner.folder / "image.vex.json").read_text())["statements"]}
    assert {name: s["status"] for name, s in stated.items()} == {
        "CVE-2099-2001": "affected", "CVE-2099-2002": "affected", "CVE-2099-2003": "not_affected"}
    assert stated["CVE-2099-2003"]["status_notes"] == "as stated by https://example.com/1"

    def taken_out(of):
        done = scanner.scan(of, "--vex", "image.vex.json", "--format", "json")
        assert done.returncode == 0, done.stderr
        return [s["finding"]["id"] for s in json.loads(done.stdout)["platforms"][0]["suppressed"]]
    assert taken_out(image) == ["CVE-2099-2003"] and taken_out(other) == []


def test_a_rule_is_a_test_case_that_fails_as_the_policy_does(scanner):
    (scanner.folder / "policy.yaml").write_text(POLICY)
    paths = scanner.every_format(scanner.image(LAYERS), "--policy", "policy.yaml")
    suites = {s.get("name"): s for s in ElementTree.parse(paths["junit"]).getroot()}
    rules = {c.get("name"): [child.tag for child in c] for c in suites["Policy baseline"]}
    assert rules == {"no-critical": ["failure"], "user": [], "labels": ["system-out"]}


def test_each_finding_names_its_layer_and_its_path(scanner):
    paths = scanner.every_format(scanner.image(LAYERS))
    layers = [layer["digest"] for layer in document(paths, "json")["platforms"][0]["layers"]]
    results = {r["ruleId"]: r["locations"][0] for r in document(paths, "sarif")["runs"][0]["results"]}
    assert results["CVE-2099-2003"]["physicalLocation"]["artifactLocation"]["uri"] == f"{SITE}/Django-3.2.12.dist-info/METADATA"
    assert [place["fullyQualifiedName"] for place in results["CVE-2099-2003"]["logicalLocations"]][1] == layers[1]
    assert [place["fullyQualifiedName"] for place in results["CVE-2099-2001"]["logicalLocations"]][1] == layers[0]


def test_licences_are_expressions_or_references_to_their_text(scanner):
    paths = scanner.every_format(scanner.image(LAYERS))
    spdx = document(paths, "spdx")
    declared = {p["name"]: p["licenseDeclared"] for p in spdx["packages"]}
    assert declared["Django"] == "BSD-3-Clause"
    assert declared["other"] == "MIT OR Apache-2.0"
    texts = {x["licenseId"]: x["extractedText"] for x in spdx["hasExtractedLicensingInfos"]}
    assert texts[declared["odd"]] == 'Dual License (see "COPYING")'
    licences = {c["name"]: c.get("licenses") for c in document(paths, "cyclonedx")["components"]}
    assert licences["other"] == [{"expression": "MIT OR Apache-2.0"}]
    assert licences["odd"] == [{"license": {"name": 'Dual License (see "COPYING")'}}]


def test_what_packages_authors_wrote_stays_in_its_place(scanner, validate):
    files = debian_files(PACKAGES)
    for number, evil in enumerate(EVIL):
        folder = f"opt/{number}/{evil.replace('/', '_')}/Django-3.2.12.dist-info"
        files[f"{folder}/METADATA"] = metadata("Django", f"3.2.12+{evil}", evil)
        files[f"opt/{number}/package.json"] = json.dumps({"name": evil, "version": evil, "license": evil})
        files[f"opt/{number}/node_modules/a/package.json"] = json.dumps({"name": evil, "version": "1.0.0", "license": evil})
    # Some are no names of packages at all: then it is coverage that tells of them.
    paths = scanner.every_format(scanner.image([files]), codes=(0, 3))
    validate(paths)
    assert len(document(paths, "json")["platforms"][0]["packages"]) > len(EVIL)
    for name in FORMATS:
        text = text_of(paths[name])
        assert not any(ord(c) < 32 and c != "\n" or 0x7f <= ord(c) < 0xa0 or 0x202a <= ord(c) <= 0x202e for c in text), name
        assert not any(line.lstrip().startswith("::") for line in text.splitlines()), name
    for name in ("table", "markdown", "junit"):
        assert "##[" not in text_of(paths[name]) and "##vso[" not in text_of(paths[name]), name


# What the new image of the comparisons has beside or in place of LAYERS.
NEW = [debian_files({"base-files": "12.4", "libbad": "2.0-1", "libpoor": "1.4", "libnew": "1"}), LAYERS[1],
       {"opt/app/Django-3.2.1.dist-info/METADATA": metadata("Django", "3.2.1", "BSD-3-Clause")}]


def diff(scanner, *args):
    return subprocess.run([landwaiter(), "diff", *args, "--platform", "linux/amd64", "--db", str(scanner.database)],
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120, check=False, cwd=scanner.folder)


def test_a_diff_says_what_came_in_and_what_went(scanner):
    done = diff(scanner, scanner.image(LAYERS, "old"), scanner.image(NEW, "new"), "--format", "json", "--format", "table=t",
                "--format", "markdown=m")
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    found = {what: [(f["id"], f["path"]) for f in said["findings"][what]] for what in said["findings"]}
    assert found == {"brought": [("CVE-2099-2003", "opt/app/Django-3.2.1.dist-info/METADATA")],
                     "fixed": [("CVE-2099-2001", "var/lib/dpkg/status")],
                     "stayed": [("CVE-2099-2003", f"{SITE}/Django-3.2.12.dist-info/METADATA"),
                                ("CVE-2099-2002", "var/lib/dpkg/status")]}
    packages = {what: [(p["name"], p["before"], p["after"]) for p in said["packages"][what]] for what in said["packages"]}
    assert packages == {"added": [("libnew", "", "1"), ("Django", "", "3.2.1")], "removed": [],
                        "changed": [("libbad", "1.0-1", "2.0-1")]}
    for name in ("t", "m"):
        text = (scanner.folder / name).read_text()
        for word in ("CVE-2099-2003", "CVE-2099-2001", "libnew", "2.0-1"):
            assert word in text, f"{name}: {word}"


@pytest.mark.parametrize("severity,code", [("critical", 0), ("high", 1), ("low", 1), ("severe", 2)])
def test_fail_on_new_looks_at_what_came_in_alone(scanner, severity, code):
    assert diff(scanner, scanner.image(LAYERS, "old"), scanner.image(NEW, "new"), "--fail-on-new", severity).returncode == code
    same = diff(scanner, scanner.image(LAYERS, "old"), scanner.image(LAYERS, "new"), "--fail-on-new", severity)
    assert same.returncode == (2 if code == 2 else 0)


def test_reports_are_compared_as_their_images_are(scanner):
    old, new = scanner.image(LAYERS, "old"), scanner.image(NEW, "new")
    images = json.loads(diff(scanner, old, new, "--format", "json").stdout)
    for name, image in (("old.json", old), ("new.json", new)):
        assert scanner.scan(image, "--format", f"json={name}").returncode == 0
    for sides in (("report:old.json", "report:new.json"), ("report:old.json", new), (old, "report:new.json")):
        done = diff(scanner, *sides, "--format", "json")
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout) == images


@pytest.mark.parametrize("what,sides,code,word", [
    ("a report that is not there", ("report:none.json", "report:none.json"), 3, "none.json"),
    ("a file that is none", ("report:other.json", "report:other.json"), 3, "schemaVersion"),
    ("a report that hides findings", ("report:filtered.json", "report:filtered.json"), 3, "--severity"),
    ("no file", ("report:", "report:"), 2, "names no file"),
    ("no image", ("oci:none", "oci:none"), 2, "none"),
])
def test_a_side_that_cannot_be_read_is_said(scanner, what, sides, code, word):
    (scanner.folder / "other.json").write_text('{"bomFormat": "CycloneDX"}')
    assert scanner.scan(scanner.image(LAYERS), "--severity", "high", "--format", "json=filtered.json").returncode == 0
    done = diff(scanner, *sides)
    assert done.returncode == code, f"{what}: {done.stderr}"
    assert word in done.stderr and done.stdout == "", what


def test_a_comparison_with_what_could_not_be_read_is_not_complete(scanner):
    broken = [{**LAYERS[0], "var/lib/dpkg/status": "Package: libbad\nStatus: install ok inst"}]
    done = diff(scanner, scanner.image(LAYERS, "old"), scanner.image(broken, "new"))
    assert done.returncode == 3
    assert "not everything in the new image could be read" in done.stdout


def test_a_large_image_is_written_without_being_held(scanner):
    """99,000 packages, nearly the most that one database may hold: what all formats take beside the scan itself is bounded."""
    status = "".join(f"Package: p{n}\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1.{n}\n\n" for n in range(99_000))
    image = scanner.image([{**LAYERS[0], "var/lib/dpkg/status": status}])

    def peak(*formats):
        done = subprocess.run(
            ["python3", "-c", "import resource,subprocess,sys;r=subprocess.run(sys.argv[1:]).returncode;"
             "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, file=sys.stderr);sys.exit(r)",
             landwaiter(), "scan", image, "--platform", "linux/amd64", "--db", str(scanner.database), *formats],
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=600, check=False, cwd=scanner.folder)
        assert done.returncode == 0, done.stderr
        return int(done.stderr.split()[-1]) / 1024

    alone = peak("--format", "markdown=m")
    every = peak(*(part for name in FORMATS for part in ("--format", f"{name}={scanner.folder}/big.{name}")))
    assert os.path.getsize(scanner.folder / "big.cyclonedx") > 50e6
    assert every < alone + 150, f"{alone:.0f} MiB for one short report, {every:.0f} MiB for all"
