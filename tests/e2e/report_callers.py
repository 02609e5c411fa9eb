"""Who asks the report API in tests, and how: tokens of service accounts with given rights, bare HTTPS requests, and
the command line."""

import http.client
import json
import os
import ssl
import subprocess

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
