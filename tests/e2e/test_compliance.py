"""Controls of benchmarks: named by violations, and in XCCDF and ARF as OpenSCAP's own program reads them."""
import shutil
import subprocess
import xml.etree.ElementTree as ET

import pytest

from cluster import ROOT
from making import BAD, build_database
from roles import landwaiter

POLICY = f"{ROOT}/manifests/policies/cis-docker.yaml"
XCCDF = "{http://checklists.nist.gov/xccdf/1.2}"


@pytest.fixture(scope="module")
def results(system, tmp_path_factory):
    """One scan of a bad image, as XCCDF and as ARF."""
    folder = tmp_path_factory.mktemp("compliance")
    database = build_database(folder / "database")
    pushed = system.push(packages=BAD, user="")
    done = subprocess.run([landwaiter(), "scan", pushed.pinned, "--db", str(database), "--policy", POLICY, "--layer-cache", "off",
                           "--format", f"xccdf={folder}/xccdf.xml", "--format", f"arf={folder}/arf.xml"],
                          capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, "an Audit policy denies nothing: " + done.stderr
    return folder


def _oscap(*args):
    if not shutil.which("oscap"):
        pytest.skip("oscap (Debian's openscap-scanner) is not there")
    return subprocess.run(["oscap", *args], capture_output=True, text=True, timeout=120)


def test_openscap_takes_both_documents_for_valid(results):
    for what, path in ((("xccdf", "validate", "--skip-schematron"), "xccdf.xml"), (("ds", "rds-validate"), "arf.xml")):
        done = _oscap(*what, str(results / path))
        assert done.returncode == 0, done.stdout + done.stderr


def test_each_rule_has_a_result_that_names_its_controls(results):
    root = ET.parse(results / "xccdf.xml").getroot()
    found = {r.get("idref").rpartition("--")[2]: r for r in root.iter(f"{XCCDF}rule-result")}
    user = found["cis-4.1-user"]
    assert user.find(f"{XCCDF}result").text == "fail"
    assert [i.text for i in user.findall(f"{XCCDF}ident")] == ["CIS Docker 4.1", "NIST SP 800-190 4.1.2"]
    assert "runs as root" in user.find(f"{XCCDF}message").text
    assert found["nist-4.1.2-ssh"].find(f"{XCCDF}result").text == "pass"
    assert len(found) == len(list(root.iter(f"{XCCDF}Rule"))) == 9


def test_openscap_makes_its_report_of_it(results):
    done = _oscap("xccdf", "generate", "report", str(results / "xccdf.xml"))
    assert done.returncode == 0 and "cis-4.1-user" in done.stdout, done.stderr
