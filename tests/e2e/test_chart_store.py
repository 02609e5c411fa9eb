"""Where the chart has the controller keep its store."""

import pytest

from charts import container, one, pod_spec, render

SHARED = {"store": {"postgresql": {"existingSecret": "lw-store", "key": "url", "port": 6432}}}


def _args(objects, kind):
    found = container(objects, kind, "landwaiter-controller", "controller")
    return [a for a in found["args"] if a.startswith(("--data=", "--store"))], found["volumeMounts"]


def _store_ports(objects, role):
    rules = one(objects, "NetworkPolicy", f"landwaiter-{role}")["spec"]["egress"]
    return [port["port"] for rule in rules for port in rule["ports"] if port["port"] == 6432]


def test_by_default_the_store_is_a_file_on_the_volume(helm_built):
    args, mounts = _args(render(), "StatefulSet")
    assert args == ["--data=/var/lib/landwaiter/store"]
    assert "store" not in [m["name"] for m in mounts]


@pytest.mark.parametrize("persistent", [True, False], ids=["with a volume", "without a volume"])
def test_a_shared_store_is_named_by_the_users_secret_and_mounted_so_that_a_change_is_seen(helm_built, persistent):
    kind = "StatefulSet" if persistent else "Deployment"
    objects = render({"store": {**SHARED["store"], "persistence": {"enabled": persistent}}})
    args, mounts = _args(objects, kind)
    assert args == ["--store-dsn-file=/etc/landwaiter/store/url"]
    (mount,) = [m for m in mounts if m["name"] == "store"]
    assert mount == {"name": "store", "mountPath": "/etc/landwaiter/store", "readOnly": True}, "no subPath: it would stay as it was"
    (volume,) = [v for v in pod_spec(one(objects, kind, "landwaiter-controller"))["volumes"] if v["name"] == "store"]
    assert volume["secret"]["secretName"] == "lw-store"


def test_the_controller_alone_may_reach_the_stores_port(helm_built):
    objects = render(SHARED)
    assert _store_ports(objects, "controller") == [6432]
    assert _store_ports(objects, "scanner") == _store_ports(objects, "webhook") == []
    assert _store_ports(render(), "controller") == []
