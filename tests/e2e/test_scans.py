"""ImageScans: one for each digest, made once, judged and matched again without pulling again."""

import pytest

from imagewriter import DOCKER
from making import ADVISORIES, BAD, CRITICAL, advisory, build_database
from objects import JUDGE_RUNNING, NO_CRITICAL, image_scan, pod, policy
from system import POLICIES, condition

WAIT = {"waitSeconds": 8}


def _pulls(system, pushed, since):
    """Requests for content of an image: manifests and blobs that were answered."""
    return [r for r in system.registry.requests(since, of=pushed.repository) if r.status == 200]


# Pitfall 30: the digest, the manifest's and the configuration's are kept apart.
def test_an_image_scan_tells_what_is_in_the_image(system, namespace):
    system.enforce(namespace, policy(f"tell-{namespace}", NO_CRITICAL, namespace=namespace, **WAIT))
    pushed = system.push(packages={**BAD, "libpoor": "1.0"})
    system.create(pod("p", pushed.tagged, namespace))
    scan = system.wait_scan(pushed.scan_name)
    status = scan["status"]
    assert scan["spec"]["image"] == pushed.pinned
    assert status["digest"] == pushed.digest
    assert status["displayName"].endswith(f"{pushed.repository}:1")
    platform, = status["platforms"]
    assert platform["platform"] == "linux/amd64" and platform["manifestDigest"] == pushed.digest
    assert platform["imageID"] == pushed.image.config.digest
    assert platform["os"]["family"] == "debian" and platform["os"]["version"] == "12"
    assert platform["packages"] == 3
    assert {"source": "dpkg", "state": "Read"}.items() <= platform["coverage"][0].items()
    counts = status["vulnerabilities"]
    assert (counts["critical"], counts["high"], counts["fixable"]) == (1, 1, 2)
    first = status["topFindings"][0]
    assert (first["id"], first["package"], first["installedVersion"], first["fixedVersion"]) == (
        CRITICAL, "libbad", "1.0-1", "2.0-1")
    assert status["verdict"] == "Fail"
    assert [p["verdict"] for p in status["policies"] if p["name"] == f"tell-{namespace}"] == ["Fail"]
    assert condition(scan, "Complete")["status"] == "True"


def test_kubectl_shows_it_in_a_line(system, namespace):
    system.enforce(namespace, policy(f"line-{namespace}", NO_CRITICAL, namespace=namespace, **WAIT))
    pushed = system.push(packages=BAD)
    system.create(pod("p", pushed.tagged, namespace))
    system.wait_scan(pushed.scan_name)
    line = system.cluster.kubectl("get", "iscan", pushed.scan_name, "-o", "wide", "--no-headers").stdout
    for part in (pushed.repository, "Fail", "debian", pushed.digest):
        assert part in line


@pytest.mark.parametrize("kind", [DOCKER, "oci"])
def test_docker_and_oci_manifests_are_scanned(system, kind):
    assert system.request_scan(system.push(kind=kind, packages=BAD))["status"]["vulnerabilities"]["critical"] == 1


# Admission pitfall 81.
def test_a_digest_is_pulled_once_however_many_pods_ask(system, namespace):
    system.enforce(namespace, policy(f"once-{namespace}", NO_CRITICAL, namespace=namespace, **WAIT))
    pushed = system.push()
    before = len(system.registry.requests())
    pods = [pod(f"p{i}", pushed.tagged, namespace) for i in range(10)]
    done = system.create(*pods)
    assert done.returncode == 0, done.stderr
    blobs = [r.path for r in _pulls(system, pushed, before) if "/blobs/" in r.path]
    assert len(blobs) == len(set(blobs)) == len(pushed.image.blobs())
    assert [s["metadata"]["name"] for s in system.scans_of(pushed.digest)] == [pushed.scan_name]
    assert len(system.creations("imagescans", pushed.scan_name)) == 1


# Admission pitfall 51.
# Pitfall 29: what was scanned is a digest, whatever tags lead to it.
def test_two_tags_of_one_digest_have_one_scan(system, namespace):
    system.enforce(namespace, policy(f"tags-{namespace}", NO_CRITICAL, namespace=namespace, **WAIT))
    pushed = system.push()
    system.registry.push(pushed.image, pushed.repository, "2")
    other = pushed.tagged.removesuffix(":1") + ":2"
    assert system.create(pod("a", pushed.tagged, namespace), pod("b", other, namespace)).returncode == 0
    scan, = system.scans_of(pushed.digest)
    system.cluster.wait_until(lambda: {pushed.tagged, other} <= set(system.scan(scan["metadata"]["name"])["status"].get(
        "references", [])), 30, "both references are listed")


# Admission pitfall 86.
def test_pods_that_run_already_are_scanned_and_counted(system, namespace):
    pushed = system.push(packages=BAD)
    running = pod("p", pushed.pinned, namespace)
    system.cluster.kubectl("create", "-f", "-", stdin=running)
    system.wait_scan(pushed.scan_name)
    used = system.cluster.wait_until(lambda: system.scan(pushed.scan_name)["status"].get("usedBy", {}).get("pods") == 1
                                     and system.scan(pushed.scan_name)["status"]["usedBy"], 30, "one pod is counted")
    assert used["namespaces"] == [namespace]
    system.cluster.kubectl("delete", "pod", "p", "-n", namespace, "--now")
    system.cluster.wait_until(lambda: system.scan(pushed.scan_name)["status"].get("usedBy", {}).get("pods", 0) == 0, 30,
                              "no pod is counted any more")


# Admission pitfall 56.
# Pitfall 32.
def test_of_an_index_the_platforms_of_the_nodes_are_scanned(system):
    index = system.push_index("linux/amd64", "linux/arm64/v8", "linux/s390x", packages=BAD)
    status = system.request_scan(index)["status"]
    assert [p["platform"] for p in status["platforms"]] == ["linux/amd64"]


def test_a_request_by_tag_is_answered_with_the_canonical_scan(system):
    pushed = system.push(packages=BAD)
    system.cluster.apply(image_scan("by-tag", pushed.tagged))
    canonical = system.wait_scan(pushed.scan_name)
    # The request is linked first and shows the result a moment after the canonical scan does.
    mirrored = system.cluster.wait_until(
        lambda: (s := system.scan("by-tag").get("status", {})).get("vulnerabilities") and s, 30, "the result is mirrored")
    assert mirrored["canonical"] == canonical["metadata"]["name"]
    assert mirrored["vulnerabilities"] == canonical["status"]["vulnerabilities"]


FAILED = {
    "a repository that does not exist": ("{host}/no/such:1", "NotFound"),
    "a registry that does not answer": ("127.0.0.1:1/a:1", None),
}


# Admission pitfall 94.
@pytest.mark.parametrize("name", FAILED)
def test_a_request_that_cannot_be_met_says_why(system, name):
    image, reason = FAILED[name]
    scan_name = "cannot-" + str(sorted(FAILED).index(name))
    system.cluster.apply(image_scan(scan_name, image.format(host=system.registry.host)))
    seen = condition(system.wait_scan(scan_name, ready="False", reason=reason), "Ready")
    assert seen["message"], seen


# --- judged again, matched again

def _policy_status(system, name):
    return system.cluster.get(f"{POLICIES}/{name}").get("status", {})


def test_a_changed_policy_is_judged_again_without_asking_the_registry(system, namespace):
    name = f"turn-{namespace}"
    system.enforce(namespace, policy(name, NO_CRITICAL, namespace=namespace, **WAIT))
    pushed = system.push(packages=BAD)
    assert system.create(pod("p", pushed.pinned, namespace)).returncode != 0
    before, matched_at = len(system.registry.requests()), system.wait_scan(pushed.scan_name)["status"]["matchedAt"]

    system.enforce(namespace, policy(name, {**NO_CRITICAL, "action": "Warn"}, namespace=namespace, **WAIT))
    system.cluster.wait_until(lambda: [p["verdict"] for p in system.scan(pushed.scan_name)["status"]["policies"]
                                       if p["name"] == name] == ["Warn"], 30, "the verdict turns")
    done = system.create(pod("p", pushed.pinned, namespace))
    assert done.returncode == 0 and "Warning: " in done.stderr and "no-critical" in done.stderr
    assert system.scan(pushed.scan_name)["status"]["matchedAt"] == matched_at
    assert system.registry.requests(before, of=pushed.repository) == []


def test_a_policy_counts_the_images(system, namespace):
    name = f"count-{namespace}"
    bad, good = system.push(packages=BAD), system.push()
    for image in (bad, good):
        system.request_scan(image)
    only = {"images": [f"{system.registry.host}/{i.repository}" for i in (bad, good)]}
    system.enforce(namespace, policy(name, NO_CRITICAL, match=only))
    counts = system.cluster.wait_until(
        lambda: (s := _policy_status(system, name)).get("images", {}).get("pending") == 0
        and s.get("observedGeneration") == 1 and s["images"], 30, "all images are judged")
    system.cluster.kubectl("delete", "scanpolicy", name)
    assert (counts["pass"], counts.get("warn", 0), counts["fail"]) == (1, 0, 1)


# Admission pitfalls 67 and 74.
# Pitfall 148.
def test_a_new_database_is_matched_without_pulling(system, namespace):
    name = f"feed-{namespace}"
    system.enforce(namespace, policy(name, NO_CRITICAL, namespace=namespace, **WAIT, **JUDGE_RUNNING))
    pushed = system.push(packages={"libnew": "1.0"})
    assert system.create(pod("p", pushed.pinned, namespace)).returncode == 0
    before = len(system.registry.requests())
    try:
        build_database(system.roles.database, [*ADVISORIES, advisory("CVE-2099-2001", "libnew", fixed="1.1")])
        system.cluster.wait_until(lambda: system.scan(pushed.scan_name)["status"].get("verdict") == "Fail", 90,
                                  "the new advisory is matched")
        done = system.create(pod("q", pushed.pinned, namespace))
        assert done.returncode != 0 and "CVE-2099-2001" in done.stderr
        assert _pulls(system, pushed, before) == []
    finally:
        build_database(system.roles.database)
