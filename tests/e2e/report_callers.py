"""Who asks the report API in tests, and how: tokens of service accounts with given rights, bare HTTPS requests, and
the command line."""

import contextlib
import http.client
import json
import os
import socket
import ssl
import subprocess

import pytest

from processes import free_ports
from roles import landwaiter, manifest

NAMESPACE = "landwaiter"


class Answer:
    def __init__(self, status, headers, text):
        self.status, self.headers, self.text = status, headers, text

    @property
    def json(self):
        return json.loads(self.text)

    def problem(self):
        """(status, reason) of an answer that must be a problem document (RFC 9457)."""
        assert self.headers.get("content-type") == "application/problem+json", f"{self.status} {self.headers} {self.text[:200]}"
        assert self.json["status"] == self.status and self.json["title"] and "detail" in self.json, self.text
        return self.status, self.json["reason"]


class Reports:
    """The report API of one controller."""

    def __init__(self, system, port):
        self.system, self.port = system, port
        self.tokens = {}

    @property
    def url(self):
        return f"https://127.0.0.1:{self.port}"

    def ask(self, path, token=None, method="GET", body=None, headers=None):
        context = ssl.create_default_context(cafile=self.system.roles.ca_file)
        connection = http.client.HTTPSConnection("127.0.0.1", self.port, timeout=30, context=context)
        sent = dict(headers or {})
        if token:
            sent["Authorization"] = f"Bearer {token}"
        if body is not None and not isinstance(body, (bytes, str)):
            body = json.dumps(body)
            sent.setdefault("Content-Type", "application/json")
        try:
            connection.request(method, path, body=body, headers=sent)
            answer = connection.getresponse()
            return Answer(answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read().decode())
        finally:
            connection.close()

    def account(self, name, *rules):
        """The token of a service account with these rights on landwaiter.io: (resource, verbs)."""
        cluster = self.system.cluster
        if name not in self.tokens:
            cluster.apply({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": name, "namespace": NAMESPACE}})
            made = [{"apiGroups": ["landwaiter.io"], "resources": [resource], "verbs": verbs} for resource, verbs in rules]
            cluster.apply({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": {"name": name},
                           "rules": made},
                          {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding", "metadata": {"name": name},
                           "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": name},
                           "subjects": [{"kind": "ServiceAccount", "name": name, "namespace": NAMESPACE}]})
            self.tokens[name] = cluster.service_account_token(NAMESPACE, name)
            self.system.roles.tokens.append(self.tokens[name])
        return self.tokens[name]

    @property
    def reader(self):
        return self.account("report-reader", ("imagescans", ["get", "list"]), ("scanpolicies", ["get", "list"]))

    @property
    def requester(self):
        return self.account("report-requester", ("imagescans", ["get", "list", "create"]))

    @property
    def stranger(self):
        return self.account("report-stranger")

    def cli(self, *argv, token=None, program=None, env=None):
        """The command line at --server, with the reader's token or another."""
        environment = {"PATH": os.environ["PATH"], "HOME": self.system.roles.workdir,
                       "LANDWAITER_TOKEN": token or self.reader, **(env or {})}
        return subprocess.run([program or landwaiter(), *argv, "--server", self.url, "--ca-file", self.system.roles.ca_file],
                              capture_output=True, text=True, timeout=120, check=False, env=environment)


def shipped_rights(cluster):
    """The rights of manifests/report-api.yaml, over those of install.yaml."""
    cluster.kubectl("apply", "--server-side", "--force-conflicts", "-f", "-",
                    stdin={"apiVersion": "v1", "kind": "List", "items": manifest("report-api.yaml", "ClusterRole")})


def free_port():
    return free_ports(1)[0]


@contextlib.contextmanager
def behind_the_api_server(reports):
    """The Service as the chart has it, to the controller process, which listens on all addresses: an endpoint may not be on
    127.0.0.1. A kubeconfig of somebody who may go through the API server's proxy, and request scans."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # sends nothing: asks for the way
            address = probe.getsockname()[0]
        except OSError:
            address = "127.0.0.1"
    if address.startswith("127."):
        pytest.skip("this machine has no address but its own: the API server proxies to none on 127.0.0.1")
    cluster = reports.system.cluster
    name = {"name": "landwaiter-controller", "namespace": NAMESPACE}
    port = {"name": "reports", "port": 443, "targetPort": reports.port}
    # Nor to what is no pod's: one that nobody schedules stands for the process.
    cluster.apply({"apiVersion": "v1", "kind": "Pod", "metadata": name,
                   "spec": {"schedulerName": "nobody", "securityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
                            "containers": [{"name": "controller", "image": "landwaiter", "securityContext": {
                                "allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}}]}})
    cluster.kubectl("patch", "pod", "landwaiter-controller", "-n", NAMESPACE, "--subresource=status", "-p",
                    json.dumps({"status": {"phase": "Running", "podIP": address, "podIPs": [{"ip": address}]}}))
    cluster.kubectl("apply", "-f", "-", stdin={"apiVersion": "v1", "kind": "List", "items": [
        {"apiVersion": "v1", "kind": "Service", "metadata": name, "spec": {"ports": [port]}},
        {"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": "IPv4",
         "metadata": {**name, "labels": {"kubernetes.io/service-name": "landwaiter-controller"}},
         "ports": [{"name": "reports", "port": reports.port, "protocol": "TCP"}],
         "endpoints": [{"addresses": [address], "conditions": {"ready": True}, "targetRef": {"kind": "Pod", **name}}]}]})
    account = "report-by-proxy"
    reports.account(account, ("imagescans", ["get", "list", "create"]))
    cluster.apply({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": {"name": account, "namespace": NAMESPACE},
                   "rules": [{"apiGroups": [""], "resources": ["services/proxy"], "verbs": ["get", "create"]}]},
                  {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding", "metadata": {"name": account, "namespace": NAMESPACE},
                   "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": account},
                   "subjects": [{"kind": "ServiceAccount", "name": account, "namespace": NAMESPACE}]})
    yield cluster.service_account_kubeconfig(NAMESPACE, account)
    cluster.kubectl("delete", "service,endpointslice,pod", "landwaiter-controller", "-n", NAMESPACE, "--force")
