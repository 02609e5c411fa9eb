"""What the chart says of registries: mirrors where containerd's file would have them, logins of clouds and the
addresses that they need."""

import pytest

from charts import container, one, pod_spec, render, template

KIND = {"controller": "StatefulSet", "scanner": "Deployment"}
HOSTS = {"docker.io": '[host."https://mirror.example"]\n  capabilities = ["pull"]\n', "reg.internal:5000": "skip_verify = true\n",
         "_default": 'server = "https://cache.example"\n'}


def _mounted(objects, role):
    """{path below the folder that --registry-hosts names: text}"""
    found = container(objects, KIND[role], f"landwaiter-{role}", role)
    (folder,) = [a.split("=")[1] for a in found["args"] if a.startswith("--registry-hosts=")]
    (mount,) = [m for m in found["volumeMounts"] if m["mountPath"] == folder]
    assert mount["readOnly"] and "subPath" not in mount, "a changed file must be seen"
    (volume,) = [v for v in pod_spec(one(objects, KIND[role], f"landwaiter-{role}"))["volumes"] if v["name"] == mount["name"]]
    data = one(objects, "ConfigMap", volume["configMap"]["name"])["data"]
    return {item["path"]: data[item["key"]].strip() for item in volume["configMap"]["items"]}


@pytest.mark.parametrize("role", KIND)
def test_mirrors_are_mounted_as_containerd_has_them(helm_built, role):
    mounted = _mounted(render({"registries": {"hosts": HOSTS}}), role)
    assert mounted == {"docker.io/hosts.toml": HOSTS["docker.io"].strip(), "reg.internal_5000_/hosts.toml": "skip_verify = true",
                       "_default/hosts.toml": 'server = "https://cache.example"'}


@pytest.mark.parametrize("role", KIND)
def test_without_mirrors_and_clouds_nothing_is_said_of_them(helm_built, role):
    args = container(render(), KIND[role], f"landwaiter-{role}", role)["args"]
    assert not [a for a in args if a.startswith(("--registry-hosts", "--cloud-"))]


def _metadata(objects, role):
    """Addresses that a role may reach although they lie in what egressExcept names."""
    rules = one(objects, "NetworkPolicy", f"landwaiter-{role}")["spec"]["egress"]
    return {(to["ipBlock"]["cidr"], port["port"]) for rule in rules for to in rule.get("to", ()) if "ipBlock" in to
            and to["ipBlock"]["cidr"] not in ("0.0.0.0/0", "::/0") for port in rule["ports"]}


POD_IDENTITY = {("169.254.170.2/32", 80), ("169.254.170.23/32", 80), ("fd00:ec2::23/128", 80)}
INSTANCE, GKE = ("169.254.169.254/32", 80), ("169.254.169.252/32", 988)


@pytest.mark.parametrize("registries, reached", [
    ({}, set()), ({"cloudCredentials": ["acr"]}, set()), ({"cloudCredentials": ["ecr"]}, POD_IDENTITY),
    ({"cloudCredentials": ["ecr"], "cloudInstanceMetadata": True}, POD_IDENTITY | {INSTANCE}),
    ({"cloudCredentials": ["gar"]}, {GKE, INSTANCE})], ids=["none", "acr", "ecr", "ecr with the node's role", "gar"])
def test_only_the_controller_reaches_the_clouds_addresses_and_only_those_it_needs(helm_built, registries, reached):
    objects = render({"registries": registries})
    assert _metadata(objects, "controller") == reached
    assert _metadata(objects, "scanner") == _metadata(objects, "webhook") == set()
    flags = [a for a in container(objects, "StatefulSet", "landwaiter-controller", "controller")["args"] if a.startswith("--cloud-")]
    assert flags == [*(f"--cloud-credentials={c}" for c in registries.get("cloudCredentials", ())),
                     *(["--cloud-instance-metadata"] if registries.get("cloudInstanceMetadata") else [])]
    scanner = container(objects, "Deployment", "landwaiter-scanner", "scanner")["args"]
    assert not [a for a in scanner if a.startswith("--cloud-")], "the scanner has no identity"


@pytest.mark.parametrize("registries, message", [
    ({"cloudCredentials": ["hub"]}, "value must be one of 'ecr', 'gar', 'acr'"),
    ({"cloudInstanceMetadata": True}, "add it to registries.cloudCredentials"),
    ({"hosts": {"../etc": ""}}, "additional properties '../etc' not allowed")])
def test_the_chart_refuses(helm_built, registries, message):
    done = template({"registries": registries}, check=False)
    assert done.returncode != 0 and message in done.stderr, done.stderr
