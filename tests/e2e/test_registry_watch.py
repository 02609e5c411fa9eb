"""Registries watched: a RegistryWatch's tags become ImageScans that are scanned, new digests are noticed, what is watched stays,
and what a registry does wrong is said and bounded."""

import base64
import itertools
import json
import time

import pytest

from making import BAD, debian_image
from objects import NO_CRITICAL, PASSWORD, TOKEN_USERS, pod, policy
from odd_registry import Answer
from system import SCANS, Pushed, condition

_numbers = itertools.count(1)


def watch(name, namespace, host, *repositories, **spec):
    return {"apiVersion": "landwaiter.io/v1alpha1", "kind": "RegistryWatch", "metadata": {"name": name, "namespace": namespace},
            "spec": {"registry": host, "repositories": list(repositories), **spec}}


def _path(namespace, name="w"):
    return f"/apis/landwaiter.io/v1alpha1/namespaces/{namespace}/registrywatches/{name}"


def _wait(system, namespace, ready="True", reason=None, complete=None, name="w", generation=None):
    """Waits until the watch's conditions are so; returns it."""
    def looked():
        seen = system.cluster.get(_path(namespace, name))
        status, at = condition(seen, "Ready"), (seen or {}).get("status", {}).get("observedGeneration")
        there = status["status"] == ready and reason in (None, status["reason"]) and generation in (None, at)
        return there and complete in (None, condition(seen, "Complete")["reason"]) and seen
    try:
        return system.cluster.wait_until(looked, 90, f"{namespace}/{name} has Ready={ready} {reason or ''} {complete or ''}")
    except AssertionError as error:
        raise AssertionError(f"{error}; it is {system.cluster.get(_path(namespace, name))}") from None


def _look_again(system, namespace, name="w"):
    """What a pipeline does when it has pushed."""
    system.cluster.api("PATCH", _path(namespace, name), {"spec": {"checkAfter": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())}}, "application/merge-patch+json")


@pytest.fixture
def namespace(system, namespace):
    """Its watches go with the test: each is looked at as long as it is there."""
    yield namespace
    system.cluster.delete_all(f"/apis/landwaiter.io/v1alpha1/namespaces/{namespace}/registrywatches", "")


def test_the_image_of_a_watched_tag_is_scanned_before_anybody_runs_it(system, namespace):
    image = system.push(debian_image(BAD))
    system.cluster.apply(watch("w", namespace, system.registry.host, image.repository))
    scan = system.wait_scan(image.scan_name)
    assert condition(scan, "InUse")["reason"] == "Watched"
    assert scan["status"]["displayName"].startswith(image.repository)
    seen = _wait(system, namespace, reason="Checked", complete="AllChecked")
    assert (seen["status"]["repositories"], seen["status"]["tags"], seen["status"]["images"]) == (1, 1, 1)
    assert seen["status"]["newestImages"][0]["image"] == image.tagged
    assert seen["status"]["newestImages"][0]["digest"] == image.digest
    assert len(system.scans_of(image.digest)) == 1


def test_a_new_digest_of_a_tag_is_noticed_and_the_old_one_let_go(system, namespace):
    old = system.push(debian_image())
    system.cluster.apply(watch("w", namespace, system.registry.host, old.repository))
    system.wait_scan(old.scan_name)
    new = system.push(debian_image(BAD), repository=old.repository, tag="1")
    _look_again(system, namespace)
    assert condition(system.wait_scan(new.scan_name), "InUse")["reason"] == "Watched"
    system.cluster.wait_until(lambda: condition(system.scan(old.scan_name), "InUse")["reason"] == "NoPods", 60, "the old one is let go")
    newest = _wait(system, namespace)["status"]["newestImages"]
    assert [i["digest"] for i in newest] == [new.digest, old.digest]


def test_what_has_not_changed_is_asked_for_by_head_alone(system, namespace):
    image = system.push(debian_image())
    system.cluster.apply(watch("w", namespace, system.registry.host, image.repository))
    system.wait_scan(image.scan_name)
    before = _wait(system, namespace, complete="AllChecked")["status"]["lastCheckedAt"]
    seen = len(system.registry.requests())
    # A second later, since times in a status have whole seconds.
    system.cluster.wait_until(lambda: _look_again(system, namespace) or _wait(system, namespace)["status"]["lastCheckedAt"] > before, 60,
                              "it is looked at again")
    asked = system.registry.requests(seen, of=image.repository)
    assert {(r.method, r.path.split("?")[0].removeprefix(f"/v2/{image.repository}")) for r in asked} == {
        ("GET", "/tags/list"), ("HEAD", "/manifests/1")}


def test_only_the_tags_that_the_rule_takes_are_watched(system, namespace):
    repository = f"watched/tags-{next(_numbers)}"
    pushed = {tag: system.push(debian_image(), repository=repository, tag=tag) for tag in ("1.9.0", "1.10.0", "2.0.0-rc.1", "latest", "1.0.0")}
    system.cluster.apply(watch("w", namespace, system.registry.host, repository, tags={"exclude": ["*-rc*"], "newest": 2}))
    seen = _wait(system, namespace, complete="AllChecked")
    assert seen["status"]["tags"] == 2
    for tag, image in pushed.items():
        assert bool(system.scans_of(image.digest)) == (tag in ("1.10.0", "1.9.0")), tag


def test_a_pattern_is_about_what_the_catalogue_has(system, namespace):
    folder = f"watched/catalogue-{next(_numbers)}"
    inside = [system.push(debian_image(), repository=f"{folder}/{name}") for name in ("a", "b")]
    beside = system.push(debian_image(), repository=f"{folder}/deep/c")
    system.cluster.apply(watch("w", namespace, system.registry.host, f"{folder}/*"))
    for image in inside:
        system.wait_scan(image.scan_name)
    assert _wait(system, namespace, complete="AllChecked")["status"]["repositories"] == 2
    assert system.scans_of(beside.digest) == []


def _secret(name, namespace, host, user, password):
    auth = base64.b64encode(f"{user}:{password}".encode()).decode()
    data = base64.b64encode(json.dumps({"auths": {host: {"auth": auth}}}).encode()).decode()
    return {"apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/dockerconfigjson",
            "metadata": {"name": name, "namespace": namespace}, "data": {".dockerconfigjson": data}}


def test_a_private_registry_is_asked_with_the_secrets_of_the_watch_s_own_namespace(system, private_registry, namespace, other_namespace):
    image = Pushed(private_registry, debian_image(BAD))
    system.cluster.apply(_secret("regcred", namespace, private_registry.host, "robot", PASSWORD))
    # A name is looked for in the object's own namespace: another's secret of that name is no use.
    system.cluster.apply(watch("w", other_namespace, private_registry.host, image.repository, pullSecrets=["regcred"]))
    refused = _wait(system, other_namespace, ready="False", reason="Unauthorized")
    assert PASSWORD not in json.dumps(refused) and system.scans_of(image.digest) == []
    system.cluster.apply(watch("w", namespace, private_registry.host, image.repository, pullSecrets=["regcred"]))
    scan = system.wait_scan(image.scan_name)
    assert scan["spec"]["pullSecrets"] == [{"namespace": namespace, "name": "regcred"}]
    system.cluster.delete_all(f"/apis/landwaiter.io/v1alpha1/namespaces/{other_namespace}/registrywatches", "")


def test_a_token_server_is_asked_for_tags_as_the_secret_says(system, token_registry, namespace):
    image = Pushed(token_registry, debian_image(), repository=f"team/watched-{next(_numbers)}")
    system.cluster.apply(_secret("regcred", namespace, token_registry.host, "team", TOKEN_USERS["team"][0]),
                         watch("w", namespace, token_registry.host, image.repository, pullSecrets=["regcred"]))
    system.wait_scan(image.scan_name)
    assert {a.user for a in token_registry.tokens.of(image.repository)} == {"team"}


def test_a_watched_image_that_is_run_then_has_one_scan_and_is_judged_at_once(system, namespace):
    image = system.push(debian_image(BAD))
    system.cluster.apply(watch("w", namespace, system.registry.host, image.repository))
    system.wait_scan(image.scan_name)
    system.enforce(namespace, policy(f"watched-{namespace}", NO_CRITICAL, namespace=namespace, waitSeconds=8))
    done = system.create(pod("p", image.tagged, namespace))
    assert done.returncode != 0 and "no-critical" in done.stderr, done.stderr
    assert len(system.scans_of(image.digest)) == 1


def _tags(odd, repository, *tags, status=200, **headers):
    odd.answers[f"/v2/{repository}/tags/list?n=1000"] = Answer(status, json.dumps({"name": repository, "tags": list(tags)}).encode(), headers)


def test_a_registry_that_wants_an_hour_is_left_alone_for_that_long(system, limiting_registry, namespace):
    repository = f"watched/limited-{next(_numbers)}"
    _tags(limiting_registry, repository, status=429, **{"Retry-After": "3600"})
    began = time.time()
    system.cluster.apply(watch("w", namespace, limiting_registry.host, repository))
    seen = _wait(system, namespace, ready="False", reason="RateLimited")
    next_at = time.mktime(time.strptime(seen["status"]["nextCheckAt"], "%Y-%m-%dT%H:%M:%SZ")) - time.timezone
    assert next_at >= began + 3590
    _look_again(system, namespace)
    # What another watch of the same namespace does comes after: one of them is worked on at a time.
    good = system.push(debian_image())
    system.cluster.apply(watch("other", namespace, system.registry.host, good.repository))
    _wait(system, namespace, name="other")
    assert len(limiting_registry.asked(repository)) == 1


HOSTILE = {  # what the registry does, and what the watch says: Ready's status, Complete's reason
    "a list that leads to itself": (lambda odd, r, image: _tags(odd, r, "1", Link='</x?n=1000>; rel="next"'), "True", "TooManyTags"),
    "a tag that is not there": (lambda odd, r, image: _tags(odd, r, "1", "gone"), "True", "AllChecked"),
    "names with control characters": (lambda odd, r, image: _tags(odd, r, "1", "\x1b[31mred", "a\nb", "\u202e"), "True", "AllChecked"),
    "a Link to the metadata service": (lambda odd, r, image: _tags(odd, r, "1", Link='<http://169.254.169.254/x?n=1000>; rel="next"'),
                                       "True", "TooManyTags"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_registry_is_bounded(system, odd_registry, namespace, name):
    wrong, ready, complete = HOSTILE[name]
    repository, image = f"watched/hostile-{next(_numbers)}", debian_image()
    odd_registry.serve(image, repository)
    wrong(odd_registry, repository, image)
    system.cluster.apply(watch("w", namespace, odd_registry.host, repository))
    seen = _wait(system, namespace, ready=ready, complete=complete)
    assert seen["status"]["images"] == 1
    assert "\x1b" not in json.dumps(seen["status"]) and "\\u001b" not in json.dumps(seen["status"])
    system.wait_scan(image.digest.replace(":", "-"))


def test_a_digest_that_is_a_lie_is_never_judged(system, odd_registry, namespace):
    repository, image, other = f"watched/lie-{next(_numbers)}", debian_image(), debian_image(BAD)
    odd_registry.serve(image, repository)
    odd_registry.answers[f"/v2/{repository}/manifests/{image.digest}"] = Answer(200, other.manifest, {"Content-Type": other.media_type})
    _tags(odd_registry, repository, "1")
    system.cluster.apply(watch("w", namespace, odd_registry.host, repository))
    scan = system.wait_scan(image.digest.replace(":", "-"), ready="False", reason="DigestMismatch")
    assert "verdict" not in scan["status"] or scan["status"]["verdict"] != "Pass"


def test_a_registry_without_a_catalogue_says_to_write_names(system, odd_registry, namespace):
    system.cluster.apply(watch("w", namespace, odd_registry.host, "shop/*"))
    seen = _wait(system, namespace, ready="False", reason="CatalogUnsupported")
    assert "write the names" in condition(seen, "Ready")["message"]


def test_a_watch_reaches_no_metadata_service(system, namespace):
    system.cluster.apply(watch("w", namespace, "169.254.169.254", "latest/meta-data"))
    _wait(system, namespace, ready="False", reason="AddressRefused")


def test_more_images_than_are_allowed_are_left_out_and_said(system, namespace):
    repository = f"watched/many-{next(_numbers)}"
    pushed = {tag: system.push(debian_image(), repository=repository, tag=tag) for tag in ("1.0", "2.0", "3.0")}
    system.cluster.apply(watch("w", namespace, system.registry.host, repository, maxImages=2))
    assert _wait(system, namespace, complete="TooManyImages")["status"]["images"] == 2
    assert system.scans_of(pushed["1.0"].digest) == []
    for tag in ("2.0", "3.0"):
        system.wait_scan(pushed[tag].scan_name)


def test_what_is_watched_outlives_retention_and_a_killed_controller_and_goes_with_its_watch(system, namespace):
    controller = system.roles.controllers[0]
    with controller.started_with({"--retention": "2s"}):
        image, bystander = system.push(debian_image()), system.push(debian_image())
        system.cluster.apply(watch("w", namespace, system.registry.host, image.repository), pod("p", bystander.tagged, namespace))
        uid = system.wait_scan(image.scan_name)["metadata"]["uid"]
        system.wait_scan(bystander.scan_name)
        controller.process.kill()
        controller.process.start()
        controller.wait_ready()
        # The watch's hour is not over, so that it is not looked at. Another image outlives its retention meanwhile.
        system.cluster.api("DELETE", f"/api/v1/namespaces/{namespace}/pods/p?gracePeriodSeconds=0")
        system.cluster.wait_until(lambda: system.scan(bystander.scan_name) is None, 90, "what nobody uses is gone")
        kept = system.scan(image.scan_name)
        assert kept["metadata"]["uid"] == uid and condition(kept, "InUse")["reason"] == "Watched"
        system.cluster.api("DELETE", _path(namespace))
        system.cluster.wait_until(lambda: system.scan(image.scan_name) is None, 90, "without its watch it goes, too")


def test_a_suspended_watch_asks_nothing_and_keeps_what_it_found(system, namespace):
    image = system.push(debian_image())
    system.cluster.apply(watch("w", namespace, system.registry.host, image.repository))
    system.wait_scan(image.scan_name)
    _wait(system, namespace, complete="AllChecked")
    system.cluster.apply(watch("w", namespace, system.registry.host, image.repository, suspend=True))
    _wait(system, namespace, ready="False", reason="Suspended")
    assert condition(system.scan(image.scan_name), "InUse")["reason"] == "Watched"


def test_a_scan_that_somebody_deletes_is_made_again(system, namespace):
    image = system.push(debian_image())
    system.cluster.apply(watch("w", namespace, system.registry.host, image.repository))
    uid = system.wait_scan(image.scan_name)["metadata"]["uid"]
    _wait(system, namespace, complete="AllChecked")
    system.cluster.api("DELETE", f"{SCANS}/{image.scan_name}")
    _look_again(system, namespace)
    system.cluster.wait_until(lambda: (system.scan(image.scan_name) or {"metadata": {"uid": uid}})["metadata"]["uid"] != uid, 60,
                              "it is there again")


_GOOD = {"registry": "registry.example.com", "repositories": ["shop/cart"]}
REFUSED = {
    "a URL in place of a registry": ({**_GOOD, "registry": "https://registry.example.com"}, "without a scheme"),
    "a registry with a path": ({**_GOOD, "registry": "registry.example.com/shop"}, "without a path"),
    "a registry without a dot": ({**_GOOD, "registry": "registry"}, "docker.io"),
    "patterns of Docker Hub": ({**_GOOD, "registry": "docker.io", "repositories": ["library/*"]}, "no catalogue"),
    "no repositories": ({**_GOOD, "repositories": []}, "at least 1"),
    "a repository with a tag": ({**_GOOD, "repositories": ["shop/cart:1"]}, "without a tag"),
    "a tag that is none": ({**_GOOD, "tags": {"include": ["a b"]}}, "a tag has letters"),
    "the newest none": ({**_GOOD, "tags": {"newest": 0}}, "greater than or equal to 1"),
    "looks without a pause": ({**_GOOD, "interval": "5s"}, "write a duration"),
    "an interval of nothing": ({**_GOOD, "interval": "0m"}, "1m to 30d"),
    "an interval of months": ({**_GOOD, "interval": "60d"}, "1m to 30d"),
    "a secret of another namespace": ({**_GOOD, "pullSecrets": ["other/regcred"]}, "in this namespace"),
    "too many images": ({**_GOOD, "maxImages": 1001}, "less than or equal to 1000"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_kubectl_apply_is_refused_with_words_that_say_what_to_write(installed, name):
    spec, words = REFUSED[name]
    wrong = {"apiVersion": "landwaiter.io/v1alpha1", "kind": "RegistryWatch", "metadata": {"name": "w", "namespace": "default"}, "spec": spec}
    done = installed.kubectl("apply", "--validate=strict", "--dry-run=server", "-f", "-", stdin=wrong, check=False)
    assert done.returncode != 0 and words in done.stderr, done.stderr


def test_defaults_columns_and_explanations(installed):
    installed.apply({**watch("shown", "default", "registry.example.com", "shop/cart"), "spec": {**_GOOD, "suspend": True}})
    spec = installed.get(_path("default", "shown"))["spec"]
    header = installed.kubectl("get", "rwatch", "-n", "default").stdout.splitlines()[0].split()
    explained = installed.kubectl("explain", "registrywatch.spec", "--recursive").stdout
    installed.kubectl("delete", "registrywatch", "shown", "-n", "default")
    assert (spec["interval"], spec["maxImages"], spec["tags"]) == ("1h", 200, {})
    assert header == ["NAME", "REGISTRY", "REPOSITORIES", "TAGS", "IMAGES", "READY", "STATUS", "COMPLETE", "CHECKED", "AGE"]
    assert "pullSecrets" in explained and "checkAfter" in explained
