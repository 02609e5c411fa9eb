"""`landwaiter policy test`: tests of policies that a team keeps in git, run against stored reports and images."""
import datetime
import json
import os
import subprocess
import xml.etree.ElementTree as ElementTree

import pytest

from imagewriter import Image, Layer, tar_of, write_layout
from making import ADVISORIES, CRITICAL, build_database, debian_files
from roles import ROOT, landwaiter

POLICY = """apiVersion: landwaiter.io/v1alpha1
kind: ScanPolicy
metadata: {name: baseline}
spec:
  match: {images: ["registry.example/**"], namespaceSelector: {matchLabels: {tier: prod}}}
  allowExceptions: {rules: [no-critical]}
  rules:
  - {name: no-critical, vulnerabilities: {severityAtLeast: Critical}}
  - {name: high, action: Warn, vulnerabilities: {severityAtLeast: High, fixAvailableFor: 10d}}
  - {name: from-us, reference: {registries: [registry.example]}}
"""
FILES_POLICY = """apiVersion: landwaiter.io/v1alpha1
kind: ScanPolicy
metadata: {name: files}
spec:
  rules:
  - {name: no-shadow, files: {paths: [etc/passwd], mustNotExist: true}}
"""
EXCEPTION = f"""apiVersion: landwaiter.io/v1alpha1
kind: ScanException
metadata: {{name: known, namespace: shop, creationTimestamp: "2027-01-01T00:00:00Z"}}
spec: {{ids: [{CRITICAL}], until: "2027-01-31", reason: the tool is not run}}
"""
HEAD = "apiVersion: landwaiter.io/v1alpha1\nkind: PolicyTest\npolicies: [policies/baseline.yaml]\ncases:\n"


@pytest.fixture(scope="module")
def database(tmp_path_factory):
    return build_database(tmp_path_factory.mktemp("db") / "db", ADVISORIES)


class Repository:
    """A folder as a team has it: policies, reports, an image, tests."""

    def __init__(self, folder, database):
        self.folder, self.database = folder, database
        for name in ("policies", "reports"):
            (folder / name).mkdir()
        self.write("policies/baseline.yaml", POLICY)
        self.write("policies/files.yaml", FILES_POLICY)
        self.write("known.yaml", EXCEPTION)
        for name, packages in (("bad", {"libbad": "1.0-1", "libpoor": "1.4"}), ("clean", {})):
            image = Image([Layer(tar_of(debian_files({"base-files": "12.4", **packages})))], {"User": "1000"})
            write_layout(image, str(folder / name), "test:1")
            done = self.run("scan", f"oci:{name}", "--db", str(database), "--platform", "linux/amd64", "--format",
                            f"json=reports/{name}.json")
            assert done.returncode == 0, done.stderr

    def write(self, name, text):
        (self.folder / name).write_text(text)

    def run(self, *args, cwd=None):
        return subprocess.run([landwaiter(), *args], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120,
                              check=False, cwd=cwd or self.folder)

    def test(self, cases, *flags, cwd=None):
        self.write("tests.yaml", cases if "kind: PolicyTest" in cases else HEAD + cases)
        return self.run("policy", "test", str(self.folder / "tests.yaml"), "--db", str(self.database), *flags, cwd=cwd)


@pytest.fixture
def repository(tmp_path, database):
    return Repository(tmp_path, database)


def case(name, rest, expect):
    return f"- {{name: {name}, {rest}, expect: {{{expect}}}}}\n"


BAD = "report: reports/bad.json, reference: registry.example/shop/cart"


def test_cases_that_are_as_expected_pass_wherever_the_command_is_run(repository, tmp_path_factory):
    cases = "".join((
        case("a critical one is denied", f"{BAD}, at: 2026-01-20", "verdict: Fail, answer: Deny, fails: [no-critical], warns: [high]"),
        case("the fix is young", f"{BAD}, at: 2026-01-05", "fails: [baseline/no-critical], warns: []"),
        case("the team's exception counts", f"{BAD}, at: 2027-01-10, namespace: shop, exceptions: [known.yaml]",
             "verdict: Warn, answer: Warn, warns: [high]"),
        case("it ends", f"{BAD}, at: 2027-02-01, namespace: shop, exceptions: [known.yaml]", "fails: [no-critical]"),
        case("it is of one namespace", f"{BAD}, at: 2027-01-10, namespace: bank, exceptions: [known.yaml]", "fails: [no-critical]"),
        case("a clean image", "report: reports/clean.json, reference: registry.example/a", "verdict: Pass, answer: Allow, fails: []"),
        case("another registry's", "report: reports/bad.json, reference: docker.io/library/a", "verdict: NotJudged"),
        case("another namespace", f"{BAD}, namespace: dev, namespaceLabels: {{tier: test}}", "verdict: NotJudged"),
        case("that namespace", f"{BAD}, namespace: dev, namespaceLabels: {{tier: prod}}", "fails: [no-critical]"),
        case("an image itself", "image: \"oci:bad\", reference: registry.example/a, at: 2026-01-20", "fails: [no-critical], warns: [high]"),
    ))
    done = repository.test(cases, "--platform", "linux/amd64", cwd=tmp_path_factory.mktemp("elsewhere"))
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.endswith("10 cases: 10 as expected, 0 not, 0 could not be judged\n")
    assert "policy baseline: Fail, a pod is denied" in done.stdout
    assert f"no-critical  Fail     {CRITICAL} (Critical) in libbad 1.0-1, fixed in 2.0-1" in done.stdout
    assert "from-us      Pass" in done.stdout
    assert "the tool is not run" in done.stdout.split("excused: ")[1].splitlines()[0]


@pytest.mark.parametrize("expect,word", [
    ("verdict: Pass", "verdict is Fail, expected Pass"),
    ("answer: Allow", "answer is Deny, expected Allow"),
    ("verdict: NotJudged", "verdict is Fail, expected NotJudged"),
    ("fails: []", "rule baseline/no-critical is among those that fail, and is not expected there"),
    ("fails: [no-critical, from-us]", "rule from-us is expected among those that fail, and is not"),
    ("fails: [other/no-critical]", "rule other/no-critical is expected"),
    ("warns: [hihg]", "rule hihg is expected among those that warn"),
    ("undecided: [high]", "rule high is expected among those that are undecided"),
])
def test_what_is_not_as_expected_is_told_and_the_exit_code_is_1(repository, expect, word):
    done = repository.test(case("one", f"{BAD}, at: 2026-01-20", expect), "--format", "text", "--format", "junit=junit.xml")
    assert done.returncode == 1, done.stderr
    assert f"not as expected: {word}" in done.stdout
    suite = ElementTree.parse(repository.folder / "junit.xml").getroot()[0]
    assert suite.get("failures") == "1" and word in suite[0][0].get("message")


def test_an_image_that_no_policy_is_about_passes_nothing(repository):
    done = repository.test(case("one", "report: reports/bad.json, reference: docker.io/library/a", "fails: []"))
    assert done.returncode == 1 and "no policy is about this image" in done.stdout


@pytest.mark.parametrize("rest,word", [
    (f"{BAD}, policies: [policies/files.yaml]", "does not hold collected files, which rule files/no-shadow asks about: judge the image in its place"),
    ("report: reports/bad.json", "the image has no name, which rule baseline/from-us asks about"),
    ("report: reports/none.json", "none.json"),
    ("report: policies/files.yaml", "no valid JSON"),
    ("report: reports/filtered.json", "--severity"),
    ("report: reports/old.json, reference: registry.example/a", "does not hold when fixes were published"),
    ("report: reports/cut.json, reference: registry.example/a", "config is missing"),
    ("image: \"oci:broken\", reference: registry.example/a", "was not scanned"),
])
def test_a_case_that_cannot_be_judged_is_no_success(repository, rest, word):
    done = repository.run("scan", "oci:bad", "--db", str(repository.database), "--platform", "linux/amd64", "--severity", "critical",
                          "--format", "json=reports/filtered.json")
    assert done.returncode == 0, done.stderr
    report = json.loads((repository.folder / "reports/bad.json").read_text())
    for finding in report["platforms"][0]["findings"]:
        del finding["fixPublished"]
    repository.write("reports/old.json", json.dumps(report))
    del report["platforms"][0]["config"]
    repository.write("reports/cut.json", json.dumps(report))
    (repository.folder / "broken").mkdir()
    repository.write("broken/oci-layout", "{}")
    done = repository.test(case("one", rest, "fails: []") + case("two", "report: reports/clean.json, reference: registry.example/a",
                                                                 "verdict: Pass"), "--platform", "linux/amd64")
    assert done.returncode == 3, done.stdout + done.stderr
    assert "could not be judged: " in done.stdout and word in done.stdout, done.stdout
    assert "2 cases: 1 as expected, 0 not, 1 could not be judged" in done.stdout, "the others are run all the same"


@pytest.mark.parametrize("text,word", [
    ("", "no PolicyTest"),
    ("apiVersion: landwaiter.io/v1alpha1\nkind: PolicyTest\ncases:\n" + "- " * 5000 + "a", "deep"),
    (HEAD + case("one", BAD, "verdcit: Pass"), "did you mean 'verdict'"),
    (HEAD + case("one", f"{BAD}, policies: [none.yaml]", "verdict: Pass"), "none.yaml"),
    (HEAD + case("one", f"{BAD}, policies: [known.yaml]", "verdict: Pass"), "ScanPolicy"),
    (HEAD + case("one", f"{BAD}, vex: [known.yaml]", "verdict: Pass"), "known.yaml"),
    (HEAD + case('"\\e[2J"', f"{BAD}, policies: [none.yaml]", "verdict: Pass"), "none.yaml"),
    (HEAD + case("one", "image: \"oci:none\"", "verdict: Pass"), "none"),
])
def test_a_file_that_cannot_be_read_is_bad_usage(repository, text, word):
    repository.write("t.yaml", text)
    done = repository.run("policy", "test", "t.yaml")
    assert done.returncode == 2 and done.stdout == "", done.stdout
    assert word in done.stderr and "\x1b" not in done.stderr


def test_a_vex_statement_takes_a_finding_out_of_a_case(repository):
    statement = {"@context": "https://openvex.dev/ns/v0.2.0", "@id": "https://example.com/1", "author": "us", "version": 1,
                 "timestamp": "2026-01-01T00:00:00Z",
                 "statements": [{"vulnerability": {"name": CRITICAL}, "status": "not_affected",
                                 "justification": "vulnerable_code_not_in_execute_path",
                                 "products": [{"@id": "pkg:deb/debian/libbad"}]}]}
    repository.write("vex.json", json.dumps(statement))
    done = repository.test(case("one", f"{BAD}, vex: [vex.json], at: 2026-01-20", "fails: [], warns: [high]"))
    assert done.returncode == 0, done.stdout + done.stderr


def test_without_tests_the_policies_own_answer_counts(repository):
    def on(*flags):
        return repository.run("policy", "test", "policies/baseline.yaml", "--db", str(repository.database), *flags)
    bad = on("--on", "report:reports/bad.json", "--reference", "registry.example/a", "--at", "2026-01-20")
    assert bad.returncode == 1 and "high         Warn" in bad.stdout, bad.stdout + bad.stderr
    clean = on("--on", "report:reports/clean.json", "--reference", "registry.example/a")
    assert clean.returncode == 0, clean.stdout + clean.stderr
    image = on("--on", "oci:bad", "--platform", "linux/amd64", "--reference", "registry.example/a", "--at", "2026-01-20")
    assert image.returncode == 1 and image.stdout.splitlines()[2:] == bad.stdout.splitlines()[2:], image.stdout
    assert on("--at", "2026-01-20").returncode == 2
    assert on("--on", "report:").returncode == 2
    assert on("--on", "report:reports/bad.json", "--at", "soon").returncode == 2


def test_the_shipped_policies_judge_a_stored_report_as_its_image(repository):
    """Or say that a report does not hold what they ask about; none is silent."""
    refused = {}
    for name in sorted(os.listdir(os.path.join(ROOT, "manifests", "policies"))):
        policy = os.path.join(ROOT, "manifests", "policies", name)
        sides = [repository.run("policy", "test", policy, "--db", str(repository.database), "--on", on, "--platform", "linux/amd64",
                                "--reference", "registry.example/a:1", "--at", "2026-12-01")
                 for on in ("oci:bad", "report:reports/bad.json")]
        assert sides[0].returncode in (0, 1, 3) and "could not be judged:" not in sides[0].stdout, sides[0].stdout
        if "could not be judged: " in sides[1].stdout:
            refused[name] = sides[1].stdout.split("does not hold ")[1].split(", which")[0]
        else:
            assert sides[0].stdout.splitlines()[2:] == sides[1].stdout.splitlines()[2:], name
    assert set(refused) <= {"anchore-default.yaml", "cis-docker.yaml", "strict.yaml"}, refused
    assert refused["cis-docker.yaml"] in ("collected files", "the image's history", "secrets by the present rules")


def test_the_documented_example_passes(repository):
    """docs/policy-tests.md's file, against reports made here."""
    text = open(os.path.join(ROOT, "docs", "policy-tests.md"), encoding="utf-8").read()
    example = text.split("```yaml\n")[1].split("```")[0].replace("2026-01-20", datetime.date.today().isoformat())
    repository.write("policies/baseline.yaml", open(os.path.join(ROOT, "manifests/policies/baseline.yaml"), encoding="utf-8").read())
    done = repository.test(example)
    assert done.returncode == 0, done.stdout + done.stderr
