"""What a scan collects because a policy asks for it: files, /etc/passwd, secrets; on the command line and in the cluster."""

import hashlib
import io
import json
import tarfile

import pytest

from imagewriter import Image, Layer, Symlink, tar_of
from objects import pod, policy
from test_scan_command import DEBIAN, database, run, scan  # pylint: disable=unused-import

TOKEN = "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"


def judging(tmp_path, *rules, **spec):
    """A file with a policy of these rules."""
    file = tmp_path / "policy.yaml"
    file.write_text(json.dumps(policy("collects", *rules, **spec)))
    return file


def with_modes(modes):
    """A layer of files whose names and modes are these."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for name, mode in sorted(modes.items()):
            info = tarfile.TarInfo(name)
            info.mode, info.size = mode, 1
            tar.addfile(info, io.BytesIO(b"x"))
    return out.getvalue()


RULES = {
    "a path that must not exist": ({"files": {"paths": ["**/id_rsa"], "mustNotExist": True}}, "/root/.ssh/id_rsa is in the image"),
    "a path that must exist": ({"files": {"paths": ["/etc/motd"], "mustExist": True}}, "/etc/motd is not in the image"),
    "a setuid program": ({"files": {"setuid": True}}, "/usr/bin/su is setuid (mode 4755)"),
    "a path behind a link": ({"files": {"paths": ["/bin/su"], "mustNotExist": True}}, "/bin/su (leads to usr/bin/su)"),
    "a line": ({"files": {"paths": ["/etc/ssh/sshd_config"], "content": {"regex": r"^PermitRootLogin\s+yes"}}},
               "/etc/ssh/sshd_config: line 2 matches"),
    "a hash": ({"files": {"paths": ["/etc/ssh/sshd_config"], "sha256": "0" * 64}}, "has SHA-256"),
    "a user": ({"passwd": {"deniedUids": [1000]}}, "user 'web' has uid 1000"),
    "a secret": ({"secrets": {}}, "/srv/.env:1 holds a secret: github-token (ghp_…)"),
    "a secret of a lower layer": ({"secrets": {"scope": "AnyLayer", "paths": ["/srv/old"]}}, "though not in the final image"),
}
BREAKS_ALL = Image([
    Layer(tar_of({**DEBIAN, "root/.ssh/id_rsa": "x", "etc/ssh/sshd_config": "# sshd\nPermitRootLogin yes\n", "bin": Symlink("usr/bin"),
                  "srv/.env": f"TOKEN={TOKEN}\n", "srv/old": f"{TOKEN}\n"})),
    Layer(with_modes({"usr/bin/su": 0o4755, "srv/.wh.old": 0o644}))])
PLAIN = Image([Layer(tar_of({**DEBIAN, "etc/passwd": "root:x:0:0::/:/bin/sh\n", "etc/motd": "hello\n",
                             "etc/ssh/sshd_config": "PermitRootLogin no\n"}))])


@pytest.mark.parametrize("case", RULES)
def test_a_rule_is_judged_from_an_image(scan, tmp_path, case):
    rule, says = RULES[case]
    done = scan(BREAKS_ALL, "--policy", judging(tmp_path, {"name": "r", **rule}))
    assert done.returncode == 1, done.stdout + done.stderr
    assert says in done.stdout, done.stdout
    assert TOKEN not in done.stdout + done.stderr
    if case != "a hash":
        done = scan(PLAIN, "--policy", judging(tmp_path, {"name": "r", **rule}))
        assert done.returncode == 0, done.stdout + done.stderr


def test_a_known_hash_passes(scan, tmp_path):
    known = hashlib.sha256(b"PermitRootLogin no\n").hexdigest()
    rule = {"name": "r", "files": {"paths": ["/etc/ssh/sshd_config"], "sha256": known}}
    assert scan(PLAIN, "--policy", judging(tmp_path, rule)).returncode == 0


def test_what_another_policy_had_collected_is_not_taken_for_all(scan, tmp_path):
    """The cache holds the layer as it was read for the first one."""
    cache = ("--layer-cache", tmp_path / "cache")
    first = judging(tmp_path, {"name": "r", "files": {"paths": ["/etc/motd"], "mustNotExist": True}})
    assert scan(BREAKS_ALL, *cache).returncode in (0, 3)
    assert scan(BREAKS_ALL, *cache, "--policy", first).returncode == 0
    assert scan(BREAKS_ALL, *cache, "--policy", judging(tmp_path, {"name": "r", "secrets": {}})).returncode == 1
    first = judging(tmp_path, {"name": "r", "files": {"paths": ["/etc/motd"], "mustNotExist": True}})
    assert scan(BREAKS_ALL, *cache, "--policy", first).returncode == 0


def test_secrets_are_shown_without_their_values(scan):
    done = scan(BREAKS_ALL, "--secrets")
    assert "github-token  /srv/.env:1  ghp_…  layer 1" in done.stdout, done.stdout
    assert "/srv/old:1  ghp_…  layer 1, not in the final image" in done.stdout
    done = scan(BREAKS_ALL, "--secrets", "--format", "json")
    assert TOKEN not in done.stdout and TOKEN[8:] not in done.stdout
    found = {(s["path"], s["rule"], s["line"], s["layer"], s["final"]) for s in json.loads(done.stdout)["platforms"][0]["secrets"]}
    assert found == {("srv/.env", "github-token", 1, 0, True), ("srv/old", "github-token", 1, 0, False)}
    assert json.loads(scan(BREAKS_ALL, "--format", "json").stdout)["platforms"][0]["secrets"] is None


def test_secrets_of_a_folder_are_refused(tmp_path):
    done = run("scan", f"dir:{tmp_path}", "--secrets")
    assert done.returncode == 2 and "--secrets is about images" in done.stderr


# --- in the cluster

def _judged(system, scan_name, name):
    """The policy's verdict of its present generation, or None."""
    rows = system.scan(scan_name).get("status", {}).get("policies", [])
    generation = system.cluster.get(f"/apis/landwaiter.io/v1alpha1/scanpolicies/{name}")["metadata"]["generation"]
    return next((r["verdict"] for r in rows if r["name"] == name and r.get("generation") == generation), None)


def test_a_policy_about_files_has_known_images_scanned_again(system, namespace):
    image = Image([Layer(tar_of({**DEBIAN, "root/.ssh/id_rsa": namespace}))])
    pushed = system.push(image)
    system.request_scan(pushed)
    before = system.scan(pushed.scan_name)["status"]["scannedAt"]
    name = f"files-{namespace}"
    rule = {"name": "no-keys", "files": {"paths": ["**/id_rsa"], "mustNotExist": True}}
    system.enforce(namespace, policy(name, rule, namespace=namespace, waitSeconds=8))
    system.cluster.wait_until(lambda: _judged(system, pushed.scan_name, name) == "Fail", 60, "it is judged by the new rule")
    # Times have whole seconds, and both looks may be of one: that it was collected is what shows the second.
    assert system.scan(pushed.scan_name)["status"]["scannedAt"] >= before
    done = system.create(pod("p", pushed.tagged, namespace))
    assert done.returncode != 0 and "/root/.ssh/id_rsa is in the image" in done.stderr, done.stderr


def test_a_new_image_is_scanned_for_the_policies_in_force(system, namespace):
    rules = ({"name": "no-secrets", "secrets": {}}, {"name": "one-root", "passwd": {"deniedUids": [0], "exceptUsers": ["root"]}})
    system.enforce(namespace, policy(f"new-{namespace}", *rules, namespace=namespace, waitSeconds=8))
    bad = system.push(Image([Layer(tar_of({**DEBIAN, "etc/passwd": "toor:x:0:0:::\n", "srv/.env": f"{TOKEN} {namespace}\n"}))]))
    done = system.create(pod("bad", bad.tagged, namespace))
    assert done.returncode != 0 and "github-token" in done.stderr + "".join(
        v["message"] for p in system.scan(bad.scan_name)["status"]["policies"] for v in p.get("violations", [])), done.stderr
    assert TOKEN not in done.stderr + json.dumps(system.scan(bad.scan_name))
    good = system.push(Image([Layer(tar_of({**DEBIAN, "srv/x": namespace}))]))
    done = system.create(pod("good", good.tagged, namespace))
    assert done.returncode == 0, done.stderr


REFUSED = {
    "files that nothing is asked of": {"files": {"paths": ["a"]}},
    "files that must and must not exist": {"files": {"paths": ["a"], "mustExist": True, "mustNotExist": True}},
    "files of no path": {"files": {"mustExist": True}},
    "a mode that is none": {"files": {"paths": ["a"], "mode": "rwx"}},
    "a passwd rule that denies nothing": {"passwd": {"exceptUsers": ["root"]}},
    "a confidence that is none": {"secrets": {"minConfidence": "Sure"}},
    "two kinds in one": {"secrets": {}, "passwd": {"deniedUids": [0]}},
}


@pytest.mark.parametrize("case", REFUSED)
def test_the_api_server_refuses(system, namespace, case):
    done = system.cluster.kubectl("create", "--dry-run=server", "-f", "-", check=False,
                                  stdin=policy(f"refused-{namespace}", {"name": "r", **REFUSED[case]}))
    assert done.returncode != 0 and "spec.rules" in done.stderr, done.stderr
