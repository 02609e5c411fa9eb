"""ImageScan, ScanPolicy and RegistryWatch as the API server keeps them: what it refuses, in which words, and what
kubectl shows of them. No role is running here: this is the schema alone."""

import os

import pytest

from cluster import ROOT
from objects import NO_CRITICAL, NOT_ROOT, image_scan, policy

DIGEST = "sha256:" + "4bcff63911fcb4448bd4fdacec207030997caf25e9bea4045fa6c8c44de311d1"
PINNED = f"registry.example.com/shop/cart@{DIGEST}"
CANONICAL = DIGEST.replace(":", "-")



def watch(name="w", **spec):
    return {"apiVersion": "landwaiter.io/v1alpha1", "kind": "RegistryWatch", "metadata": {"name": name, "namespace": "default"},
            "spec": {"registry": "registry.example.com", "repositories": ["shop/cart"], **spec}}


REFUSED = {
    "a rule without a kind": (policy("p", {"name": "empty"}), "rule empty must have exactly one of"),
    "a rule of two kinds": (policy("p", {**NO_CRITICAL, **NOT_ROOT, "name": "both"}), "rule both must have exactly one of"),
    "a policy without rules": (policy("p"), "spec.rules"),
    "two rules of one name": (policy("p", NOT_ROOT, NOT_ROOT), "Duplicate value"),
    "a rule's name in capitals": (policy("p", {**NOT_ROOT, "name": "NotRoot"}), "lower-case letters, digits"),
    "an unknown enforcement": (policy("p", NOT_ROOT, enforcement="Block"), '"Enforce", "Warn", "Audit"'),
    "a time to hold without a unit": (policy("p", NOT_ROOT, onUnscanned="Hold", holdFor="10"), "write a duration like 10m"),
    "a duration without a unit": (policy("p", NOT_ROOT, maxDatabaseAge="72"), "write a duration like 72h"),
    "an answer to what runs that is none": (policy("p", NOT_ROOT, alreadyRunning={"action": "Deny"}), '"Allow", "Judge"'),
    "a time for what runs without a unit": (policy("p", NOT_ROOT, alreadyRunning={"for": "30"}), "like 720h or 7d"),
    "a time for what runs of days and hours": (policy("p", NOT_ROOT, alreadyRunning={"for": "1d12h"}), "like 720h or 7d"),
    "no time for what runs": (policy("p", NOT_ROOT, alreadyRunning={"for": "0h0m"}), "longer than nothing"),
    "no day for what runs": (policy("p", NOT_ROOT, alreadyRunning={"for": "0d"}), "longer than nothing"),
    "more than a year for what runs": (policy("p", NOT_ROOT, alreadyRunning={"for": "8760h1s"}), "at most a year"),
    "more days than a year for what runs": (policy("p", NOT_ROOT, alreadyRunning={"for": "366d"}), "at most a year"),
    "a wait that is longer than any webhook may take": (policy("p", NOT_ROOT, waitSeconds=30), "less than or equal to 29"),
    "an unknown severity": (policy("p", {"name": "r", "vulnerabilities": {"severityAtLeast": "Severe"}}), "Unsupported value"),
    "runsAsRoot: false, which would mean nothing": (policy("p", {"name": "r", "image": {"runsAsRoot": False}}),
                                                   "must be true or be left out"),
    "an image rule that asks nothing": (policy("p", {"name": "r", "image": {}}), "should have at least 1 properties"),
    "versions of a package of any type": (policy("p", {"name": "r", "packages": {"denied": [{"name": "x", "versions": "<1"}]}}),
                                          "versions needs type beside it"),
    "a share above one": (policy("p", {"name": "r", "vulnerabilities": {"epssAtLeast": 1.5}}), "less than or equal to 1"),
    "a severity's source that is none": (policy("p", {"name": "r", "vulnerabilities": {"severitySource": "Mine"}}), '"Vendor", "NVD", "Highest"'),
    "a time since a fix without a unit": (policy("p", {"name": "r", "vulnerabilities": {"fixAvailableFor": "14"}}), "write a duration like"),
    "a due date of what is not on the list": (
        policy("p", {"name": "r", "vulnerabilities": {"knownExploited": False, "knownExploitedDueWithin": "14d"}}), "is about known exploited ones"),
    "a due date within no time": (policy("p", {"name": "r", "vulnerabilities": {"knownExploitedDueWithin": "soon"}}), "write a duration like"),
    "a time since it was seen without a unit": (policy("p", {"name": "r", "vulnerabilities": {"firstSeenFor": "14"}}), "write a duration like"),
    "a base rule that asks nothing": (policy("p", {"name": "r", "base": {"unknown": "Ignore"}}), "asks nothing"),
    "a base that is a URL": (policy("p", {"name": "r", "base": {"allowed": ["https://r.example.com/base"]}}), "should match"),
    "a base with half a digest": (policy("p", {"name": "r", "base": {"denied": ["debian@sha256:12"]}}), "should match"),
    "a package type that is none": (policy("p", {"name": "r", "malicious": {"packages": {"types": ["exe"]}}}), "Unsupported value"),
    "a license rule that asks nothing": (policy("p", {"name": "r", "licenses": {"packages": {"types": ["npm"]}}}), "asks nothing"),
    "two licenses in one": (policy("p", {"name": "r", "licenses": {"denied": ["MIT OR ISC"]}}), "should match"),
    "days of grace without an end": (policy("p", {"name": "r", "os": {"graceDays": 3}}), "asks nothing"),
    "endOfLife: false, which would mean nothing": (policy("p", {"name": "r", "os": {"endOfLife": False}}), "must be true or be left out"),
    "coverage of what there is none of": (policy("p", {"name": "r", "coverage": {"require": ["Everything"]}}), "Unsupported value"),
    "a coverage rule that asks nothing": (policy("p", {"name": "r", "coverage": {}}), "should have at least 1 properties"),
    "always with a field": (policy("p", {"name": "r", "always": {"really": True}}), "unknown field"),
    "an instruction that is compared with nothing": (
        policy("p", {"name": "r", "image": {"instructions": [{"name": "RUN", "op": "Matches"}]}}), "Matches and Differs need value"),
    "an instruction that no Dockerfile has": (policy("p", {"name": "r", "image": {"instructions": [{"name": "FETCH"}]}}), "Unsupported value"),
    "a size without a known unit": (policy("p", {"name": "r", "image": {"maxSize": "2GB"}}), "should match"),
    "a pattern that is a regular expression": (policy("p", {"name": "r", "reference": {"registries": ["(a|b)"]}}), "should match"),
    "an image pattern with a blank": (policy("p", NOT_ROOT, match={"images": ["a b"]}), "should match"),
    "an image pattern that is a URL": (policy("p", NOT_ROOT, match={"images": ["https://r.example.com/**"]}), "without https://"),
    "an image pattern with three stars": (policy("p", NOT_ROOT, match={"images": ["r.example.com/***"]}), "across parts"),
    "an image pattern in capitals": (policy("p", NOT_ROOT, match={"images": ["r.example.com/Shop/**"]}), "image names are lower case"),
    "an image pattern that is a host alone": (policy("p", NOT_ROOT, match={"excludeImages": ["r.example.com"]}), "write HOST/**"),
    "an exception for a host alone": (policy("p", NOT_ROOT, exceptions=[
        {"ids": ["CVE-1"], "images": ["r.example.com"], "until": "2027-01-31", "reason": "x"}]), "should match"),
    "a registry with a path": (policy("p", {"name": "r", "reference": {"registries": ["r.example.com/shop"]}}),
                               "paths are what repositories is for"),
    "a repository pattern with a tag": (policy("p", {"name": "r", "reference": {"repositories": ["r.example.com/shop:1"]}}),
                                        "should match"),
    "an exception that excuses nothing": (policy("p", NOT_ROOT, exceptions=[{"until": "2027-01-31", "reason": "x"}]),
                                          "must say what it excuses"),
    "an exception without an end": (policy("p", NOT_ROOT, exceptions=[{"ids": ["CVE-1"], "reason": "x"}]), "until"),
    "an exception until no date": (policy("p", NOT_ROOT, exceptions=[{"ids": ["CVE-1"], "until": "soon", "reason": "x"}]),
                                   "write the last day"),
    "a selector operator without its values": (
        policy("p", NOT_ROOT, match={"namespaceSelector": {"matchExpressions": [{"key": "a", "operator": "In"}]}}),
        "need at least one of values"),
    "a misspelt field": (policy("p", NOT_ROOT, enforcment="Warn"), 'unknown field "spec.enforcment"'),
    "a misspelt field within a rule": (policy("p", {"name": "r", "vulnerabilities": {"severity": "High"}}),
                                       'unknown field "spec.rules[0].vulnerabilities.severity"'),
    "an image that is a URL": (image_scan("a", "https://registry.example.com/a:1"), "without https://"),
    "an image with half a digest": (image_scan("a", "registry.example.com/a@sha256:4bcf"), "no whole digest"),
    "an image with a newline": (image_scan("a", "a:1\nb"), "is no image reference"),
    "an image of 513 characters": (image_scan("a", "a" * 513), "512"),
    "a canonical name with another digest": (image_scan("sha256-" + "0" * 64, PINNED), "choose another name"),
    "a canonical name that shares half of its digits": (image_scan(CANONICAL[:39] + "0" * 32, PINNED), "choose another name"),
    "a watch of nothing": (watch(repositories=[]), "spec.repositories"),
    "a watch of a registry with a scheme": (watch(registry="https://registry.example.com"), "without a scheme and without a path"),
    "a watch of a registry without a dot": (watch(registry="hub"), "Docker Hub's is docker.io"),
    "a watch of Docker Hub by a pattern": (watch(registry="docker.io", repositories=["library/*"]), "Docker Hub has no catalogue"),
    "a watch of a repository in capitals": (watch(repositories=["Shop/cart"]), "in lower case"),
    "a watch of a repository with its tag": (watch(repositories=["shop/cart:1"]), "without a tag"),
    "a watch of one repository twice": (watch(repositories=["a", "a"]), "Duplicate value"),
    "a watch of tags by an expression": (watch(tags={"include": ["v(1|2)"]}), "a pattern '*' and '?' too"),
    "a watch of the newest none": (watch(tags={"newest": 0}), "greater than or equal to 1"),
    "a watch without a unit of time": (watch(interval="15"), "write a duration like 15m"),
    "a watch every second": (watch(interval="30s"), "write a duration like 15m"),
    "a watch twice a year": (watch(interval="180d"), "must be 1m to 30d"),
    "a watch with another namespace's Secret": (watch(pullSecrets=["shop/pull"]), "a Secret in this namespace"),
    "a watch of more images than may be": (watch(maxImages=1001), "less than or equal to 1000"),
    "a watch with a misspelt field": (watch(intervall="1h"), 'unknown field "spec.intervall"'),
    "a canonical name over a tag": (image_scan(CANONICAL, "registry.example.com/shop/cart:1"), "choose another name"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_kubectl_apply_is_refused_with_words_that_say_what_to_write(installed, name):
    wrong, words = REFUSED[name]
    done = installed.kubectl("apply", "--validate=strict", "-f", "-", stdin=wrong, check=False)
    assert done.returncode != 0, f"accepted: {name}"
    assert words in done.stderr


ACCEPTED = {
    "the least policy": policy("least", NOT_ROOT),
    "a policy with everything": policy(
        "everything", NOT_ROOT, NO_CRITICAL,
        {"name": "refs", "action": "Warn", "reference": {"registries": ["registry.example.com"], "deniedTags": ["latest"]}},
        {"name": "words", "vulnerabilities": {"severitySource": "Highest", "fixAvailableFor": "14d", "epssAtLeast": 0.1,
                                              "epssPercentileAtLeast": 0.95, "missingEpss": "Ignore", "origin": "App",
                                              "confidence": ["Exact", "CPE"], "packages": {"types": ["maven", "gem"]}}},
        {"name": "times", "vulnerabilities": {"firstSeenFor": "14d", "knownExploited": True, "knownExploitedDueWithin": "0d"}},
        {"name": "base", "base": {"allowed": ["debian:12", "r.example.com/base/**", "sha256:" + "0" * 64, "a:1@sha256:" + "0" * 64],
                                  "denied": ["**/legacy"], "unknown": "Count"}},
        {"name": "image", "image": {"deniedEnv": [{"name": "AWS_*"}], "deniedVolumes": ["/data/**"], "maxAge": "90d", "missingAge": "Ignore",
                                    "instructions": [{"name": "ADD"}, {"name": "RUN", "op": "Matches", "value": "**curl **| sh"}],
                                    "maxSize": "2Gi", "maxLayers": 100, "maxLayersFromUnknownBase": 0, "platforms": ["linux/amd64"]}},
        {"name": "malicious", "malicious": {}}, {"name": "always", "action": "Warn", "always": {}},
        {"name": "licenses", "licenses": {"denied": ["AGPL-*", "GPL-* WITH *", "LicenseRef-ours", "Apache-2.0+"], "unknown": "Ignore"}},
        {"name": "os", "os": {"allowed": [{"family": "debian", "versions": ["12"]}], "required": True, "endOfLife": True, "graceDays": 30}},
        {"name": "coverage", "coverage": {"require": ["OSPackages", "Advisories"], "maxDatabaseAge": "2d"}},
        {"name": "packages", "packages": {"denied": [{"name": "telnet*"}], "required": [{"name": "base-files", "type": "deb"}]}},
        match={"images": ["shop/**", "**", "*", "nginx:1.25-Alpine", "r.example.com:5000/a__b/c-d:V1", "r.example.com:5000/**",
                          "r.example.com/a@sha256:" + "0" * 64],
               "excludeImages": ["registry.k8s.io/pause:*"],
               "namespaceSelector": {"matchExpressions": [{"key": "landwaiter.io/exempt", "operator": "DoesNotExist"}]}},
        enforcement="Warn", onUnscanned="Allow", onIncomplete="Warn", waitSeconds=29, maxDatabaseAge="7d",
        alreadyRunning={"action": "Judge", "for": "8760h"},
        exceptions=[{"ids": ["CVE-2023-0001"], "packages": ["openssl"], "images": ["shop/**"], "until": "2027-01-31",
                     "reason": "not reachable"}]),
    "what runs for hours and minutes": policy("p", NOT_ROOT, alreadyRunning={"for": "1h30m"}),
    "what runs for a year of days": policy("p", NOT_ROOT, alreadyRunning={"action": "Allow", "for": "365d"}),
    "a scan of a digest under its own name": image_scan(CANONICAL, PINNED),
    "the least watch": watch(),
    "a watch with everything": watch(
        registry="registry.example.com:5000", repositories=["shop/**", "base/debian"], interval="30d", maxImages=1000, suspend=True,
        tags={"include": ["v1.*", "latest"], "exclude": ["*-rc?"], "newest": 3}, pullSecrets=["pull"], checkAfter="2027-01-31T00:00:00Z"),
    "a request for a scan of a tag": image_scan("please", "registry.example.com:5000/shop/cart:1.4"),
}


@pytest.mark.parametrize("name", ACCEPTED)
def test_kubectl_apply_accepts(installed, name):
    installed.kubectl("apply", "--validate=strict", "--dry-run=server", "-f", "-", stdin=ACCEPTED[name])


def test_the_image_of_a_scan_cannot_be_changed(installed):
    installed.apply(image_scan("fixed", "a:1"))
    done = installed.kubectl("patch", "imagescan", "fixed", "--type=merge", "-p", '{"spec":{"image":"a:2"}}', check=False)
    assert "spec.image cannot be changed: create another ImageScan" in done.stderr
    installed.kubectl("delete", "imagescan", "fixed")


def test_every_shipped_policy_is_accepted_whole(installed):
    done = installed.kubectl("apply", "--validate=strict", "--dry-run=server", "-f", os.path.join(ROOT, "manifests", "policies"))
    assert done.stdout.count("created") == 6, done.stdout + done.stderr


# Admission pitfalls 5 and 71: three seconds at most, and what is not scanned by then is denied.
def test_defaults_stand_in_the_stored_policy(installed):
    installed.apply(policy("defaults", NOT_ROOT, namespace="nowhere"))
    spec = installed.get("/apis/landwaiter.io/v1alpha1/scanpolicies/defaults")["spec"]
    installed.kubectl("delete", "scanpolicy", "defaults")
    assert {k: spec[k] for k in ("enforcement", "onUnscanned", "onIncomplete", "waitSeconds")} == {
        "enforcement": "Enforce", "onUnscanned": "Deny", "onIncomplete": "Deny", "waitSeconds": 3}
    assert spec["alreadyRunning"] == {"action": "Allow", "for": "720h"}
    assert spec["rules"][0]["action"] == "Fail"


def test_defaults_stand_in_the_stored_watch(installed):
    installed.apply(watch("defaults"))
    spec = installed.get("/apis/landwaiter.io/v1alpha1/namespaces/default/registrywatches/defaults")["spec"]
    installed.kubectl("delete", "registrywatch", "defaults")
    assert {k: spec[k] for k in ("interval", "maxImages", "tags")} == {"interval": "1h", "maxImages": 200, "tags": {}}
    assert "suspend" not in spec


COLUMNS = {
    ("iscan", "wide"): ["NAME", "IMAGE", "VERDICT", "CRITICAL", "HIGH", "FIXABLE", "PODS", "STATUS", "OS", "PACKAGES",
                        "DATABASE", "DIGEST", "AGE"],
    ("iscan", ""): ["NAME", "IMAGE", "VERDICT", "CRITICAL", "HIGH", "FIXABLE", "PODS", "STATUS", "AGE"],
    ("spol", ""): ["NAME", "ENFORCEMENT", "PASS", "WARN", "FAIL", "PENDING", "RUNNING-FAILS", "READY", "AGE"],
    ("rwatch", ""): ["NAME", "REGISTRY", "REPOSITORIES", "TAGS", "IMAGES", "READY", "STATUS", "COMPLETE", "CHECKED", "AGE"],
}


@pytest.mark.parametrize("short_name, output", COLUMNS)
def test_the_columns_of(installed, short_name, output):
    installed.apply(image_scan("shown", "a:1"), policy("shown", NOT_ROOT, namespace="nowhere"), watch("shown"))
    done = installed.kubectl("get", short_name, *(["-o", output] if output else []))
    installed.kubectl("delete", "imagescan/shown", "scanpolicy/shown", "registrywatch/shown")
    assert done.stdout.splitlines()[0].split() == COLUMNS[short_name, output]


def _fields_without_description(schema, path):
    for name, field in schema.get("properties", {}).items():
        here = f"{path}.{name}"
        if not field.get("description") and name not in ("metadata",):
            yield here
        yield from _fields_without_description(field, here)
        yield from _fields_without_description(field.get("items", {}), here)


@pytest.mark.parametrize("plural", ["imagescans", "scanpolicies", "registrywatches"])
def test_every_field_says_what_it_is(installed, plural):
    crd = installed.get(f"/apis/apiextensions.k8s.io/v1/customresourcedefinitions/{plural}.landwaiter.io")
    schema = crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    assert not list(_fields_without_description(schema, plural))


EXPLAINED = {
    "scanpolicy.spec.enforcement": "Enforce denies, Warn admits with a warning",
    "scanpolicy.spec.rules.vulnerabilities.severityAtLeast": "Findings of this severity or worse",
    "imagescan.spec.image": "host/path:tag or host/path@digest",
    "registrywatch.spec.repositories": "'*' within a part, '**' across parts",
    "imagescan.status.platforms.coverage": "a source that is not Read may hide anything",
}


@pytest.mark.parametrize("field", EXPLAINED)
def test_kubectl_explain(installed, field):
    # The API server publishes a new schema a moment after the CRD is established.
    shown = installed.wait_until(
        lambda: (done := installed.kubectl("explain", field, check=False)).returncode == 0 and done, 30, f"explain {field}")
    text = " ".join(shown.stdout.split())
    assert "DESCRIPTION:" in text and EXPLAINED[field] in text
