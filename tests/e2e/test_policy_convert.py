"""`landwaiter policy convert`: what it prints is taken by the reader of policies and by the API server."""
import json
import subprocess

from roles import landwaiter


def _rule(gate, trigger, action="STOP", **params):
    return {"id": "r", "gate": gate, "trigger": trigger, "action": action,
            "params": [{"name": name, "value": value} for name, value in params.items()]}


def _mapping(name, registry, repository):
    return {"id": name, "name": name, "registry": registry, "repository": repository,
            "image": {"type": "tag", "value": "*"}, "policy_ids": ["p"], "whitelist_ids": ["w"]}


def _bundle(*rules):
    return {"id": "b", "name": "bundle", "version": "1_0",
            "policies": [{"id": "p", "name": "mine", "version": "1_0", "rules": list(rules)}],
            "whitelists": [{"id": "w", "name": "known", "version": "1_0", "items": [
                {"id": "1", "gate": "vulnerabilities", "trigger_id": "CVE-2020-1+openssl"}]}],
            "mappings": [_mapping("Shop!", "registry.example.com", "shop/*"), _mapping("Rest", "*", "*")],
            "whitelisted_images": [], "blacklisted_images": []}


WHOLE = [_rule("dockerfile", "exposed_ports", ports="22", type="blacklist"),
         _rule("dockerfile", "instruction", "WARN", instruction="HEALTHCHECK", check="not_exists"),
         _rule("vulnerabilities", "package", package_type="all", severity_comparison=">", severity="medium",
               vendor_only="false")]


def _convert(tmp_path, bundle, *flags):
    path = tmp_path / "bundle.json"
    path.write_text(bundle if isinstance(bundle, str) else json.dumps(bundle))
    return subprocess.run([landwaiter(), "policy", "convert", str(path), *flags], capture_output=True, text=True, timeout=60)


def test_a_bundle_becomes_policies_that_the_api_server_takes(installed, tmp_path):
    out = tmp_path / "policies.yaml"
    done = _convert(tmp_path, _bundle(*WHOLE), "-o", str(out))
    assert done.returncode == 0 and done.stdout == "", done.stderr
    assert "it has no end" in done.stderr and "not translated" not in done.stderr
    checked = subprocess.run([landwaiter(), "policy", "check", str(out)], capture_output=True, text=True, timeout=60)
    assert checked.returncode == 0, checked.stderr
    assert checked.stdout.count("is good: 3 rules, 1 exceptions") == 2
    installed.kubectl("apply", "--dry-run=server", "-f", str(out))


def test_what_cannot_be_said_is_named_and_the_exit_code_tells(tmp_path):
    done = _convert(tmp_path, _bundle(*WHOLE, _rule("dockerfile", "no_dockerfile_provided")))
    assert done.returncode == 3
    assert "not translated: policy 'mine', dockerfile.no_dockerfile_provided: Dockerfiles are not taken in" in done.stderr
    assert done.stdout.count("kind: \"ScanPolicy\"") == 2, "the rest is printed all the same"


def test_what_is_no_bundle_is_told(tmp_path):
    for text, words in (("[]", "no Anchore policy bundle"), ("{", "not JSON"), ("", "not JSON")):
        done = _convert(tmp_path, text)
        assert done.returncode == 2 and words in done.stderr, done.stderr
    missing = subprocess.run([landwaiter(), "policy", "convert", str(tmp_path / "none")], capture_output=True, text=True, timeout=60)
    assert missing.returncode == 2 and "none" in missing.stderr
