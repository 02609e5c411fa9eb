"""`landwaiter scan --registry-hosts`: mirrors as containerd's hosts.toml names them, before real registries."""

import base64
import itertools
import json
import os
import subprocess

import pytest

from making import BAD, CRITICAL, build_database, debian_image
from objects import PASSWORD
from odd_registry import Answer
from roles import landwaiter
from system import Pushed
from tls_front import TlsFront

GONE = "registry.invalid"  # RFC 2606: no name server knows it
_numbers = itertools.count(1)


@pytest.fixture(scope="module")
def database(workdir):
    return build_database(workdir / "mirrors-database")


@pytest.fixture
def scan(database, tmp_path):
    """scan(reference, {registry: hosts.toml}, {host: "user:password"}): the finished command."""
    def run(reference, hosts, logins=None):
        for registry, text in hosts.items():
            folder = tmp_path / "certs.d" / registry
            folder.mkdir(parents=True, exist_ok=True)
            (folder / "hosts.toml").write_text(text)
        auths = {host: {"auth": base64.b64encode(login.encode()).decode()} for host, login in (logins or {}).items()}
        (tmp_path / "config.json").write_text(json.dumps({"auths": auths}))
        env = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "DOCKER_CONFIG": str(tmp_path), "LANDWAITER_LAYER_CACHE": "off"}
        return subprocess.run([landwaiter(), "scan", reference, "--db", database, "--platform", "linux/amd64", "--verbose",
                               "--registry-hosts", str(tmp_path / "certs.d")],
                              capture_output=True, text=True, timeout=300, env=env, check=False)
    return run


def _mirror(host, rest=""):
    return f'[host."http://{host}"]\n{rest}'


def _serve(odd, pushed, **changed):
    """Lets the odd registry have the image, some of its blobs changed: {digest with "_": bytes}."""
    image, name = pushed.image, pushed.repository
    for which in ("1", image.digest):
        odd.answers[f"/v2/{name}/manifests/{which}?ns={GONE}"] = Answer(
            200, image.manifest, {"Content-Type": image.media_type, "Docker-Content-Digest": image.digest})
    for digest, blob in image.blobs().items():
        with blob.open() as content:
            data = content.read()
        odd.answers[f"/v2/{name}/blobs/{digest}?ns={GONE}"] = Answer(200, changed.get(digest, data))


# Admission pitfall 65.
def test_a_registry_that_is_gone_is_scanned_from_its_mirror(scan, registry):
    pushed = Pushed(registry, debian_image(BAD))
    before = len(registry.requests())
    done = scan(f"{GONE}/{pushed.repository}:1", {GONE: _mirror(registry.host)})
    assert done.returncode == 0 and CRITICAL in done.stdout, done.stderr
    assert f"mirror {registry.host}/v2" in done.stderr, "which one answered is told"
    asked = registry.requests(before, of=pushed.repository)
    assert asked and all(r.path.endswith(f"?ns={GONE}") and r.status == 200 for r in asked), asked


# Admission pitfall 65.
def test_what_a_mirror_has_not_comes_from_the_registry(scan, registry, odd_registry):
    pushed = Pushed(registry, debian_image(BAD))
    done = scan(pushed.tagged, {"_default": _mirror(odd_registry.host)})
    assert done.returncode == 0 and CRITICAL in done.stdout, done.stderr
    assert odd_registry.asked(f"/v2/{pushed.repository}/")


# Admission pitfall 65.
def test_where_all_fail_each_is_named(scan, odd_registry, registry):
    name = f"nowhere/app-{next(_numbers)}"
    odd_registry.everywhere[name] = Answer(503, b"")
    done = scan(f"{registry.host}/{name}:1", {registry.host: _mirror(odd_registry.host)})
    assert done.returncode == 3 and "RegistryUnavailable" in done.stderr, done.stderr
    assert f"mirror {odd_registry.host}/v2: " in done.stderr and "503" in done.stderr
    assert f"registry {registry.host}: " in done.stderr and "404" in done.stderr


def test_other_bytes_from_a_mirror_are_a_mismatch_that_names_it(scan, registry, odd_registry):
    pushed = Pushed(registry, debian_image(BAD))
    layer = json.loads(pushed.image.manifest)["layers"][0]
    _serve(odd_registry, pushed, **{layer["digest"]: b"x" * layer["size"]})
    before = len(registry.requests())
    done = scan(f"{GONE}/{pushed.repository}:1",
                {GONE: _mirror(odd_registry.host) + f'[host."http://{registry.host}"]\n'})
    assert done.returncode == 3 and "DigestMismatch" in done.stderr, done.stderr
    assert f"from mirror {odd_registry.host}/v2" in done.stderr, done.stderr
    assert registry.requests(before, of=pushed.repository) == [], "nobody else is asked for the right ones"


# Admission pitfall 63.
def test_a_private_mirror_takes_the_credentials_that_are_keyed_to_it(scan, private_registry):
    pushed = Pushed(private_registry, debian_image(BAD))
    reference, hosts = f"{GONE}/{pushed.repository}:1", {GONE: _mirror(private_registry.host)}
    done = scan(reference, hosts, {private_registry.host: f"robot:{PASSWORD}", GONE: "robot:of-the-registry"})
    assert done.returncode == 0 and CRITICAL in done.stdout, done.stderr
    done = scan(reference, hosts, {GONE: f"robot:{PASSWORD}"})
    assert done.returncode == 3 and "PullUnauthorized" in done.stderr, "the registry's own are not the mirror's"
    assert PASSWORD not in done.stderr


def test_a_mirror_that_may_not_resolve_is_asked_for_digests_alone(scan, registry, odd_registry):
    pushed = Pushed(registry, debian_image(BAD))
    done = scan(pushed.tagged, {registry.host: _mirror(odd_registry.host, 'capabilities = ["pull"]\n')})
    assert done.returncode == 0, done.stderr
    asked = odd_registry.asked(f"/v2/{pushed.repository}/")
    assert asked and all("/blobs/sha256:" in r.path for r in asked), asked


@pytest.mark.parametrize("text, said", [("server = \n", "hosts.toml: line 1"), ('capabilities = ["pul"]\n', "'pul' is none")])
def test_a_file_that_cannot_be_read_is_said_and_nothing_is_pulled(scan, registry, text, said):
    pushed = Pushed(registry, debian_image(BAD))
    before = len(registry.requests())
    done = scan(pushed.tagged, {registry.host: text})
    assert done.returncode == 3 and said in done.stderr, done.stderr
    assert registry.requests(before, of=pushed.repository) == []


# Scanning pitfall 50.
def test_an_authority_of_one_registry_is_believed_of_no_other(scan, registry, tmp_path):
    pushed = Pushed(registry, debian_image(BAD))
    with TlsFront(tmp_path / "ours", registry) as ours, TlsFront(tmp_path / "other", registry) as other:
        trusted = f'[host."https://{ours.host}"]\n  ca = "{ours.authority}"\n'
        done = scan(f"{ours.host}/{pushed.repository}:1", {ours.host: trusted})
        assert done.returncode == 0 and CRITICAL in done.stdout, done.stderr
        for untrusted in (trusted.replace(ours.host, other.host), f'[host."https://{other.host}"]\n'):
            done = scan(f"{other.host}/{pushed.repository}:1", {ours.host: trusted, other.host: untrusted})
            assert done.returncode == 3 and "certificate" in done.stderr and other.host in done.stderr, done.stderr
            assert CRITICAL not in done.stdout
