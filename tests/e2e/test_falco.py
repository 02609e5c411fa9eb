"""Rules for Falco: what the controller keeps in ConfigMaps and `landwaiter falco rules` writes is what Falco loads, and
fires for what fails and for what was never scanned, and for nothing else."""

import json
import subprocess

import pytest
import yaml

from charts import render
from falco_rules import Refused, Rules
from making import ADVISORIES, BAD, advisory, build_database
from objects import NO_CRITICAL, deployment, policy
from roles import landwaiter

CONFIG_MAP = "landwaiter-falco"
FAILING, UNSCANNED = "Landwaiter failing image started", "Landwaiter unscanned image started"
NEVER_SEEN = "sha256:" + "ab" * 32


def _started(digest, ns, **fields):
    """A container's start, as Falco hears of it from the runtime."""
    return {"evt_type": "container", "evt_num": 7, "container_id": "3ad7b26ded6d", "container_image_digest": digest, "k8s_ns_name": ns,
            **fields}


# --- what Falco loads

LOADED = "- macro: m\n  condition: (evt.type = container)\n"
RULE = "- rule: r\n  desc: d\n  condition: {}\n  output: o\n  priority: ERROR\n"


@pytest.mark.parametrize("name, text, why", [
    ("no list", "list: a", "no YAML list"),
    ("an unknown field", RULE.format("container.image.hash = a"), "no such field"),
    ("an unknown event", RULE.format("evt.type = started"), "no such event"),
    ("a text for a number", RULE.format("proc.vpid = one"), "is a number"),
    ("a macro that is not there", RULE.format("nothing and evt.type = container"), "not defined"),
    ("an open parenthesis", RULE.format("(evt.type = container"), "a ')' is missing"),
    ("two checks without a word between", RULE.format("evt.type = container proc.vpid = 1"), "unexpected"),
    ("no operator", RULE.format("evt.type container"), "no operator"),
    ("a value that is too long", RULE.format(f"k8s.ns.name in ({'a' * 300})"), "a value of 300 bytes"),
    ("a name of a list in quotes", "- list: \"a b\"\n  items: [x]\n", "no name of a list"),
    ("a name of a macro with a dash", "- macro: a-b\n  condition: evt.num = 0\n", "no name of a macro"),
    ("a priority that is none", RULE.format("evt.num = 0").replace("ERROR", "BAD"), "priority"),
    ("an output of a field that is none", RULE.format("evt.num = 0").replace("output: o", "output: \"%container.hash\""), "output"),
    ("another key", LOADED + "  when: now\n", "unknown keys"),
])
def test_the_reader_refuses_what_falco_does_not_load(name, text, why):
    with pytest.raises(Refused, match=why.replace("(", r"\(").replace(")", r"\)")):
        Rules(text)


def test_the_reader_puts_lists_into_conditions_as_text():
    text = "- list: shop\n  items: [evil]\n- list: mine\n  items: ['\"shop\"']\n" + RULE.format("k8s.ns.name in (mine)")
    assert Rules(text).fired(k8s_ns_name="shop") == ["r"] and Rules(text).fired(k8s_ns_name="evil") == []


# --- of reports

def _falco(*args, env=None):
    return subprocess.run([landwaiter(), "falco", "rules", *args], capture_output=True, text=True, check=False, timeout=60,
                          env={"PATH": "/usr/bin:/bin", **(env or {})})


def _report(tmp_path, name, verdict, digest, image_id="sha256:" + "1" * 64):
    path = tmp_path / name
    path.write_text(json.dumps({"verdict": verdict, "digest": digest, "platforms": [
        {"manifestDigest": "sha256:" + digest[7:][::-1], "imageID": image_id}]}))
    return str(path)


def test_reports_become_rules(tmp_path):
    bad, good = "sha256:" + "b0" * 32, "sha256:" + "a0" * 32
    files = [_report(tmp_path, "bad.json", "Fail", bad, "sha256:" + "c" * 64), _report(tmp_path, "good.json", "Pass", good)]
    done = _falco(*files)
    assert done.returncode == 0, done.stderr
    assert _falco(*reversed(files)).stdout == done.stdout, "in whatever order they are given"
    rules = Rules(done.stdout)
    assert rules.fired(**_started(bad, "shop")) == [FAILING]
    assert rules.fired(**_started("sha256:" + ("b0" * 32)[::-1], "shop")) == [FAILING], "a platform's manifest"
    assert rules.fired(**_started("", "shop", container_image_id="c" * 64)) == [FAILING], "by image id alone"
    assert rules.fired(**_started(good, "shop")) == []
    assert rules.fired(**_started(NEVER_SEEN, "shop")) == [UNSCANNED]
    first_process = {"evt_type": "execve", "evt_rawres": 0, "proc_vpid": 1}
    assert rules.fired(**{**_started(bad, "shop"), **first_process}) == [FAILING]
    assert rules.fired(**{**_started(bad, "shop"), **first_process, "proc_vpid": 2}) == [], "another process of it"
    assert rules.fired(**{**_started(bad, "shop"), "evt_type": "openat"}) == []
    # Metadata that Falco does not have (yet) proves nothing.
    assert rules.fired(evt_type="container", evt_num=7, container_id="3ad7b26ded6d") == []

    only = Rules(_falco(*files, "--watch-namespace", "shop").stdout)
    assert only.fired(**_started(bad, "bank")) == [] and only.fired(**_started(NEVER_SEEN, "bank")) == []
    assert only.fired(**_started(bad, "shop")) == [FAILING] and only.fired(**_started(NEVER_SEEN, "shop")) == [UNSCANNED]


@pytest.mark.parametrize("name, content, args, why", [
    ("no JSON", "{", (), "bad.json"),
    ("no report", "{}", (), "is no report"),
    ("a digest that is none", json.dumps({"verdict": "Fail", "digest": "sha256:\") or evt.num >= 0"}), (), "bad.json"),
    ("a verdict that is none", json.dumps({"verdict": "Fine", "digest": NEVER_SEEN}), (), "is no report"),
    ("a namespace that is none", json.dumps({"verdict": "Fail", "digest": NEVER_SEEN}), ("--watch-namespace", "a\") or evt.num >= 0 or (\"\x1b[2J"),
     "is no name of a namespace"),
])
def test_what_is_no_report_is_refused(tmp_path, name, content, args, why):
    path = tmp_path / "bad.json"
    path.write_text(content)
    done = _falco(str(path), *args)
    assert done.returncode == 2 and why in done.stderr and done.stdout == "", done.stderr
    assert "\x1b" not in done.stderr


# --- of the cluster

@pytest.fixture
def falco(system):
    """The leading controller keeps the ConfigMap, by the rights that the chart gives it for that alone."""
    objects = [o for o in render({"controller": {"falco": {"enabled": True}}}) if o["metadata"]["name"] == "landwaiter-controller-falco"]
    assert sorted(o["kind"] for o in objects) == ["Role", "RoleBinding"]
    system.cluster.kubectl("apply", "-f", "-", stdin={"apiVersion": "v1", "kind": "List", "items": objects})
    with system.roles.controllers[0].started_with({"--falco-configmap": CONFIG_MAP}):
        yield system
    system.cluster.kubectl("delete", "-f", "-", stdin={"apiVersion": "v1", "kind": "List", "items": objects})
    system.cluster.kubectl("delete", "configmap", CONFIG_MAP, "-n", "landwaiter", "--ignore-not-found")


def _config_map(system):
    return system.cluster.get(f"/api/v1/namespaces/landwaiter/configmaps/{CONFIG_MAP}")


def _kept(system):
    """The rules as Falco would load them now; None where there are none."""
    found = _config_map(system)
    return Rules(*(found["data"][name] for name in sorted(found["data"]))) if found else None


def _fires(system, expected, what, **event):
    system.cluster.wait_until(lambda: (rules := _kept(system)) and rules.fired(**event) == expected, 60, what)


def test_the_configmap_follows_the_verdicts(falco, namespace, other_namespace):
    system, name = falco, f"runs-{namespace}"
    system.enforce(namespace, policy(name, NO_CRITICAL, namespace=namespace))
    bad, turns, fine = system.push(packages=BAD), system.push(packages={"libfalco": "1.0"}), system.push()
    for pushed in (bad, turns, fine):
        system.request_scan(pushed)
    _fires(system, [FAILING], "an image that fails is listed", **_started(bad.digest, namespace))
    rules = _kept(system)
    platform = system.scan(bad.scan_name)["status"]["platforms"][0]
    assert rules.fired(**_started(platform["manifestDigest"], namespace)) == [FAILING]
    assert rules.fired(**_started("", namespace, container_image_id=platform["imageID"].split(":")[1])) == [FAILING]
    assert rules.fired(**_started(bad.digest, other_namespace)) == [], "no policy is for that namespace"
    assert rules.fired(**_started(NEVER_SEEN, other_namespace)) == []
    _fires(system, [], "what passes is known", **_started(fine.digest, namespace))
    assert _kept(system).fired(**_started(NEVER_SEEN, namespace)) == [UNSCANNED]
    _fires(system, [], "and so is what passes still", **_started(turns.digest, namespace))

    # The command writes the same.
    written = _falco(env={"KUBECONFIG": system.cluster.kubeconfig})
    assert written.returncode == 0, written.stderr
    of_command = Rules(written.stdout)
    for digest, expected in ((bad.digest, [FAILING]), (fine.digest, []), (NEVER_SEEN, [UNSCANNED])):
        assert of_command.fired(**_started(digest, namespace)) == expected

    try:
        build_database(system.roles.database, [*ADVISORIES, advisory("CVE-2099-3501", "libfalco", fixed="1.1")])
        _fires(system, [FAILING], "an image that turned bad is listed", **_started(turns.digest, namespace))
    finally:
        build_database(system.roles.database)
    _fires(system, [], "and no longer when it is good again", **_started(turns.digest, namespace))

    system.cluster.kubectl("delete", "scanpolicy", name)
    _fires(system, [], "without its policy nothing fails", **_started(bad.digest, namespace))


def test_it_is_written_when_something_changed_and_made_whole_when_somebody_else_did(falco, namespace, other_namespace):
    system = falco
    system.enforce(namespace, policy(f"quiet-{namespace}", NO_CRITICAL, namespace=namespace))
    bad = system.push(packages=BAD)
    system.request_scan(bad)
    _fires(system, [FAILING], "an image that fails is listed", **_started(bad.digest, namespace))
    controller = system.roles.controllers[0]

    # A pod of an image that is known changes nothing of the rules, however often they are looked at.
    before, looked = _config_map(system), controller.metric("landwaiter_reconcile_total", controller="runtime", result="success")
    assert system.create(deployment("web", bad.pinned, other_namespace)).returncode == 0
    system.cluster.wait_until(lambda: controller.metric("landwaiter_reconcile_total", controller="runtime", result="success") > looked, 60,
                              "they were looked at")
    assert _config_map(system)["metadata"]["resourceVersion"] == before["metadata"]["resourceVersion"]

    # Somebody takes the lists away: the next change puts them back.
    system.cluster.kubectl("patch", "configmap", CONFIG_MAP, "-n", "landwaiter", "--type=merge", "-p", '{"data": {"landwaiter-1.yaml": "[]"}}')
    system.request_scan(system.push())
    _fires(system, [FAILING], "the lists are whole again", **_started(bad.digest, namespace))


def test_the_rights_are_of_those_configmaps_alone(falco):
    def may(verb, what):
        asked = ("auth", "can-i", verb, what, "-n", "landwaiter", "--as=system:serviceaccount:landwaiter:controller")
        return falco.cluster.kubectl(*asked, check=False).stdout.strip() == "yes"
    for verb in ("get", "create", "patch", "delete"):
        assert may(verb, f"configmap/{CONFIG_MAP}") and may(verb, f"configmap/{CONFIG_MAP}-8"), verb
        assert not may(verb, "configmap/kube-root-ca.crt") and not may(verb, f"configmap/{CONFIG_MAP}-9"), verb
    # It reads those of VEX in this namespace, and makes none of any other name.
    assert not may("create", "configmaps") and not may("patch", "configmaps")


def test_configmaps_of_the_command_are_objects_that_the_api_server_takes(system, namespace):
    done = _falco("--format", "configmaps", "--namespace", namespace, env={"KUBECONFIG": system.cluster.kubeconfig})
    assert done.returncode == 0, done.stderr
    system.cluster.kubectl("apply", "--dry-run=server", "-f", "-", stdin=yaml.safe_load(done.stdout))
